// What a change does to the last month that is over, and how near that is to the bill of the supplier.
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { number } from './form.js';
import { W } from './words.js';

/** @typedef {{month: string, before: {euros: number | null, partial: boolean}, after: {euros: number | null, partial: boolean}}} Bill */

const CENT = 100; // of 1e-4 EUR

/**
 * The difference from the supplier's bill, a ratio.
 * @type {(ours: number | null, theirs: number | null | undefined) => number | null}
 */
export const difference = (ours, theirs) => (ours == null || !theirs ? null : (ours - theirs * 1e4) / (theirs * 1e4));

/** show(bill) says it; what was entered of the bill stays. */
export function billBlock() {
  const line = h('p', null),
    result = h('output', { class: 'note' });
  /** @type {Bill | null} */
  let bill = null;
  /** @type {number | null} */
  let theirs = null;
  function compare() {
    const ratio = bill && difference(bill.after.euros, theirs);
    result.textContent =
      ratio == null ? '' : W.bill.difference(f.percent(Math.abs(ratio), 1), Math.round(ratio * 1000));
  }
  const input = number({ kind: 'number' }, null, (value) => {
    theirs = value;
    compare();
  });
  const node = h(
    'div',
    { class: 'bill', hidden: true, 'aria-live': 'polite' },
    line,
    h('label', { class: 'inline setting' }, W.bill.yours, input, '€'),
    result,
  );
  return {
    node,
    /** @param {Bill | null | undefined} next */
    show(next) {
      if (!next) return;
      bill = next;
      node.hidden = false;
      const [before, after] = [bill.before, bill.after].map(({ euros }) => f.known(euros, f.euro)),
        isSame = Math.abs((bill.before.euros ?? 0) - (bill.after.euros ?? 0)) < CENT;
      line.textContent = f.joined(
        [
          isSame
            ? W.bill.one(f.monthYear(`${bill.month}-01`), after)
            : W.bill.change(f.monthYear(`${bill.month}-01`), before, after),
          bill.after.partial && W.bill.partial,
        ],
        ' ',
      );
      compare();
    },
  };
}
