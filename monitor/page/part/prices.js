import * as f from '../format.js';
import { T } from '../i18n.js';
import { h, icon } from '../dom.js';

/** That prices of an answer are out of date: a sentence, or nothing. */
export function oldPrices(prices) {
  const [first] = (prices?.old ?? []).map((one) => one.since).sort();
  return first && h('p', { class: 'partial' }, icon('info'), T.review.oldPrices(f.numericDate(first)));
}
