// The step of the meter: what arrives right now, else what there is to choose from.
import * as api from '../../../base/api.js';
import { h, icon } from '../../../base/dom.js';
import * as f from '../../../base/format.js';
import { isPoint } from '../../../base/house.js';
import { follow } from '../../../base/live.js';
import { again } from '../../../base/router.js';
import { changed } from '../../../parts/changes.js';
import { importedText } from '../../../parts/known/known.js';
import { canChoose, fixedPorts, isSimulated, portChoice } from '../ports.js';
import { W } from '../words.js';
import { withoutAdapter } from './no_adapter.js';
import { addressOf, SLUGS } from './steps.js';

/** @import {Live} from '../../../../../deploy/page/answers' */
/** @import {Meter} from '../../../../../deploy/page/types' */
/** @import {Made, Tools} from './steps.js' */

const EACH = 5000; // ms between two looks for a meter that comes

/** @type {(tools: Tools) => Made} */
export function meterStep({ meter: chosen, meters, saved, section, forms, readers, done }) {
  const S = W.first.meter,
    meter = chosen && isPoint(chosen) ? null : chosen,
    facts = h('dl', { class: 'pairs' }),
    reads = readers.flatMap((reader) => reader.reads),
    isTrial = reads.some((read) => isSimulated(read.name) && read.meter === meter?.id),
    known = /** @type {Partial<Live>} */ ({});
  const choice = [
    canChoose(readers) && section('ports', { draw: (place) => portChoice(place, readers) }).node,
    ...fixedPorts(readers),
    !readers.length && h('p', { class: 'muted' }, W.ports.nobody),
  ].filter((one) => one !== false);
  /** @param {Partial<Live>} news */
  function take(news) {
    Object.assign(known, news);
    if (!meter) return (chosen ? news.fresh : news.at) && again();
    facts.replaceChildren(...pairsOf(meter, known));
  }
  const stop = follow({
    open: () => new EventSource(api.stream(meter?.id)),
    poll: () =>
      api.live(meter?.id).catch((error) => {
        if (error.meters && !meter && error.meters.length > meters.length) again(); // several came at once
        throw error;
      }),
    onState: take,
    onMode: () => {},
  });
  if (meter) api.live(meter.id).then(take, () => {});
  if (meter && isTrial) named(meter, saved);
  done(Boolean(chosen));
  if (!meter) {
    // Of a home that only has imports the server tells nothing new: it is asked whether another has come.
    const look = () => api.live().catch((error) => error.meters?.length > meters.length && again()),
      timer = chosen ? setInterval(look, EACH) : 0;
    const leave = () => {
      clearInterval(timer);
      stop();
    };
    const other = withoutAdapter({ forms, files: addressOf(SLUGS.past) }),
      past = chosen && importedText(chosen);
    return { nodes: [past && h('p', null, icon('ok'), past), h('p', null, S.nothing), ...choice, other], leave };
  }
  return {
    nodes: [
      isTrial && h('p', { class: 'note' }, S.trial),
      facts,
      canChoose(readers) && h('details', { class: 'other' }, h('summary', null, S.other), choice),
    ],
    leave: stop,
  };
}

/** On every place it has a name that says what it is. @type {(meter: Meter, saved: Tools['saved']) => void} */
function named(meter, saved) {
  if (saved.meters.value[meter.id]?.name) return;
  meter.name = W.ports.simulated;
  changed('meters', (value) => ({ ...value, [meter.id]: { ...value[meter.id], name: meter.name } })).catch(() => {});
}

/** @type {(meter: Meter, live: Partial<Live>) => HTMLElement[]} */
function pairsOf(meter, live) {
  const S = W.first.meter,
    subscribed = meter.subscribed ?? live.subscribed,
    at = live.at && f.clock(Date.parse(live.at), true);
  const pairs = [
    [S.address, meter.id],
    ...(meter.mode ? [[S.mode, W.ports.names.modes[meter.mode]]] : []), // it is known with the first readings
    [S.contract, f.joined([W.first.structures[meter.structure ?? ''], subscribed && f.kva(subscribed)], ', ') || '–'],
    [S.power, f.power(live.power, meter.unit)],
    [S.last, at ? (live.fresh === false ? S.silent(at) : at) : '–'],
  ];
  return pairs.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value)));
}
