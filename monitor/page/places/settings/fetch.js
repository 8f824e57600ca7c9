// What this program may ask of others: a switch a service, what is sent to whom, a try, and what came of the last one.
import * as api from '../../base/api.js';
import { h, id } from '../../base/dom.js';
import { below, drawn, field } from './form.js';
import { importsOf, tokenBlock } from './fetch_enedis.js';
import { proposals } from './fetch_offers.js';
import { stateOf } from './fetch_state.js';
import { W } from './words.js';

/** @import {Fetched} from '../../base/api.js' */
/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Node, Place, Widgets} from './form.js' */
/** @typedef {{node: HTMLElement, show: (entry: Fetched) => void}} Row */

const EACH = 3000, // ms between two looks at what was switched on and has not been asked yet
  MOST = 40; // looks

/** @param {{meters: Meter[], section: import('./contract.js').MakeSection, form: Node}} options */
export function fetchGroup({ meters, section, form }) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const towns = h('datalist', { id: id('towns') });
  /** @type {Fetched[]} */
  let entries = [],
    looks = 0;
  async function look() {
    try {
      const answer = await api.fetched();
      entries = answer.providers;
      towns.replaceChildren(...answer.places.map((value) => h('option', { value })));
    } catch (error) {
      if (error.status === undefined) throw error;
    }
    for (const one of entries) rows.get(one.name)?.show(one);
    const isExpected = entries.some(({ on, asked_at: asked, running }) => running || (on && !asked));
    if (isExpected && looks++ < MOST && whole.node.isConnected) setTimeout(look, EACH);
  }
  const draw = (place) => {
    rows.clear();
    for (const node of form.fields ?? []) rows.set(node.name ?? '', row(node, place, widgetsOf(meters, towns), look));
    for (const one of entries) rows.get(one.name)?.show(one);
    return h(
      'div',
      { class: 'outside' },
      [...rows.values()].map(({ node }) => node),
    );
  };
  const whole = section('fetch', {
    draw,
    told({ state }) {
      looks = 0;
      if (['saved', 'undone'].includes(state)) look();
    },
  });
  setTimeout(look);
  return [h('p', { class: 'note' }, W.fetch.help), whole.node];
}

/** One service. @type {(node: Node, whole: Place, widgets: Widgets, look: () => Promise<void>) => Row} */
function row(node, whole, widgets, look) {
  const name = node.name ?? '',
    place = below(whole, name),
    fields = node.kind === 'record' ? (node.fields ?? []) : [],
    on = fields.find((one) => one.name === 'on'),
    tools = { widgets, nameOf: () => /** @type {'entry'} */ ('entry') },
    state = stateOf(name, node.label ?? '', look),
    token = name === 'enedis' ? tokenBlock(look) : null,
    imports = name === 'enedis' ? importsOf() : null,
    offers = h('div', { class: 'entries' });
  const box = drawn(
    { ...(on ?? node), kind: 'switch', label: node.label, help: node.help || on?.help },
    on ? below(place, 'on') : place,
    tools,
  );
  return {
    node: h(
      'div',
      { role: 'group', 'aria-label': node.label, 'data-key': name },
      box,
      h(
        'div',
        { class: 'detail' },
        fields
          .filter((one) => one !== on)
          .map((one) => drawn({ ...one, widget: one.name }, below(place, one.name ?? ''), tools)),
        token?.node,
        state.node,
        imports?.node,
        offers,
      ),
    ),
    show(entry) {
      state.show(entry);
      token?.show(entry.has_token);
      imports?.look();
      offers.replaceChildren(...proposals(name, entry.offers, look));
    },
  };
}

/** Text with what is known of it, to choose from. @type {(meters: Meter[], towns: HTMLElement) => Widgets} */
const widgetsOf = (meters, towns) => ({
  meter: (node, place) =>
    listed(
      node,
      place,
      h(
        'datalist',
        { id: id('known') },
        meters.map(({ id: value, name }) => h('option', { value }, name ?? value)),
      ),
    ),
  place: (node, place) => listed(node, place, towns),
});

/** @type {(node: Node, place: Place, list: HTMLElement) => HTMLElement} */
function listed(node, place, list) {
  const input = h('input', {
    type: 'text',
    autocomplete: 'off',
    maxlength: node.longest,
    placeholder: node.example,
    value: place.get() ?? '',
    // Null, not absent: these are whole values of the section.
    onchange: () => place.set(input.value.trim() || null),
  });
  const whole = field({ ...node, kind: 'text', widget: '' }, place, input);
  input.setAttribute('list', list.id);
  whole.append(list);
  return whole;
}
