// The form of a section, as its declaration describes it: a node a value. What is left is a change; who shows the form
// saves it. A value is never changed in place: each change makes a new one.
import { h, icon, id } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { language } from '../../base/i18n.js';
import { isDate } from '../../base/time.js';
import { W } from './words.js';

/** @import {Child} from '../../../../deploy/page/types' */
/**
 * @typedef {{kind: string, label?: string, help?: Child, unit?: string, widget?: string, required?: boolean,
 *   optional?: boolean, default?: any, low?: number, high?: number, longest?: number, example?: string, name?: string,
 *   fields?: Node[], item?: Node, key?: Node, choices?: {value: any, label: string}[]}} Node
 * Where a value stands: at: as the server names it, `contracts[1].power`.
 * @typedef {{at: string, get: () => any, set: (value: any) => void}} Place
 * What draws a value otherwise than its kind, by the name of a widget: a control, or a whole field.
 * @typedef {Record<string, (node: Node, place: Place, tools: Tools) => HTMLElement | null>} Widgets
 * nameOf: what one entry of a list is called.
 * begin: what an entry of the section begins with.
 * @typedef {{widgets: Widgets, nameOf: (at: string) => keyof typeof W.one, begin?: object}} Tools
 */

/** @type {(place: Place, key: string | number) => Place} */
export const below = (place, key) => ({
  at: typeof key === 'number' ? `${place.at}[${key}]` : `${place.at}.${key}`,
  get: () => place.get()?.[key],
  set(value) {
    const whole = place.get(),
      copy = Array.isArray(whole) ? [...whole] : { ...whole };
    if (value === undefined) delete copy[key];
    else copy[key] = value;
    place.set(copy);
  },
});

/**
 * A value and all below it; null: it is not shown.
 * @type {(node: Node, place: Place, tools: Tools) => HTMLElement | null}
 */
export function drawn(node, place, tools) {
  const own = node.widget && tools.widgets[node.widget];
  if (own) return own(node, place, tools);
  switch (node.kind) {
    case 'record':
      return record(node, place, tools);
    case 'list':
      return list(node, place, tools);
    case 'map':
    case 'custom':
      return null;
    default:
      return field(node, place, control(node, place));
  }
}

/** @type {typeof drawn} */
const record = (node, place, tools) =>
  h(
    'div',
    { class: 'record', 'data-at': place.at },
    node.help && h('p', { class: 'note wide' }, node.help),
    (node.fields ?? []).map((one) => drawn(one, below(place, one.name ?? ''), tools)),
  );

/**
 * A control below its name; what is wrong with it is said below both.
 * @type {(node: Node, place: Place, input: HTMLElement) => HTMLElement}
 */
export function field(node, place, input) {
  const help = node.help ? h('p', { class: 'note', id: id('help') }, node.help) : null,
    wrong = h('p', { class: 'wrong', id: id('wrong'), hidden: true }),
    name = id('field');
  input.id = name;
  input.setAttribute('aria-describedby', f.joined([help?.id, wrong.id], ' '));
  const label = h(
    'label',
    { for: name },
    node.label,
    isOptional(node, place) && h('span', { class: 'note' }, W.optional),
  );
  const unit = node.unit && h('span', { class: 'note', 'aria-hidden': 'true' }, node.unit);
  if (node.unit) label.append(h('span', { class: 'hidden' }, ` (${node.unit})`));
  return h(
    'div',
    { class: `setting ${node.kind}`, 'data-at': place.at },
    node.kind === 'switch'
      ? h('div', { class: 'value' }, input, label)
      : [label, h('div', { class: 'value' }, input, unit)],
    help,
    wrong,
  );
}

/**
 * Said where other fields of the same entry must be filled in.
 * @type {(node: Node, place: Place) => boolean}
 */
const isOptional = ({ kind, required }, { at }) => !required && /\]\.\w+$/.test(at) && kind !== 'switch';

/**
 * Says what is wrong at a place, or what is only remarkable; empty: nothing.
 * @type {(node: HTMLElement, text: string, isWrong?: boolean) => void}
 */
export function say(node, text, isWrong = true) {
  const said = node.querySelector(':scope > .wrong') ?? node.appendChild(h('p', { class: 'wrong' }));
  said.replaceChildren(...(text ? [icon(isWrong ? 'warn' : 'info'), h('span', null, text)] : []));
  said.classList.toggle('remark', !isWrong);
  /** @type {HTMLElement} */ (said).hidden = !text;
  const input = node.querySelector(':scope > .value > :is(input, select)');
  text && isWrong ? input?.setAttribute('aria-invalid', 'true') : input?.removeAttribute('aria-invalid');
}

/** @type {(node: Node, place: Place) => HTMLElement} */
function control(node, place) {
  const value = place.get() ?? node.default ?? null,
    set = (next) => place.set(next ?? (node.required ? next : undefined));
  switch (node.kind) {
    case 'switch':
      return h('input', {
        type: 'checkbox',
        checked: Boolean(value),
        onchange: ({ currentTarget }) => set(currentTarget.checked),
      });
    case 'choice':
      return choice(node, value, set);
    case 'day':
      return h('input', {
        type: 'date',
        value,
        required: node.required,
        onchange: ({ currentTarget }) => set(isDate(currentTarget.value) ? currentTarget.value : null),
      });
    case 'integer':
    case 'number':
      return number(node, value, set);
    default:
      return h('input', {
        type: 'text',
        value,
        required: node.required,
        maxlength: node.longest,
        onchange: ({ currentTarget }) => set(currentTarget.value.trim() || null),
      });
  }
}

