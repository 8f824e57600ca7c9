// Devices that others announce on the broker, with what they send now: a tick makes one a source, as a form would.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { toSettings } from '../../parts/block.js';
import { remark } from '../../parts/notice.js';
import { valuesOf, watch, withValues } from './devices.js';
import { W } from './words.js';

/** @import {Discovered} from '../../../../deploy/page/answers' */
/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Section} from './section.js' */
/** @typedef {Discovered['devices'][number]} Device */
/** @typedef {Device['values'][number]} Value */
/** What one tick follows: a power, an energy, or both. @typedef {{device: Device, name: string, values: Value[]}} Choice */

const LONGEST = 40; // characters of a source's name
/** Counters that begin anew, or count what is given back. */
const NOT_THE_WHOLE = /day|jour|yesterday|hier|month|mois|produced|produit|return|export|inject/i;
const MAKES = /solar|solaire|onduleur|inverter|photovolt|\bpv\b|opendtu|ahoy|hoymiles|panneaux/i;
/** As people read energy, whatever is sent. */
const IN_KWH = { Wh: 1e-3, kWh: 1, MWh: 1e3, Wmin: 1 / 60e3 };

/**
 * What can be ticked: a device of one power and one counter is one choice; several channels are several.
 * @type {(device: Device) => Choice[]}
 */
export function choicesOf(device) {
  const readable = device.values.filter(({ path }) => path != null),
    powers = readable.filter(({ quantity }) => quantity === 'power'),
    energies = readable.filter(({ quantity }) => quantity === 'energy');
  const pairs = powers.length === energies.length ? powers.map((power, i) => [power, energies[i]]) : apart();
  return pairs.map((values) => ({
    device,
    name: pairs.length > 1 ? `${device.name} – ${values[0].name}` : device.name,
    values,
  }));

  function apart() {
    const energy = energies.find(({ name, path }) => !NOT_THE_WHOLE.test(`${name} ${path}`)) ?? energies[0],
      main = [powers[0], energy].filter(Boolean);
    return [main, ...readable.filter((value) => !main.includes(value)).map((value) => [value])].filter(
      (values) => values.length,
    );
  }
}

const isSame = (one, other) => one.topic === other.topic && one.path === other.path;
/** @type {(source: any, choice: Choice) => boolean} */
const follows = (source, { values }) =>
  Object.values(valuesOf(source)).some((one) => values.some((value) => isSame(one, value)));
/** @type {(sources: any[], choice: Choice) => boolean} */
export const isFollowed = (sources, choice) => sources.some((source) => follows(source, choice));

/**
 * The section `sources` once a choice is ticked, or no more.
 * @type {(sources: any[], choice: Choice, isTicked: boolean, meter?: string) => any[]}
 */
export function withChoice(sources, choice, isTicked, meter) {
  const others = sources.filter((source) => !follows(source, choice));
  return isTicked ? [...others, sourceOf(choice, others, meter)] : others;
}

/** @type {(choice: Choice, others: any[], meter?: string) => any} */
function sourceOf({ device, name, values }, others, meter) {
  const makes =
    MAKES.test(`${device.name} ${device.maker} ${device.model}`) ||
    values.some(({ quantity, value }) => quantity === 'power' && (value ?? 0) < 0);
  const source = { name: freeName(name, others), kind: makes ? 'production' : 'device', ...(meter && { meter }) };
  return withValues(
    source,
    Object.fromEntries(
      values.map(({ quantity, topic, path, unit }) => [quantity, { topic, path: path ?? '', unit: unit ?? '' }]),
    ),
  );
}

function freeName(name, others) {
  const isFree = (one) => !others.some((other) => other.name === one),
    cut = (end) =>
      [...name]
        .slice(0, LONGEST - end.length)
        .join('')
        .trim() + end;
  for (let n = 1; ; n++) {
    const one = cut(n > 1 ? ` ${n}` : '');
    if (isFree(one)) return one;
  }
}

const EACH = 3000; // ms
const FIRST = 1000; // ms, until all that the broker retains has come
const PATIENCE = 3; // answers without a connection to the broker: it takes a moment

/**
 * section: that of the sources, once it is there; meter: whom new ones are behind, if there are several.
 * @param {() => Section} section
 * @param {string | undefined} meter
 */
