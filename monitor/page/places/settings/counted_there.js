// What others counted in Home Assistant: a list to choose from, a register for each line.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { dateOf } from '../../base/time.js';
import { select } from '../../parts/controls.js';
import { refusal } from '../../parts/refusal.js';
import { isRegister, LABELS } from './port_labels.js';
import { word } from './port_values.js';
import { W } from './words.js';

/** @typedef {import('../../../../deploy/page/answers').HomeAssistantStatistics['statistics'][number]} Statistic */

const REGISTERS = [...new Set([...LABELS.standard, ...LABELS.historic])].filter(isRegister);
const month = (moment) => f.monthYear(dateOf(moment));

/** Where it comes from, of which months, how much. @type {(one: Statistic) => string} */
export function described({ origin, start, end, wh }) {
  const from = month(Date.parse(start)),
    to = month(Date.parse(end) - 1);
  return f.joined([origin, from === to ? from : `${from} – ${to}`, f.energy(wh)]);
}

/**
 * What is asked for: each that is ticked, as a register; null: one of them has none.
 * @type {(ticked: Map<string, string>) => string[] | null}
 */
export function seriesOf(ticked) {
  const rows = [...ticked];
  return rows.every(([, label]) => label) ? rows.map((row) => row.join('=')) : null;
}

/** Shown where Home Assistant can be asked. begin: what is done with a choice. @type {(begin: (series: string[]) => void) => HTMLElement} */
export function countedThere(begin) {
  const P = W.past.there,
    body = h('div', { 'aria-live': 'polite' }),
    ontoggle = () => node.open && !body.hasChildNodes() && look(),
    node = h('details', { class: 'other', hidden: true, ontoggle }, h('summary', null, P.title), body);
  api.homeAssistant().then(
    ({ configured }) => (node.hidden = !configured),
    () => {},
  );
  async function look() {
    body.replaceChildren(h('p', null, P.looking));
    try {
      const found = await api.countedThere();
      body.replaceChildren(...(found.length ? choices(found) : [h('p', { class: 'muted' }, P.none)]));
    } catch (error) {
      if (error.status === undefined) throw error;
      const again = h('button', { class: 'button', type: 'button', onclick: look }, P.again);
      body.replaceChildren(h('p', { class: 'wrong' }, refusal(error).join(' ')), again);
    }
  }
  /** @type {(found: Statistic[]) => HTMLElement[]} */
  function choices(found) {
    const ticked = new Map(),
      status = h('p', { class: 'wrong', role: 'alert', hidden: true }, P.missing);
    const look = () => {
      const series = seriesOf(ticked);
      status.hidden = !!series;
      if (series?.length) begin(series);
    };
    return [
      h('p', { class: 'note' }, P.help),
      h(
        'fieldset',
        null,
        h('legend', { class: 'hidden' }, P.title),
        found.map((one) => line(one, ticked)),
      ),
      h('div', { class: 'actions' }, h('button', { class: 'button', type: 'button', onclick: look }, P.look)),
      status,
    ];
  }
  return node;
}

/** @type {(one: Statistic, ticked: Map<string, string>) => HTMLElement} */
function line(one, ticked) {
  let label = one.register ?? '';
  const register = select({
    'aria-label': W.past.there.register(one.name),
    options: [['', W.choose], ...REGISTERS.map((name) => [name, word(name)])],
    value: label,
    onpick(name) {
      label = name;
      if (input.checked) ticked.set(one.id, label);
    },
  });
  const onchange = () => {
    register.hidden = !input.checked;
    if (input.checked) ticked.set(one.id, label);
    else ticked.delete(one.id);
  };
  const input = h('input', { type: 'checkbox', onchange });
  register.hidden = true;
  const text = h('span', null, one.name, h('span', { class: 'note' }, described(one)));
  return h('div', { class: 'port' }, h('label', { class: 'choice-line' }, input, text), register);
}
