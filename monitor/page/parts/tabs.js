import { h } from '../base/dom.js';

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
