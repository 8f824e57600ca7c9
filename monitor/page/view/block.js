import { h } from '../dom.js';

/** A part of a page below its heading. */
export const block = (title, ...content) => h('section', { class: 'block' }, h('h2', null, title), content);

/** One that has nothing to show, and says why. */
export const emptyBlock = (title, text) => block(title, h('p', { class: 'muted' }, text));
