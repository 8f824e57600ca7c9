// The registers of the meter: now, as a supplier asks for them at a move, and at two dates, as a bill has them.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { dateOf, plusDays } from '../../base/time.js';
import { rangeForm } from '../../parts/controls.js';
import { remark } from '../../parts/notice.js';
import { refusal } from '../../parts/refusal.js';
import { plainTable } from '../../parts/table.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */

/** @type {(meter: Meter, today: string) => HTMLElement[]} */
export function indexGroup(meter, today) {
  const body = h('div', { 'aria-live': 'polite' });
  let turn = 0;
  async function ask(from, to) {
    const mine = ++turn;
    const content = await api.indexes(meter.id, from, to).then(tables, (error) => {
      if (error.status === undefined) throw error;
      return refusal(error).map((text) => h('p', { class: 'muted' }, text));
    });
    if (mine === turn) body.replaceChildren(...content);
  }
  ask();
  const first = `${plusDays(`${today.slice(0, 7)}-01`, -1).slice(0, 7)}-01`;
  return [
    h('p', { class: 'note' }, W.indexes.help),
    rangeForm({ meter, today, from: first, to: `${today.slice(0, 7)}-01`, onpick: ask, 'aria-label': W.indexes.bill }),
    body,
  ];
}

/** @param {any} answer */
function tables({ meters, from, to, wh, coverage }) {
  const dated = from != null;
  return [
    ...meters.map((one) => table(one, dated, meters.length > 1)),
    dated &&
      h(
        'p',
        null,
        h(
          'strong',
          null,
          wh == null ? W.indexes.unknown : W.indexes.whole(f.fullDate(from), f.fullDate(to), f.kwh(wh, 0)),
        ),
      ),
    coverage != null && coverage < 1 && remark(W.indexes.coverage(f.coverage(coverage))),
  ].filter(Boolean);
}

function table({ id, now, from, to, registers }, dated, isOne) {
  const at = (time) =>
      time ? `${f.tableDate(dateOf(Date.parse(time)))} ${f.clock(Date.parse(time))}` : W.indexes.never,
    value = (key) => (row) => f.known(row[key], (wh) => f.number(Math.floor(wh / 1000)));
  return plainTable({
    caption: isOne ? `${W.indexes.title} ${id}` : W.indexes.title,
    columns: [
      [isOne ? id : W.indexes.register, ({ name, label }) => (label === name ? name : `${label} (${name})`), 'words'],
      [W.indexes.at(at(now)), value('now')],
      dated && [W.indexes.at(at(from)), value('from')],
      dated && [W.indexes.at(at(to)), value('to')],
      dated && [W.indexes.used, value('wh')],
    ],
    rows: registers,
    stacks: true,
  });
}
