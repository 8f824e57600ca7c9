// What is wrong in the files of the configuration: said where the owner looks, not only in the log.
import { h } from '../../dom.js';
import { T } from '../../i18n.js';
import { notice } from '../../part/notice.js';

const S = T.status;

/** @import {Status} from '../../../../deploy/page/answers' */

/**
 * A file of prices that has become wrong, and lines that concern no meter; nothing if all is well.
 * @param {Pick<Status, 'prices_error' | 'unused'>} status
 */
export function wrongSettings({ prices_error: error, unused }) {
  const found = [
    error && notice('warn', S.pricesError, error),
    ...unused.map(({ section, meter }) => notice('warn', S.unused(section, meter), S.unusedMore)),
  ].filter(Boolean);
  return found.length > 0 && h('div', { class: 'notices' }, found);
}
