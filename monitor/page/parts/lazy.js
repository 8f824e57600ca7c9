import { h } from '../base/dom.js';

/** @import {Child} from '../../../deploy/page/types' */

/**
 * What is asked for only once somebody opens it.
 * @param {{title: string, waiting: string, failed: string, css?: string, ask: () => Promise<Child>}} options
 */
export function asked({ title, waiting, failed, css = 'figures', ask }) {
  const content = h('div', { 'aria-live': 'polite' });
  let turn = 0;
  async function fill() {
    const mine = ++turn;
    content.replaceChildren(h('p', { class: 'muted' }, waiting));
    const found = await ask().catch(() => h('p', { class: 'muted' }, failed));
    if (mine === turn) content.replaceChildren(h('div', null, found));
  }
  const node = h(
    'details',
    { class: css, 'data-key': title, ontoggle: () => node.open && !turn && fill() },
    h('summary', null, title),
    content,
  );
  return {
    node,
    /** Opens it, and asks again. */
    open() {
      node.open = true;
      fill();
      node.scrollIntoView({ block: 'nearest' });
    },
  };
}
