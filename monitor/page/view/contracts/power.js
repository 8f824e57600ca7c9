// Which subscribed power the house needs, by the rule of the Linky's breaker: the server makes the sentences.
import * as f from '../../format.js';
import { h } from '../../dom.js';
import { href } from '../../router.js';
import { dateOf } from '../../time.js';
import { figures } from '../../part/figures.js';
import { block } from '../block.js';
import { W } from '../words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

const P = W.contracts.power,
  AROUND = 1; // powers above and below one's own that are told in words; the others are in the table

/** @param {Answers.Power} data */
export function powerBlock(data) {
  const own = data.powers.findIndex((one) => one.yours),
    near = data.powers.filter((_, i) => Math.abs(i - own) <= AROUND);
  return block(
    P.title,
    h('p', { class: 'note' }, P.range(f.fullDate(data.from), f.fullDate(data.last_day))),
    h(
      'dl',
      { class: 'powers' },
      near.map((one) => [
        h('dt', null, nameOf(one), one.saving ? h('span', { class: 'note' }, saved(one)) : null),
        h('dd', null, one.sentence),
      ]),
    ),
    data.remarks.map((text) => h('p', { class: 'note' }, text)),
    data.moments.length > 0 && [
      h('p', null, P.moments(data.moments_count, f.kva((data.lower ?? 0) * 1000))),
      h('ul', { class: 'moments' }, data.moments.map(momentItem)),
    ],
    figures({
      caption: P.title,
      columns: [
        [P.columns.power, nameOf, 'words'],
        [P.columns.above, (one) => (one.at_most ? P.atMost : String)(f.duration(one.above * 1000))],
        [P.columns.beyond, (one) => f.duration(one.beyond * 1000)],
        [P.columns.trips, (one) => f.known(one.trips, f.number)],
        [P.columns.saving, (one) => f.known(one.saving, f.amount)],
      ],
      rows: data.powers,
    }),
  );
}

/** When the breaker would have opened: a link to that day. */
function momentItem(one) {
  const at = Date.parse(one.start),
    day = dateOf(at),
    text = P.moment(f.clock(at), f.duration(one.seconds * 1000), f.power(one.power));
  return h('li', null, h('a', { href: href(`jour/${day}`) }, f.fullDate(day)), text);
}

function nameOf({ power, yours }) {
  const kva = f.kva(power * 1000);
  return yours ? P.yours(kva) : kva;
}

const saved = (one) => (one.saving > 0 ? P.saves : P.costs)(f.euro(Math.abs(one.saving)));
