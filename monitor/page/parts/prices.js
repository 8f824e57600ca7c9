import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { h } from '../base/dom.js';
import { remark } from './notice.js';

/** Offers have French names. */
const named = (name) => h('span', { lang: 'fr' }, name);

/**
 * Whose prices an answer has: the offer's name; until the owner has named one, that it is only assumed.
 * @param {import('../../../deploy/page/answers').Compare['prices']} prices
 */
export const whosePrices = (prices) =>
  prices?.of &&
  h(
    'p',
    { class: 'note' },
    prices.of.assumed ? T.prices.assumed(named(T.prices.regulated)) : T.prices.of(named(prices.of.name)),
  );

/** That prices of an answer are out of date: a sentence, or nothing. */
export function oldPrices(prices) {
  const [first] = (prices?.old ?? []).map((one) => one.since).sort();
  return first && remark(T.prices.old(f.fullDate(first)));
}
