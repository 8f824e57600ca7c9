// What is no longer there, and can be forgotten: its name must be typed, it happens an hour later, and until then any
// place says so, with a way back.
import { h } from '../../base/dom.js';
import { field } from './form.js';
import { begun } from './requests.js';
import { refusal } from '../../parts/refusal.js';
import { waiting } from '../../parts/waiting.js';
import { W } from './words.js';

/** @typedef {{kind: 'forget-meter' | 'forget-program' | 'forget-source', name: string, label: string, arguments: any}} Gone */

/** @type {(list: Gone[]) => HTMLElement[]} */
export const goneGroup = (list) => [
  h('p', { class: 'note' }, W.gone.help),
  list.length ? h('ul', { class: 'entries' }, list.map(one)) : h('p', { class: 'muted' }, W.gone.nothing),
];

/** @param {Gone} gone */
function one(gone) {
  const typed = h('input', {
      type: 'text',
      autocomplete: 'off',
      oninput: () => (button.disabled = !isSame(typed.value, gone.label)),
    }),
    status = h('p', { class: 'status-line', role: 'status' });
  const button = h('button', { class: 'button', type: 'button', disabled: true, onclick: forget }, W.gone.forget);
  async function forget() {
    button.disabled = true;
    try {
      await begun(gone.kind, gone.arguments);
      status.replaceChildren(W.gone.asked);
      await waiting.look();
    } catch (error) {
      if (error.status === undefined) throw error;
      button.disabled = false;
      status.replaceChildren(...refusal(error));
    }
  }
  const place = { at: `gone.${gone.name}`, get: () => '', set: () => {} };
  return h(
    'li',
    null,
    h('p', null, `${W.gone.kinds[gone.kind]} `, h('strong', null, gone.label)),
    field({ kind: 'text', required: true, label: W.gone.type(gone.label) }, place, typed),
    button,
    status,
  );
}

/** Typed as it is written, whatever the letters. */
export const isSame = (typed, name) => typed.trim().toLowerCase() === name.trim().toLowerCase();
