// Which subscribed power the house needs, by the rule of the Linky's breaker: the server makes the sentences.
import * as f from '../../base/format.js';
import { h } from '../../base/dom.js';
import { figures } from '../../parts/table.js';
import { block } from '../../parts/block.js';
import { W } from '../../parts/words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

const P = W.contracts.power;

/** @param {Answers.Power} data */
export function powerBlock(data) {
  return block(
    P.title,
    h('p', { class: 'verdict' }, data.verdict),
    h('p', { class: 'note' }, P.range(f.fullDate(data.from), f.fullDate(data.last_day))),
    data.remarks.map((text) => h('p', { class: 'note' }, text)),
    figures({
      caption: P.title,
      columns: [
        [P.columns.power, nameOf, 'words'],
        [P.columns.above, (one) => P.atMost(f.duration(one.above * 1000))],
        [P.columns.trips, (one) => f.known(one.trips, (count) => (count ? P.atMost(f.number(count)) : f.number(0)))],
        [P.columns.saving, (one) => f.known(one.saving, f.amount)],
      ],
      rows: data.powers,
    }),
  );
}

function nameOf({ power, yours }) {
  const kva = f.kva(power * 1000);
  return yours ? P.yours(kva) : kva;
}
