import * as f from '../format.js';
import { T } from '../i18n.js';
import { remark } from './notice.js';

/** That prices of an answer are out of date: a sentence, or nothing. */
export function oldPrices(prices) {
  const [first] = (prices?.old ?? []).map((one) => one.since).sort();
  return first && remark(T.review.oldPrices(f.fullDate(first)));
}
