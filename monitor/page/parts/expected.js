// What the period will have cost or used when it is over: so far, expected, the likely range, and the budget of a month.
import { h } from '../base/dom.js';
import * as f from '../base/format.js';
import { keyValues } from './table.js';
import { block, emptyBlock } from './block.js';
import { W } from './words.js';

const ROOM = 1.04; // beside the last mark

/** @import * as Answers from '../../../deploy/page/answers' */
/** @typedef {NonNullable<Answers.Forecast['month']>} Period */
/** @typedef {(value: number | null) => string} Written */

/**
 * In euros, or in kWh where a price is not known.
 * @type {(period: Period) => {of: Period['wh'] | Period['cost'], write: Written, priced: boolean}}
 */
export const amountsOf = ({ wh, cost }) =>
  cost.expected == null
    ? { of: wh, write: (value) => f.energy(value ?? 0), priced: false }
    : { of: cost, write: (value) => f.euro(value ?? 0, 0), priced: true };

/** @type {(period: Period, budget: number | null) => HTMLElement} */
export function expectedBlock(period, budget) {
  if (period.why_not) return emptyBlock(W.expected.title, W.expected.whyNot[period.why_not]);
  const { of, write, priced } = amountsOf(period),
    limit = priced ? budget : null,
    range = W.expected.range(write(of.low), write(of.high));
  const list = keyValues([
    {
      name: W.expected.soFar,
      value: priced ? f.euro(of.so_far ?? 0) : write(of.so_far),
      note: priced && f.energy(period.wh.so_far),
    },
    { name: W.expected.expected, value: write(of.expected), note: priced && f.energy(period.wh.expected ?? 0) },
    { name: W.expected.likely, value: range, note: W.expected.often },
    limit != null && { name: W.expected.budget, value: write(limit), note: margin(limit, of.expected ?? 0, write) },
  ]);
  return block(W.expected.title, bar(of, limit), list);
}

const margin = (budget, expected, write) =>
  expected > budget ? W.expected.over(write(expected - budget)) : W.expected.under(write(budget - expected));

/** The figures below say all that it shows. */
function bar({ so_far: soFar, expected, low, high }, budget) {
  const top = Math.max(high, budget ?? 0) * ROOM,
    at = (value) => `${(value / top) * 100}%`;
  return h(
    'div',
    { class: 'gauge-track expected', 'aria-hidden': 'true', '--low': at(low), '--high': at(high) },
    h('div', { class: 'gauge-bar', '--at': at(soFar) }),
    h('div', { class: 'expected-range' }),
    h('div', { class: 'expected-mark', '--at': at(expected) }),
    budget != null && h('div', { class: 'expected-mark budget', '--at': at(budget) }),
  );
}
