import { h, icon } from '../base/dom.js';

/** @import {Child} from '../../../deploy/page/types' */

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