/** @type {(node: Node, value: any, set: (value: any) => void) => HTMLElement} */
export function choice(node, value, set) {
  const known = node.choices ?? [],
    key = (one) => JSON.stringify(one),
    none = !node.required || value == null ? [[key(null), node.required ? W.choose : W.none]] : [],
    gone = value != null && !known.some((one) => one.value === value) ? [[key(value), String(value)]] : [];
  const options = [...none, ...gone, ...known.map((one) => [key(one.value), one.label])];
  return h(
    'select',
    { required: node.required, onchange: ({ currentTarget }) => set(JSON.parse(currentTarget.value)) },
    options.map(([one, text]) => h('option', { value: one, selected: one === key(value) }, text)),
  );
}

/** A number as people write it in a field: without spaces, all its digits. */
const written = (value) => String(value).replace('.', language === 'fr' ? ',' : '.');

/** Written with a comma or a dot, as people do. */
export function number(node, value, set) {
  const input = h('input', {
    type: 'text',
    inputmode: node.kind === 'integer' ? 'numeric' : 'decimal',
    autocomplete: 'off',
    size: 9,
    value: value == null ? '' : written(value),
    required: node.required,
    onchange: () => {
      const read = readNumber(input.value, node);
      const setting = /** @type {HTMLElement} */ (input.closest('.setting'));
      if (read === undefined) return say(setting, W.notANumber(written(node.kind === 'integer' ? 9 : 0.2516)));
      say(setting, '');
      set(read);
    },
  });
  return input;
}

/**
 * null: nothing is written; undefined: no such number.
 * @type {(text: string, node: {kind: string}) => number | null | undefined}
 */
export function readNumber(text, { kind }) {
  const plain = text.replaceAll(/[\s\u00a0\u202f€]/g, '').replace(',', '.');
  if (!plain) return null;
  if (!(kind === 'integer' ? /^-?\d{1,15}$/ : /^-?(?:\d{1,12}(?:\.\d{0,8})?|\.\d{1,8})$/).test(plain)) return undefined;
  return Number(plain);
}

/** Of a list: each entry, and a button for one more. @type {typeof drawn} */
function list(node, place, tools) {
  const entries = h('div', { class: 'entries' }),
    item = /** @type {Node} */ (node.item);
  const of = () => place.get() ?? node.default ?? [],
    name = tools.nameOf(place.at);
  function draw() {
    entries.replaceChildren(...of().map((_, i) => entry(i)));
    add.classList.toggle('first', !of().length);
  }
  function entry(i) {
    const remove = h(
      'button',
      { class: 'link-button', type: 'button', onclick: () => removed(i) },
      W.remove,
      h('span', { class: 'hidden' }, ` ${W.entry(W.one[name], i + 1)}`),
    );
    return h(
      'div',
      { role: 'group', 'aria-label': W.entry(W.one[name], i + 1), 'data-at': `${place.at}[${i}]` },
      drawn(item, below(place, i), tools),
      remove,
    );
  }
  function removed(i) {
    place.set(of().filter((_, k) => k !== i));
    draw();
    add.focus();
  }
  const add = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: () => {
        place.set([...of(), tools.begin ? { ...fresh(item), ...tools.begin } : fresh(item)]);
        draw();
        focusIn(entries.lastElementChild);
      },
    },
    icon('plus'),
    W.add[name],
  );
  draw();
  return h(
    'div',
    { class: 'list', 'data-at': place.at },
    place.at.includes('.') && node.label && h('h4', null, node.label),
    node.help && h('p', { class: 'note' }, node.help),
    entries,
    add,
  );
}

const focusIn = (node) => /** @type {HTMLElement | null} */ (node?.querySelector('input, select, textarea'))?.focus();

/**
 * A new entry: what its fields say that they are without anybody's doing, where they must be.
 * @type {(node: Node) => any}
 */
export function fresh(node) {
  if (node.kind !== 'record') return node.default ?? null;
  const fields = (node.fields ?? []).filter((one) => one.required && one.default != null);
  return Object.fromEntries(fields.map((one) => [one.name, one.default]));
}

/**
 * Where something is still to be entered, before it makes sense to save: the first such place, or null.
 * @type {(node: Node, value: any, at: string) => string | null}
 */
export function missing(node, value, at) {
  if (value == null || value === '') return node.required ? at : null;
  if (node.fields) return first(node.fields, (one) => missing(one, value[one.name ?? ''], `${at}.${one.name}`));
  if (node.kind === 'list' && Array.isArray(value))
    return first(value, (one, i) =>
      missing({ ...node.item, kind: node.item?.kind ?? '', required: true }, one, `${at}[${i}]`),
    );
  return null;
}

function first(list, of) {
  for (const [i, one] of list.entries()) {
    const found = of(one, i);
    if (found != null) return found;
  }
  return null;
}

/**
 * The node that shows a place, or the nearest around it.
 * @type {(root: HTMLElement, at: string) => HTMLElement | null}
 */
export function nodeAt(root, at) {
  for (let path = at; path; path = path.replace(/(?:\.[^.[\]]*|\[[^[\]]*\]|^[^.[\]]*)$/, '')) {
    const node = [...root.querySelectorAll('[data-at]')].find((one) => one.getAttribute('data-at') === path);
    if (node) return /** @type {HTMLElement} */ (node);
  }
  return null;
}
