// What a visitor chooses with: a list, a row of tabs, the ways to what is before and after, two dates.
import { h, icon } from '../base/dom.js';
import { isDate } from '../base/time.js';
import { W } from './words.js';

/**
 * A list to choose from. options: key, text, and the language of a text that is not the page's; props: of the list.
 * @param {{options: any[][], value?: string | null, onpick: (key: string) => void, 'aria-label'?: string}} options
 */
export const select = ({ options, value, onpick, ...props }) =>
  h(
    'select',
    { ...props, onchange: ({ currentTarget }) => onpick(currentTarget.value) },
    options.map(([key, text, lang]) => h('option', { value: key, selected: key === value, lang }, text)),
  );

/**
 * A row of choices that stays a row of buttons: no roles to learn.
 * @template {string | null} Key
 * @param {{label: string, options: [Key, string][], value: Key, onpick: (key: Key) => void}} options
 */
export function choice({ label, options, value, onpick }) {
  const buttons = options.map(([key, text]) =>
    h(
      'button',
      {
        class: 'seg-button',
        'aria-pressed': String(key === value),
        onclick: () => {
          buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(options[i][0] === key)));
          onpick(key);
        },
      },
      text,
    ),
  );
  return h('div', { class: 'segmented', role: 'group', 'aria-label': label }, buttons);
}

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

/**
 * Two days between the first that is known of a meter and today. onpick(from, to): the earlier one first; props: of the
 * form; more: what follows its button.
 */
export function rangeForm({ meter, today, from, to, onpick, ...props }, ...more) {
  const day = (value) => h('input', { type: 'date', value, min: meter.known_since, max: today, required: true });
  const [first, last] = [day(from), day(to)];
  const onsubmit = (event) => {
    event.preventDefault();
    const [a, b] = [first.value, last.value].sort();
    if (isDate(a) && isDate(b)) onpick(a, b);
  };
  return h(
    'form',
    { class: 'range-form', ...props, onsubmit },
    h('label', { class: 'inline' }, W.range.from, first),
    h('label', { class: 'inline' }, W.range.to, last),
    h('button', { class: 'button' }, W.range.show),
    more,
  );
}
