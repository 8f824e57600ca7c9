// The steps of whoever has just installed: a password of the page, and the broker, where one may be named.
import * as api from '../../../base/api.js';
import { h, id } from '../../../base/dom.js';
import { brokerForm } from '../broker.js';
import { smallForm } from '../small_form.js';
import { W } from '../words.js';

/** @import {Made, Tools} from './steps.js' */

const SHORTEST = 8; // characters

/** @type {(tools: Tools) => Made} */
export function passwordStep({ next }) {
  const S = W.first.password;
  const form = smallForm({
    at: 'password[0]',
    text: S.keep,
    fields: [
      {
        kind: 'text',
        widget: 'secret',
        name: 'password',
        label: S.label,
        help: W.access.newHelp(SHORTEST),
        required: true,
      },
    ],
    async act({ password }) {
      await api.setPassword(password, null);
      next();
      return '';
    },
  });
  const show = h('input', {
    type: 'checkbox',
    id: id('show'),
    onchange: () => {
      /** @type {HTMLInputElement | null} */ (form.querySelector('.setting:not(.switch) input'))?.setAttribute(
        'type',
        show.checked ? 'text' : 'password',
      );
    },
  });
  form.firstElementChild?.after(
    h('div', { class: 'setting switch' }, h('div', { class: 'value' }, show, h('label', { for: show.id }, S.show))),
  );
  return { nodes: [form] };
}

/** @type {(tools: Tools) => Made} */
export function brokerStep({ next, done }) {
  const form = h(
    'div',
    { hidden: true },
    brokerForm(() => done(true)),
  );
  const ask = () => {
    form.hidden = false;
    form.querySelector('input')?.focus();
  };
  const button = (text, onclick) => h('button', { class: 'button', type: 'button', onclick }, text);
  return {
    nodes: [h('p', { class: 'actions' }, button(W.first.broker.none, next), button(W.first.broker.have, ask)), form],
  };
}
