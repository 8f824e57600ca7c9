import { h, icon } from '../dom.js';

/** A title between the ways to what is before and after it: {href, label} each, or nothing. */
export const stepper = (title, before, after) =>
  h('div', { class: 'stepper' }, step(before, 'left'), h('h1', null, title), step(after, 'right'));

const step = (way, name) =>
  way
    ? h('a', { class: 'round', href: way.href, 'aria-label': way.label, title: way.label }, icon(name))
    : h('span', { class: 'round', 'aria-hidden': 'true' }); // it keeps the place
