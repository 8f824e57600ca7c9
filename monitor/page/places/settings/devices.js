// What other devices send over MQTT: each with its values, where they are in its messages, and what it sends now.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { below, drawn, field } from './form.js';
import { W as PARTS } from '../../parts/words.js';
import { W } from './words.js';

/** @import {Node, Place, Tools} from './form.js' */

/** The values that a kind of source may have, and their units; the first is that of whoever says none. */
const UNITS = { power: ['W', 'kW'], energy: ['kWh', 'Wh', 'MWh', 'Wmin'], temperature: ['°C'] };
const QUANTITIES = { production: ['power', 'energy'], device: ['power', 'energy'], temperature: ['temperature'] };

/** @typedef {{topic: string, path: string, unit: string}} Value */

/**
 * A source as it is saved, as its values: one topic or unit stands for all.
 * @param {any} source
 * @returns {Record<string, Value>}
 */
export function valuesOf(source) {
  const quantities = QUANTITIES[source.kind] ?? [];
  const of = (each, name) => (each !== null && typeof each === 'object' ? each[name] : each);
  return Object.fromEntries(
    quantities
      .filter((name) => source[name] != null)
      .map((name) => {
        const unit = of(source.unit, name);
        return [
          name,
          {
            topic: of(source.topic, name) ?? '',
            path: String(source[name]),
            unit: UNITS[name].includes(unit) ? unit : name === 'energy' ? '' : UNITS[name][0],
          },
        ];
      }),
  );
}

/**
 * The same the other way round; what a kind does not have goes.
 * @param {any} source
 * @param {Record<string, Value>} values
 */
export function withValues(source, values) {
  const { power, energy, temperature, topic, unit, ...rest } = source,
    names = Object.keys(values),
    topics = [...new Set(names.map((name) => values[name].topic))];
  return {
    ...rest,
    topic: topics.length < 2 ? (topics[0] ?? '') : Object.fromEntries(names.map((name) => [name, values[name].topic])),
    ...Object.fromEntries(names.map((name) => [name, values[name].path])),
    unit: Object.fromEntries(names.filter((name) => values[name].unit).map((name) => [name, values[name].unit])),
  };
}

/**
 * A source: its name and kind as declared, and each value that its kind may have.
 * @type {(node: Node, place: Place, tools: Tools) => HTMLElement}
 */
export function source(node, place, tools) {
  const values = h('div', { class: 'wide' }),
    fields = (node.fields ?? []).filter(({ name }) => ['name', 'kind', 'meter'].includes(name ?? '')),
    live = h('p', { class: 'note wide live' }),
    watched = {
      ...place,
      set(value) {
        place.set(value);
        draw();
      },
    };
  function draw() {
    const { kind, name: called } = place.get() ?? {};
    const topics = Object.values(valuesOf(place.get() ?? {})).map(({ topic }) => topic);
    live.setAttribute('data-of', JSON.stringify({ name: called, kind, topics }));
    const focused = document.activeElement?.getAttribute('data-value');
    values.replaceChildren(...(QUANTITIES[kind] ?? []).map((quantity) => value(quantity, watched)));
    if (focused) /** @type {HTMLElement | null} */ (values.querySelector(`[data-value="${focused}"]`))?.focus();
  }
  const whole = h(
    'div',
    { class: 'record', 'data-at': place.at },
    fields.map((one) => drawn(one, below(one.name === 'kind' ? watched : place, one.name ?? ''), tools)),
    values,
    live,
  );
  draw();
  return whole;
}

