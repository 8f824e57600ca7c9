// Which port the meter is at, where a reader lets the page choose it: an adapter at the reader, or a meter that another
// device decodes. A port that is fixed where the reader runs is only shown.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { field, say } from './form.js';
import { said } from './port_said.js';
import { portOf, readPort } from './port_text.js';
import { namesOf } from './port_values.js';
import { W } from './words.js';

/** @import {Discovered, Ports} from '../../../../deploy/page/answers' */
/** @import {Place} from './form.js' */
/** @typedef {Ports['readers'][number]} Reader */
/** @typedef {{name: string, label: string, present: boolean, kept?: string | null}} Row kept: why it cannot be chosen */

/** The meter that a reader makes up, for whoever has no adapter yet. */
const SIMULATED = 'simulate://standard-single-phase-tempo';
export const isSimulated = (port) => port === SIMULATED;
const EACH = 5000; // ms
const LONGEST = 200; // characters of what a port is called
export const isTopic = (port) => port.startsWith('mqtt:');
const topicOf = (port) => readPort(port).topic;

/** @type {(readers: Reader[]) => boolean} */
export const canChoose = (readers) => readers.some(({ asks }) => asks);

/**
 * The ports that are chosen for a reader. The section has those of one; another goes on with its own.
 * @type {(value: any, reader: Pick<Reader, 'reader' | 'offers'>) => string[]}
 */
export const chosenOf = (value, { reader, offers }) =>
  value?.reader === reader ? value.ports : offers.filter(({ chosen }) => chosen).map(({ name }) => name);

/**
 * What the section `ports` has once a port of a reader is chosen, or no more.
 * @type {(value: any, reader: Pick<Reader, 'reader' | 'offers'>, row: {name: string, label: string}, isChosen: boolean) => any}
 */
export function withPort(value, reader, { name, label }, isChosen) {
  const others = chosenOf(value, reader).filter((port) => topicOf(port) !== topicOf(name)),
    labels = Object.entries(value?.labels ?? {}).filter(([port]) => others.includes(port));
  const called = isChosen && label !== name ? plain(label) : '';
  if (called && !isSimulated(name)) labels.push([name, called]);
  return { reader: reader.reader, ports: isChosen ? [...others, name] : others, labels: Object.fromEntries(labels) };
}

/** Of one line, as the section takes it. */
const plain = (label) => [...label.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()].slice(0, LONGEST).join('');

/**
 * What there is to choose from: what a reader offers, and what was chosen and is not offered yet, or no more.
 * @type {(value: any, reader: Reader) => Row[]}
 */
export function rowsOf(value, reader) {
  const chosen = chosenOf(value, reader),
    offered = reader.offers.map(({ name, label, present, kept }) => ({
      label,
      present,
      kept,
      name: chosen.find((port) => topicOf(port) === topicOf(name)) ?? name,
    })),
    missing = chosen.filter((port) => !offered.some(({ name }) => name === port));
  const called = (name, label) => value?.labels?.[name] ?? (label || topicOf(name).replace(/^mqtt:/, ''));
  return [...offered, ...missing.map((name) => ({ name, label: '', present: true, kept: null }))].map(
    ({ name, label, ...rest }) => ({ ...rest, name, label: called(name, label) }),
  );
}