export function foundDevices(section, meter) {
  const list = h('ul', { class: 'plain found-devices' }),
    state = h('p', { class: 'note', role: 'status' }, W.found.searching),
    node = h('div', null, h('h3', null, W.found.title), h('p', { class: 'note' }, W.found.help), state, list);
  let drawn = '',
    unanswered = 0;
  const sources = () => section().place.get() ?? [];
  /** @type {(one: Choice, isTicked: boolean) => void} */
  function tick(one, isTicked) {
    section().place.set(withChoice(sources(), one, isTicked, meter));
    section().redraw();
  }
  /** @type {Choice[]} */
  let choices = [];
  /** Ticks as the section has it, whoever changed it. */
  function refresh() {
    list.querySelectorAll('input').forEach((box, i) => {
      box.checked = isFollowed(sources(), choices[i]);
    });
  }
  /** @param {Discovered} answer */
  function show(answer) {
    unanswered = answer.connected ? 0 : unanswered + 1;
    say(state, stateOf(answer, unanswered < PATIENCE));
    choices = answer.devices.flatMap(choicesOf);
    const shape = JSON.stringify([answer.devices.map(withoutNumbers), answer.meters.map(({ port }) => port)]);
    if (shape !== drawn)
      keepingFocus(
        list,
        entries(answer, (i, isTicked) => tick(choices[i], isTicked)),
      );
    drawn = shape;
    refresh();
    list.querySelectorAll('.now').forEach((now, i) => {
      now.textContent = f.joined(choices[i].values.map(written));
    });
  }
  async function watch() {
    const isSeen = !document.hidden && !node.closest('details:not([open])');
    const answer = isSeen && (await api.discovered().catch(() => null));
    if (!node.isConnected) return;
    if (answer) show(answer);
    setTimeout(watch, answer && !answer.complete ? FIRST : EACH);
  }
  setTimeout(watch);
  return { node, refresh };
}

/**
 * The sources, and above them what is found.
 * @param {{meter: Meter | null, meters: Meter[], section: import('./contract.js').MakeSection, form: any,
 *   told?: (outcome: import('../../parts/changes.js').Outcome) => void}} options
 */
export function sourcesSection({ meter, meters, section, form, told = () => {} }) {
  const found = foundDevices(() => sources, meters.length > 1 ? meter?.id : undefined);
  /** @type {Section} */
  const sources = section('sources', {
    form: { ...form, item: { ...form.item, widget: 'source' } },
    above: found.node,
    told(outcome) {
      found.refresh();
      told(outcome);
    },
  });
  if (meter) setTimeout(() => watch(sources.node, meter.id));
  return sources;
}

/** @type {(list: HTMLElement, nodes: HTMLElement[]) => void} */
function keepingFocus(list, nodes) {
  const focused = list.contains(document.activeElement) && document.activeElement?.getAttribute('data-key');
  list.replaceChildren(...nodes);
  [...list.querySelectorAll('input')].find((box) => box.dataset.key === focused)?.focus();
}

/** Meters, then devices with a box for each of their choices. */
function entries({ meters, devices }, tick) {
  let number = 0;
  return [
    ...meters.map(({ label }) =>
      h('li', null, h('p', null, W.found.meter(label), ' ', toSettings('port', W.found.toPort))),
    ),
    ...devices.map((device) => {
      const choices = choicesOf(device).map((one) => {
        const mine = number++;
        return choice(one, (isTicked) => tick(mine, isTicked));
      });
      return h('li', null, !choices.length && h('p', null, device.name), choices, unreadable(device));
    }),
  ];
}

const withoutNumbers = ({ values, ...device }) => ({ ...device, values: values.map(({ value: _, ...rest }) => rest) });

/** Said once: a text that stays is not heard again. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

/** @type {(answer: Discovered, isPatient: boolean) => string} */
function stateOf({ connected, complete, devices, meters, refused_topics: refused }, isPatient) {
  if (refused.length) return W.found.refused(refused.join(', '));
  if (!complete) return connected || isPatient ? W.found.searching : W.found.silent;
  return devices.length + meters.length ? '' : W.found.nothing;
}

/** @type {(choice: Choice, tick: (isTicked: boolean) => void) => HTMLElement} */
function choice({ device, name, values }, tick) {
  const topics = [...new Set(values.map(({ topic }) => topic))];
  return h(
    'label',
    { class: 'choice-line' },
    h('input', {
      type: 'checkbox',
      'data-key': `${values[0].topic} ${values[0].path}`,
      onchange: ({ currentTarget }) => tick(currentTarget.checked),
    }),
    h(
      'span',
      null,
      h('span', { class: 'hidden' }, W.found.follow),
      name,
      ' ',
      h('strong', { class: 'now' }),
      h('span', { class: 'note' }, f.joined([f.joined([device.maker, device.model], ' '), ...topics])),
    ),
  );
}

/** @type {(value: Value) => string} */
function written({ quantity, value, unit }) {
  if (value == null || unit == null) return '';
  if (quantity === 'power') return f.power(value * (unit === 'kW' ? 1000 : 1), 'W');
  return `${f.kwh(value * IN_KWH[unit] * 1000, 2)} kWh`;
}

/** What cannot be followed, and why. @type {(device: Device) => HTMLElement[]} */
const unreadable = ({ values }) =>
  values
    .filter(({ path }) => path == null)
    .map(({ name, reason }) => remark(W.found.unreadable(name, W.found.reasons[reason ?? ''])));
