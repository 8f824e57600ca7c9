import { h } from '../base/dom.js';
import { isDate } from '../base/time.js';
import { W } from './words.js';

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
