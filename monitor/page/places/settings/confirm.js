// A button whose deed cannot be undone: it asks once more, in its place.
import { h } from '../../base/dom.js';
import { W } from './words.js';

/**
 * of: what it is about, for those who only hear the button; yes: what the second button says.
 * @param {{text: string, of: string, yes: string, act: () => any}} options
 */
export function confirmed({ text, of, yes, act }) {
  const place = h('span', { class: 'confirm' }),
    button = (label, onclick, more = '') =>
      h(
        'button',
        { class: `link-button ${more}`, type: 'button', onclick },
        label,
        h('span', { class: 'hidden' }, ` ${of}`),
      );
  const first = button(text, () => {
    place.replaceChildren(button(yes, act, 'warn-text'), button(W.keep, back));
    place.querySelector('button')?.focus();
  });
  function back() {
    place.replaceChildren(first);
    first.focus();
  }
  place.append(first);
  return place;
}
