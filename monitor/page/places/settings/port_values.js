// A meter whose owner chose the names of its values, as with ESPHome: the form that says what each is.
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { language } from '../../base/i18n.js';
import { REGISTERS } from '../../base/offers.js';
import { choice, field, say } from './form.js';
import { guessed, isRegister, LABELS, modeOf, registerOf } from './port_labels.js';
import { readPort, writePort } from './port_text.js';
import { W } from './words.js';

/** @import {Guess, Values} from './port_labels.js' */

/**
 * The form of a port; `show` takes what its values are now. choose: answers what is wrong with what was chosen.
 * @type {(port: string, choose: (port: string) => Promise<string>) => {node: HTMLElement, show: (values: Values) => void}}
 */
export function namesOf(port, choose) {
  const { topic, ...saved } = readPort(port),
    node = h('div', { class: 'names record', role: 'group', 'aria-label': W.ports.names.title });
  /** @type {Values} */
  let values = [];
  /** @type {Guess | null} */
  let draft = saved.labels.size > 0 ? { ...saved, mode: modeOf([...saved.labels.values()]) } : null;

  function draw() {
    if (!draft) return node.replaceChildren(h('p', { class: 'muted wide' }, W.ports.names.none));
    const focused = document.activeElement?.getAttribute('data-name'),
      given = draft;
    const rows = [
      h('p', { class: 'note wide' }, W.ports.names.help),
      modeField(given, change),
      ...all(given).map((value) => valueField(given, value, change)),
      unitField(given, values, change),
      h(
        'div',
        { class: 'wide' },
        h('button', { class: 'button', type: 'button', onclick: () => finish(given) }, W.ports.names.read),
      ),
    ];
    node.replaceChildren(...rows.filter((one) => one !== null));
    const again = [...node.querySelectorAll('select')].find((one) => one.getAttribute('data-name') === focused);
    again?.focus();
  }
  function change(next) {
    draft = next;
    draw();
  }
  /** Those that come, and those that were labelled once. @type {(given: Guess) => Values} */
  const all = ({ labels }) => [
    ...values,
    ...[...labels.keys()]
      .filter((name) => !values.some((one) => one.name === name))
      .map((name) => ({ name, label: null, value: null })),
  ];
  /** @type {(given: Guess) => Promise<void>} */
  async function finish({ labels, unit }) {
    const hasRegister = [...labels.values()].some(isRegister);
    if (!labels.size) wrong(W.ports.names.missing);
    else if (hasRegister && !unit) wrong(W.ports.names.unitMissing);
    else wrong(await choose(writePort({ topic, unit: hasRegister ? unit : '', labels })));
  }
  function wrong(text) {
    say(node, text);
    node.lastElementChild?.classList.add('wide');
  }
  draw();
  return {
    node,
    show(now) {
      if (JSON.stringify(now) === JSON.stringify(values)) return;
      values = now;
      draft ??= guessed(values);
      draw();
    },
  };
}

/** One choice. @type {(name: string, node: object, value: any, set: (value: any) => void) => HTMLElement} */
function asked(name, node, value, set) {
  const whole = { kind: 'choice', ...node },
    input = choice(whole, value, set);
  input.setAttribute('data-name', name);
  return field(whole, { at: name, get: () => value, set }, input);
}

/** @type {(given: Guess, change: (next: Guess) => void) => HTMLElement} */
function modeField(given, change) {
  const choices = Object.keys(LABELS).map((value) => ({ value, label: W.ports.names.modes[value] }));
  return asked('mode', { label: W.ports.names.mode, choices, required: true }, given.mode, (mode) =>
    change({ ...given, mode, labels: new Map([...given.labels].filter(([, label]) => LABELS[mode].includes(label))) }),
  );
}

/** @type {(given: Guess, value: Values[number], change: (next: Guess) => void) => HTMLElement} */
function valueField(given, { name, value }, change) {
  const choices = LABELS[given.mode].map((label) => ({ value: label, label: word(label) })),
    help = value == null ? '' : W.ports.names.now(shown(value));
  return asked(`value ${name}`, { label: name, help, choices }, given.labels.get(name) ?? null, (label) => {
    const labels = new Map([...given.labels].filter(([other, taken]) => other !== name && taken !== label));
    change({ ...given, labels: label ? labels.set(name, label) : labels });
  });
}

/** What its unit would mean; null: there is no register. @type {(given: Guess, values: Values, change: (next: Guess) => void) => HTMLElement | null} */
function unitField(given, values, change) {
  if (![...given.labels.values()].some(isRegister)) return null;
  const value = Number(registerOf(values, given.labels)),
    means = (unit, kwh) => (value ? W.ports.names.means(unit, f.number(kwh)) : unit);
  const choices = [
    { value: 'Wh', label: means('Wh', value / 1000) },
    { value: 'kWh', label: means('kWh', value) },
  ];
  return asked(
    'unit',
    { label: W.ports.names.unit, help: W.ports.names.unitHelp, choices, required: true },
    given.unit || null,
    (unit) => change({ ...given, unit: unit ?? '' }),
  );
}

/** What a label of a frame is called. @type {(label: string) => string} */
export function word(label) {
  const [, stem = '', phase = ''] = /^(.+?)([123])?$/.exec(label) ?? [],
    register = REGISTERS[label]?.[language].long ?? label.replace(/^EASF0?/, '');
  const text = W.ports.labels[label] ?? W.ports.labels[stem];
  return `${text ? f.joined([text, phase && W.ports.phase(phase)], ' ') : W.ports.register(register)} (${label})`;
}

const shown = (value) => f.number(value, Math.min((String(value).split('.')[1] ?? '').length, 3));