/** @type {(place: Place, readers: Reader[]) => HTMLElement} */
export function portChoice(place, readers) {
  const body = h('div', { 'data-at': place.at }),
    forms = new Map(); // what somebody may be filling in, by reader and topic
  /** @type {Discovered['meters']} */
  let meters = [],
    known = readers,
    drawn = '';
  const state = () => JSON.stringify([known, meters]);
  function kept(key, make) {
    if (!forms.has(key)) forms.set(key, make());
    return forms.get(key);
  }
  function draw() {
    drawn = state();
    const focused = document.activeElement?.getAttribute('data-port');
    const asking = known.filter(({ asks }) => asks);
    body.replaceChildren(...asking.map((reader) => choices(reader, asking.length > 1)));
    if (focused)
      /** @type {HTMLElement | null} */ (body.querySelector(`[data-port="${CSS.escape(focused)}"]`))?.focus();
  }
  function choices(reader, isOneOfMore) {
    const rows = rowsOf(place.get(), reader),
      serial = rows.filter(({ name }) => !isTopic(name) && !isSimulated(name)),
      decoded = rows.filter(({ name }) => isTopic(name)),
      trial = { name: SIMULATED, label: W.ports.simulated, present: true },
      row = (one) => line(reader, one, rows);
    return h(
      'fieldset',
      null,
      h('legend', { class: isOneOfMore ? 'reader' : 'hidden' }, W.ports.of(reader.reader)),
      h('h3', null, W.ports.serial),
      serial.map(row),
      serial.length > 1 && h('p', { class: 'note' }, W.ports.which),
      !serial.length && h('p', { class: 'muted' }, W.ports.none),
      h('h3', null, W.ports.decoded),
      h('p', { class: 'note' }, decoded.length > 0 ? W.ports.limits : W.ports.noneDecoded),
      decoded.map(row),
      kept(reader.reader, () => typed(place, (port) => tried(reader, { name: port, label: '' }))),
      h('h3', null, W.ports.trial),
      row(trial),
      h('p', { class: 'note' }, W.ports.trialMore),
    );
  }
  function line(reader, { name, label, present, kept: taken }, rows) {
    const isTwice = rows.filter((one) => one.label === label).length > 1,
      isChosen = chosenOf(place.get(), reader).includes(name),
      why = !isChosen && taken ? W.ports.kept[taken] : '',
      topic = topicOf(name),
      key = JSON.stringify([reader.reader, topic]),
      values = meters.find(({ port }) => port === topic)?.values ?? [],
      read = reader.reads.find((one) => topicOf(one.name) === topic);
    const isNamed = values.length > 0 || name !== topic || read?.why === 'no_labels';
    const names = () => kept(key, () => namesOf(name, (port) => tried(reader, { name: port, label })));
    const onchange = ({ currentTarget: { checked } }) => {
      forms.delete(key);
      if (checked && isNamed) names();
      else choose(reader, { name, label }, checked);
      draw();
    };
    const input = h('input', {
      type: 'checkbox',
      checked: isChosen || forms.has(key),
      disabled: !!why,
      'data-port': JSON.stringify([reader.reader, name]),
      onchange,
    });
    const open = () => {
      names();
      draw();
    };
    const also = h('span', { class: 'note' }, f.joined([isTwice && topic, !present && W.ports.gone, why]));
    forms.get(key)?.show?.(values);
    return h(
      'div',
      { class: 'port' },
      h('label', { class: `choice-line${why ? ' muted' : ''}` }, input, h('span', null, label, also)),
      isChosen && said(reader, read, topic),
      isChosen &&
        isNamed &&
        !forms.has(key) &&
        h('button', { class: 'link-button', type: 'button', onclick: open }, W.ports.names.change),
      forms.get(key)?.node,
    );
  }
  function choose(reader, row, isChosen) {
    forms.delete(JSON.stringify([reader.reader, topicOf(row.name)]));
    const now = known.find((one) => one.reader === reader.reader) ?? reader; // a form may be of a while ago
    place.set(withPort(place.get(), now, row, isChosen));
    draw();
  }
  /** Chooses a port unless the server says what is wrong with it, which is returned. */
  async function tried(reader, row) {
    const answer = await api
      .tryOut('ports', { reader: null, ports: [row.name], labels: {} })
      .catch((problem) => ({ errors: problem.errors ?? [problem] }));
    if (!answer.errors.length) choose(reader, row, true);
    return answer.errors[0]?.detail ?? '';
  }
  const isTypedIn = () => body.contains(document.activeElement) && !document.activeElement?.matches('[data-port]');
  async function follow() {
    if (!body.closest('.group:not([open])')) await look();
    if (body.isConnected) setTimeout(follow, EACH);
  }
  async function look() {
    const [ports, found] = await Promise.all([api.ports().catch(() => null), api.discovered().catch(() => null)]);
    known = ports?.readers ?? known;
    meters = found?.meters ?? meters;
    if (state() !== drawn && !isTypedIn()) draw();
  }
  draw();
  follow();
  return body;
}

/**
 * A topic that nothing announces.
 * @type {(place: Place, choose: (port: string) => Promise<string>) => HTMLElement}
 */
function typed(place, choose) {
  const input = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const node = field(
    { kind: 'text', label: W.ports.topic, help: W.ports.topicHelp },
    { ...place, at: `${place.at}.typed` },
    input,
  );
  async function listen() {
    const problem = await choose(portOf(input.value));
    say(node, problem);
    if (problem) input.focus();
    else input.value = '';
  }
  return h(
    'details',
    { class: 'other' },
    h('summary', null, W.ports.other),
    node,
    h('button', { class: 'button', type: 'button', onclick: listen }, W.ports.listen),
  );
}

/** What is fixed elsewhere. @type {(readers: Reader[]) => HTMLElement[]} */
export const fixedPorts = (readers) =>
  readers
    .filter(({ asks }) => !asks)
    .flatMap((reader) =>
      reader.reads.map((read) =>
        h(
          'div',
          { class: 'fixed' },
          h('p', null, W.ports.fixed(reader.reader, topicOf(read.name).replace(/^mqtt:/, ''))),
          said(reader, read, read.name),
          isTopic(read.name) && h('p', { class: 'note' }, W.ports.limits),
        ),
      ),
    );
