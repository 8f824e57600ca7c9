// A few fields that are sent together, by a button: a deed, not a setting. What is wrong is said at its field.
import { h, icon } from '../../base/dom.js';
import { refusal } from '../../parts/refusal.js';
import { drawn, field, missing, nodeAt, say } from './form.js';
import { W } from './words.js';

/** @import {Child} from '../../../../deploy/page/types' */
/** @import {Node, Place} from './form.js' */

/**
 * at: of the first field's place, without its name; begin: what the fields have at first; act: sends them, and returns
 * what is said then.
 * @param {{at: string, fields: Node[], text: string, begin?: object, act: (value: any) => Promise<Child>}} options
 */
export function smallForm({ at, fields, text, begin = {}, act }) {
  let value = { ...begin };
  const body = h('div'),
    status = h('div', { class: 'status-line', role: 'status' }),
    button = h('button', { class: 'button' }, text),
    record = { kind: 'record', fields, required: true };
  const place = {
    at,
    get: () => value,
    set(next) {
      value = next;
    },
  };
  const draw = () => body.replaceChildren(drawn(record, place, { widgets: { secret }, nameOf: () => 'entry' }) ?? '');
  async function submit(event) {
    event.preventDefault();
    for (const one of body.querySelectorAll('.wrong')) say(/** @type {HTMLElement} */ (one.parentElement), '');
    const empty = missing(record, value, at);
    if (empty) return say(nodeAt(body, empty) ?? body, W.required);
    button.disabled = true;
    status.replaceChildren(W.sending);
    try {
      const said = /** @type {any} */ (await act(value));
      value = { ...begin };
      draw();
      status.replaceChildren(...[said].flat().filter(Boolean));
    } catch (error) {
      if (error.status === undefined) throw error;
      fail(error);
    }
    button.disabled = false;
  }
  function fail(problem) {
    const errors = problem.errors ?? [];
    status.replaceChildren(icon('warn'), ...(errors.length ? [W.corrected] : refusal(problem)));
    for (const { at: where, detail } of errors) say(nodeAt(body, `${at}.${where.split('.').at(-1)}`) ?? body, detail);
  }
  draw();
  const node = h('form', { class: 'small-form', onsubmit: submit }, body, h('p', null, button), status);
  node.noValidate = true; // what is wrong is said below its field
  return node;
}

/** What nobody else shall read on the screen. @type {import('./form.js').Widgets[string]} */
export const secret = (node, place) =>
  field(
    node,
    place,
    h('input', {
      type: 'password',
      // Of this page only what is asked as such: a browser would fill in its password everywhere.
      autocomplete: node.name === 'current' ? 'current-password' : 'new-password',
      value: place.get() ?? '',
      required: node.required,
      onchange: ({ currentTarget }) => place.set(currentTarget.value || undefined),
    }),
  );
