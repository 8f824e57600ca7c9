// A password or token that the server tells once: shown, to be copied.
import { h, icon } from '../../base/dom.js';
import { W } from './words.js';

/** @param {[string, string][]} rows what it is, and its text */
export const shownOnce = (rows) =>
  h(
    'div',
    { class: 'shown-once' },
    h('p', null, icon('info'), W.once.help),
    h(
      'dl',
      null,
      rows.map(([name, text]) =>
        h('div', null, h('dt', null, name), h('dd', null, h('code', null, text), copyButton(name, text))),
      ),
    ),
  );

function copyButton(name, text) {
  const button = h(
    'button',
    { class: 'link-button', type: 'button', onclick: copy },
    W.once.copy,
    h('span', { class: 'hidden' }, ` ${name}`),
  );
  async function copy() {
    // A page without TLS has no clipboard of its own.
    await (navigator.clipboard?.writeText(text) ?? Promise.reject()).catch(() => copySelected(text));
    button.replaceChildren(icon('ok'), W.once.copied);
  }
  return button;
}

function copySelected(text) {
  const area = h('textarea', { class: 'hidden' }, text);
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
