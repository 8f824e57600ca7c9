// Alerts: where messages go, which are sent, and when not.
import { h } from '../../base/dom.js';
import { addressBlock } from './addresses.js';
import { below, drawn, field } from './form.js';
import { timeField, WINDOW } from './widgets.js';
import { W } from './words.js';

/** @import {Saved} from '../../base/api.js' */
/** @import {Node, Place, Tools} from './form.js' */

/**
 * All of it. The first visit shows `addressBlock` alone.
 * @param {{section: import('./contract.js').MakeSection, saved: Record<string, Saved>}} options
 */
export const alertsGroup = ({ section, saved }) => [
  h('h3', null, W.addresses.title),
  addressBlock(saved.addresses),
  section('alerts', { widgets: { rules, quiet } }).node,
];

/** Each rule with what it says and when. @type {(node: Node, place: Place, tools: Tools) => HTMLElement} */
const rules = (node, place, tools) =>
  h(
    'fieldset',
    { class: 'wide rules', 'data-at': place.at },
    h('legend', null, h('h3', null, node.label)),
    (node.fields ?? []).map((one) => drawn(one, below(place, one.name ?? ''), tools)),
  );

const USUAL = '22:00-07:00';

/** Hours of the night, or none. @type {(node: Node, place: Place) => HTMLElement} */
function quiet(node, place) {
  const times = h('div', { class: 'window-line' });
  const box = h('input', {
    type: 'checkbox',
    checked: Boolean(place.get()),
    onchange: () => {
      place.set(box.checked ? USUAL : undefined);
      draw();
    },
  });
  function draw() {
    const [, from = '', to = ''] = WINDOW.exec(place.get() ?? '') ?? [];
    times.hidden = !from;
    times.replaceChildren(
      timeField(from, W.offPeak.from, (next) => set(next, to)),
      '–',
      timeField(to, W.offPeak.to, (next) => set(from, next)),
    );
  }
  function set(from, to) {
    place.set(`${from}-${to}`);
    draw();
  }
  const whole = field({ ...node, kind: 'switch' }, place, box);
  whole.classList.add('wide');
  whole.querySelector('.value')?.after(times);
  draw();
  return whole;
}
