import { h, icon } from '../base/dom.js';

/**
 * A title between the ways to what is before and after it: {href, label} each, or nothing.
 * @param {string} title
 * @param {any} before
 * @param {any} after
 * @param {'h1' | 'h2'} [level]
 */
export const stepper = (title, before, after, level = 'h1') =>
  h('div', { class: 'stepper' }, step(before, 'left'), h(level, null, title), step(after, 'right'));

const step = (way, name) =>
  way
    ? h('a', { class: 'round', href: way.href, 'aria-label': way.label, title: way.label }, icon(name))
    : h('span', { class: 'round', 'aria-hidden': 'true' }); // it keeps the place
