// The address asks for a meter that is not here: another one's numbers would be taken for its own.
import { h } from '../dom.js';
import { T } from '../i18n.js';
import { remember } from '../memory.js';
import { here, href } from '../router.js';

/** @import {Context} from '../../../deploy/page/types' */
/** @param {Context} context */
export default function unknown({ meters, choice }) {
  const { place, detail } = here();
  const path = detail ? `${place}/${detail}` : place;
  const link = ({ id, name }) =>
    h('a', { class: 'button', href: href(path, { compteur: id }), onclick: () => remember('meter', id) }, name);
  const title = T.notices.unknownMeter;
  const node = h(
    'div',
    { class: 'page' },
    h('header', { class: 'head' }, h('h1', null, title)),
    h('p', { class: 'muted' }, T.notices.unknownMeterMore(choice.unknown)),
    h('p', { class: 'files' }, meters.map(link)),
  );
  return { title, node };
}
