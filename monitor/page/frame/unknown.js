// The address asks for a meter that is not here: another one's numbers would be taken for its own.
import { h } from '../base/dom.js';
import { remember } from '../base/browser.js';
import { here, href } from '../base/router.js';
import { page } from '../parts/block.js';
import { W } from '../parts/known/words.js';

/** @import {Context} from '../../../deploy/page/types' */
/** @param {Context} context */
export default function unknown({ meters, choice }) {
  const { path } = here();
  const link = ({ id, name }) =>
    h('a', { class: 'button', href: href(path, { compteur: id }), onclick: () => remember('meter', id) }, name);
  const title = W.unknown;
  const node = page(
    '',
    title,
    h('p', { class: 'muted' }, W.unknownMore(choice.unknown)),
    h('p', { class: 'files' }, meters.map(link)),
  );
  return { title, node };
}
