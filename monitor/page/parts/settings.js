// What is wrong in the files of the configuration: said where the owner looks, not only in the log.
import { h } from '../base/dom.js';
import { notice } from './notice.js';
import { W } from './words.js';

/** @import {Status} from '../../../deploy/page/answers' */

/**
 * A file of prices that has become wrong, and lines that concern no meter; nothing if all is well.
 * @param {Pick<Status, 'prices_error' | 'unused'>} status
 */
export function wrongSettings({ prices_error: error, unused }) {
  const found = [
    error && notice('warn', W.settings.pricesError, error),
    ...unused.map(({ section, meter }) => notice('warn', W.settings.unused(section, meter), W.settings.unusedMore)),
  ].filter(Boolean);
  return found.length > 0 && h('div', { class: 'notices' }, found);
}
