// Which subscribed power the house needs, by the rule of the Linky's breaker: the server makes the sentences.
import * as f from '../../base/format.js';
import { h } from '../../base/dom.js';
import { assumedPrices } from '../../parts/notice.js';
import { figures } from '../../parts/table.js';
import { block } from '../../parts/block.js';
import { W } from './words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

/** @param {Answers.Power} data */
export function powerBlock(data) {
  return block(
    W.power.title,
    h('p', { class: 'summary-line' }, data.verdict),
    h('p', { class: 'note' }, W.power.range(f.fullDate(data.from), f.fullDate(data.last_day))),
    data.remarks.map((text) => h('p', { class: 'note' }, text)),
    data.assumed && assumedPrices(),
    data.powers.length > 0 &&
      figures({
        caption: W.power.title,
        columns: [
          [W.power.columns.power, nameOf, 'words'],
          [W.power.columns.above, (one) => W.power.atMost(f.duration(one.above * 1000))],
          [
            W.power.columns.trips,
            (one) => f.known(one.trips, (count) => (count ? W.power.atMost(f.number(count)) : f.number(0))),
          ],
          [W.power.columns.saving, (one) => f.known(one.saving, f.amount)],
        ],
        rows: data.powers,
      }),
  );
}

function nameOf({ power, yours }) {
  const kva = f.kva(power * 1000);
  return yours ? W.power.yours(kva) : kva;
}
