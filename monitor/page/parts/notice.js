import { h, icon } from '../base/dom.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { toSettings } from './block.js';
import { W } from './words.js';

/** @import {Child} from '../../../deploy/page/types' */
/** @import {Status} from '../../../deploy/page/answers' */
/** A sentence on figures beside it: what they lack, what they assume. */
export const remark = (text) => h('p', { class: 'partial' }, icon('info'), text);

/**
 * One line that matters, one that helps; never a red box.
 * @param {'warn' | 'off' | 'info' | 'advice'} kind
 * @param {Child} title
 * @param {Child} [more]
 * @param {...Child} rest
 */
export function notice(kind, title, more, ...rest) {
  return h(
    'div',
    { class: `notice ${kind}`, role: kind === 'info' ? null : 'status' },
    icon(kind === 'advice' ? 'info' : kind),
    h('div', null, h('p', { class: 'notice-title' }, title), more && h('p', null, more), rest),
  );
}

/**
 * The same, where the page's live region says it: an element that comes with its text is not heard everywhere, or twice.
 * @type {typeof notice}
 */
export function quietNotice(...parts) {
  const node = notice(...parts);
  node.removeAttribute('role');
  return node;
}

/** Offers have French names. */
const named = (name) => h('span', { lang: 'fr' }, name);

/** That nobody has said whose prices these are, and the way to say it. */
export const assumedPrices = () =>
  h('p', { class: 'note' }, T.prices.assumed(named(T.prices.regulated)), ' ', toSettings('contrat', T.prices.yours));

/**
 * Whose prices an answer has: the offer's name; until the owner has named one, that it is only assumed.
 * @param {import('../../../deploy/page/answers').Compare['prices']} prices
 */
export const whosePrices = (prices) =>
  prices?.of && (prices.of.assumed ? assumedPrices() : h('p', { class: 'note' }, T.prices.of(named(prices.of.name))));

/** That prices of an answer are out of date: a sentence, or nothing. */
export function oldPrices(prices) {
  const [first] = (prices?.old ?? []).map((one) => one.since).sort();
  return first && remark(T.prices.old(f.fullDate(first)));
}

// What is wrong in the settings: said where the owner looks, not only in the log.
const GROUPS = { contracts: 'contrat', meters: 'compteurs', notes: 'notes' };
/**
 * Prices that have become wrong, lines that concern no meter, topics that may not be read; nothing if all is well.
 * @param {Pick<Status, 'prices_error' | 'unused'> & Partial<Pick<Status, 'refused_topics'>>} status
 */
export function wrongSettings({ prices_error: error, unused, refused_topics: refused = [] }) {
  const notices = [
    error && notice('warn', W.settings.pricesError, error, toSettings('contrat', W.settings.correct)),
    ...unused.map(({ section, meter }) =>
      notice('warn', W.settings.unused[section](meter), toSettings(GROUPS[section], W.settings.correct)),
    ),
    ...refused.map((topic) =>
      notice('warn', W.settings.refused(topic), W.settings.refusedMore, toSettings('appareils', W.settings.correct)),
    ),
  ].filter(Boolean);
  return notices.length > 0 && h('div', { class: 'notices' }, notices);
}
