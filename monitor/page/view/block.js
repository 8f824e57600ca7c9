import { h } from '../dom.js';
import { href } from '../router.js';

/** A place: its title, or all that its head has, and its content. */
export const page = (css, head, ...content) =>
  h(
    'div',
    { class: `page ${css}` },
    h('header', { class: 'head' }, typeof head === 'string' ? h('h1', null, head) : head),
    content,
  );

/** A place that has nothing to show says why, and more. */
export const blank = (why, ...more) =>
  h(
    'div',
    { class: 'blank' },
    h('h2', null, why),
    more.map((one) => one && h('p', null, one)),
  );

/** The way to a place that has something. */
export const wayTo = (path, text) => h('a', { class: 'button', href: href(path) }, text);

/** A part of a page below its heading. */
export const block = (title, ...content) => h('section', { class: 'block' }, h('h2', null, title), content);

/** One that has nothing to show, and says why. */
export const emptyBlock = (title, text) => block(title, h('p', { class: 'muted' }, text));