/** @type {(quantity: string, place: Place) => HTMLElement} */
function value(quantity, place) {
  const all = valuesOf(place.get()),
    one = all[quantity];
  const set = (next) => {
    const { [quantity]: _, ...others } = all;
    place.set(withValues(place.get(), next ? { ...others, [quantity]: next } : others));
  };
  const begun = {
    topic: Object.values(all)[0]?.topic ?? '',
    path: '',
    unit: quantity === 'energy' ? '' : UNITS[quantity][0],
  };
  const has = h('input', {
    type: 'checkbox',
    checked: Boolean(one),
    'data-value': quantity,
    onchange: ({ currentTarget }) => set(currentTarget.checked ? begun : null),
  });
  return h(
    'div',
    { class: 'value-of', 'data-at': `${place.at}.${quantity}` },
    h('label', { class: 'inline' }, has, W.sources.values[quantity]),
    one &&
      h(
        'div',
        { class: 'record' },
        topic(one, set, place),
        path(one, set, place),
        unit(quantity, one, set, place),
        pick(one, set),
      ),
  );
}

const text = (value, name, set) =>
  h('input', {
    type: 'text',
    value,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    onchange: ({ currentTarget }) => set({ [name]: currentTarget.value.trim() }),
  });

const part = (name, place, input, more = {}) =>
  field(
    { kind: 'text', required: true, label: W.sources[name], ...more },
    { ...place, at: `${place.at}.${name}` },
    input,
  );

const topic = (one, set, place) =>
  part(
    'topic',
    place,
    text(one.topic, 'topic', (change) => set({ ...one, ...change })),
    { help: W.sources.topicHelp },
  );
const path = (one, set, place) =>
  part(
    'path',
    place,
    text(one.path, 'path', (change) => set({ ...one, ...change })),
    { help: W.sources.pathHelp },
  );
const TRIES = 8; // of some seconds each: a device may send once in half a minute

/** What is sent on its topic: a click on a number is its path. */
function pick(one, set) {
  const found = h('ul', { class: 'found', 'aria-live': 'polite' }),
    say = (text) => found.replaceChildren(h('li', { class: 'note' }, text));
  async function look() {
    say(W.sources.looking);
    for (let tries = 0; tries < TRIES && found.isConnected; tries++) {
      const numbers = await api.message(one.topic).then(
        (answer) => answer.numbers,
        () => null,
      );
      if (numbers) return numbers.length ? found.replaceChildren(...numbers.map(number)) : say(W.sources.noNumber);
    }
    say(W.sources.silent);
  }
  const number = ({ path, value }) =>
    h(
      'li',
      null,
      h(
        'button',
        { class: 'link-button', type: 'button', onclick: () => set({ ...one, path }) },
        `${path || W.sources.message}${T.colon}${f.number(value, Number.isInteger(value) ? 0 : 2)}`,
      ),
    );
  return (
    one.topic && h('div', null, h('button', { class: 'button', type: 'button', onclick: look }, W.sources.look), found)
  );
}

const unit = (quantity, one, set, place) =>
  part(
    'unit',
    place,
    h(
      'select',
      { onchange: ({ currentTarget }) => set({ ...one, unit: currentTarget.value }) },
      [...(one.unit ? [] : ['']), ...UNITS[quantity]].map((name) =>
        h('option', { value: name, selected: name === one.unit }, name || W.choose),
      ),
    ),
  );

const EACH = 5000; // ms

/**
 * Says beside each source what it sends now, once it is stored: the proof that all of it is right; or that it may not be read.
 * @type {(root: HTMLElement, meter: string) => Promise<void>}
 */
export async function watch(root, meter) {
  const [known, now] = await Promise.all([api.devices(meter).catch(() => null), api.live(meter).catch(() => null)]);
  if (!root.isConnected) return;
  for (const node of root.querySelectorAll('.live')) {
    const { name, kind, topics = [] } = JSON.parse(node.getAttribute('data-of') ?? '{}'),
      one = kind === 'production' ? now?.production : known?.devices.find((device) => device.name === name),
      refused = topics.find((topic) => known?.refused_topics.includes(topic));
    if (refused) node.replaceChildren(icon('warn'), `${PARTS.settings.refused(refused)} ${PARTS.settings.refusedMore}`);
    else node.textContent = one?.at ? W.sources.now(f.power(one.power, 'W'), f.clock(Date.parse(one.at))) : '';
    node.classList.toggle('warn-text', Boolean(refused));
  }
  setTimeout(() => watch(root, meter), EACH);
}
