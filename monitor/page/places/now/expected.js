// One line: what the month will have cost when it is over.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { href } from '../../base/router.js';
import { dateOf } from '../../base/time.js';
import { amountsOf } from '../../parts/expected.js';
import { W } from './words.js';

export function expectedLine(meter) {
  const node = h('p', { class: 'today-expected' });
  /** Without the database the old line stays. */
  async function load() {
    const found = await api.forecast(meter.id).catch(() => null);
    if (found) node.replaceChildren(...line(found));
  }
  return { node, load };
}

function line({ month, budget }) {
  if (!month || month.why_not) return [];
  const first = dateOf(Date.parse(month.from)),
    { of, write, priced } = amountsOf(month),
    name = h('a', { href: href(`bilan/${first.slice(0, 7)}`) }, f.capital(f.monthName(first))),
    limit = priced && budget != null ? W.expectedOfBudget(write(budget)) : '';
  return [
    name,
    T.colon,
    h('strong', null, W.expectedInAll(write(of.expected))),
    `, ${W.expectedBetween(write(of.low), write(of.high))}${limit}.`,
  ];
}
