// What is chosen otherwise than by its kind: a meter, an offer, hours of the day.
import { h, icon } from '../../base/dom.js';
import { choice, field } from './form.js';
import { source } from './devices.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Node, Place, Widgets} from './form.js' */
/** @typedef {{id: string, name: string, supplier: string}} Offer */

/**
 * meters: that may be chosen; offers: that a contract may have; observed: off-peak hours that the meter has shown.
 * @type {(house: {meters: Meter[], offers: () => Offer[], observed?: string[]}) => Widgets}
 */
export function widgetsOf({ meters, offers, observed = [] }) {
  return {
    meter: (node, place) => (isOnly(node, place, meters) ? null : field(node, place, chosenMeter(node, place, meters))),
    offer: (node, place) => chosenOffer(node, place, offers()),
    windows: (node, place) => offPeak(node, place, observed),
    source,
  };
}

/** One of one meter need not be chosen: it is filled in. */
function isOnly(node, place, meters) {
  if (meters.length !== 1 || (place.get() != null && place.get() !== meters[0].id)) return false;
  if (node.required && place.get() == null) queueMicrotask(() => place.set(meters[0].id));
  return true;
}

/** @type {(node: Node, place: Place, meters: Meter[]) => HTMLElement} */
function chosenMeter(node, place, meters) {
  const choices = meters.map(({ id, name }) => ({ value: id, label: name ?? id }));
  return choice({ ...node, choices }, place.get(), (value) => place.set(value ?? undefined));
}

const SEARCHED = 12; // offers from which a search helps

/**
 * Offers by supplier, and a search in their names.
 * @type {(node: Node, place: Place, offers: Offer[]) => HTMLElement}
 */
function chosenOffer(node, place, offers) {
  const list = h('select', { required: node.required, onchange: () => place.set(list.value) }),
    whole = field(node, place, list);
  function fill(text) {
    const words = plain(text).split(/\s+/).filter(Boolean),
      value = place.get() ?? '',
      fits = ({ supplier, name, id }) => words.every((word) => plain(`${supplier} ${name} ${id}`).includes(word)),
      shown = offers.filter((one) => one.id === value || fits(one)),
      unknown = value && !offers.some(({ id }) => id === value);
    list.replaceChildren(
      ...[!value && option('', W.choose, true), unknown && option(value, value, true)].filter(
        (one) => one !== false && one !== '',
      ),
      ...[...new Set(shown.map(({ supplier }) => supplier))].map((supplier) =>
        h(
          'optgroup',
          { label: supplier || W.offers.own, lang: 'fr' },
          shown.filter((one) => one.supplier === supplier).map(({ id, name }) => option(id, name, id === value)),
        ),
      ),
    );
  }
  fill('');
  if (offers.length > SEARCHED) {
    const search = h('input', {
      type: 'search',
      'aria-label': W.offers.search,
      placeholder: W.offers.search,
      autocomplete: 'off',
      oninput: () => fill(search.value),
    });
    list.before(search);
    list.parentElement?.classList.add('stacked');
  }
  whole.classList.add('wide');
  return whole;
}
const option = (value, text, selected) => h('option', { value, selected }, text);
/** For a search: without accents and capitals. */
export const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export const WINDOW = /^(\d\d?:\d\d)-(\d\d:\d\d)$/;
const NEW = '22:00-06:00';

/**
 * Off-peak hours: as the meter shows them, or by hand, the same all year or by season.
 * @type {(node: Node, place: Place, observed: string[]) => HTMLElement}
 */
function offPeak(node, place, observed) {
  const body = h('div'),
    kindOf = (value) => (value == null ? 'meter' : Array.isArray(value) ? 'year' : 'seasons');
  const turned = {
    meter: () => undefined,
    year: (value) => value?.winter ?? (observed.length ? observed : [NEW]),
    seasons: (value) => ({ winter: value ?? [NEW], summer: value ?? [NEW] }),
  };
  function draw() {
    const value = place.get();
    body.replaceChildren(
      ...(value == null
        ? []
        : Array.isArray(value)
          ? [windowList(value, node.label, (next) => again(next), place.at)]
          : ['winter', 'summer'].flatMap((season) => [
              h('p', { class: 'note' }, W.offPeak[season]),
              windowList(
                value[season] ?? [],
                W.offPeak[season],
                (next) => again({ ...value, [season]: next }),
                `${place.at}.${season}`,
              ),
            ])),
    );
  }
  function again(value) {
    place.set(value);
    draw();
  }
  const select = h(
    'select',
    { onchange: ({ currentTarget }) => again(turned[currentTarget.value](place.get())) },
    ['meter', 'year', 'seasons'].map((kind) => option(kind, W.offPeak[kind], kind === kindOf(place.get()))),
  );
  const help = observed.length ? W.offPeak.observed(observed.join(', ')) : node.help;
  const whole = field({ ...node, help }, place, select);
  whole.classList.add('wide');
  whole.querySelector('.value')?.after(body);
  draw();
  return whole;
}

/** @type {(windows: string[], label: string | undefined, set: (windows: string[]) => void, at: string) => HTMLElement} */
function windowList(windows, label, set, at) {
  const at_ = (i, from, to) => set(windows.map((one, k) => (k === i ? `${from}-${to}` : one)));
  const one = (text, i) => {
    const [, from = '', to = ''] = WINDOW.exec(text) ?? [];
    const end = to === '24:00' ? '00:00' : to;
    return h(
      'li',
      { class: 'window-line', 'data-at': `${at}[${i}]` },
      timeField(from.padStart(5, '0'), W.offPeak.from, (next) => at_(i, next, to)),
      '–',
      timeField(end, W.offPeak.to, (next) => at_(i, from, next)),
      windows.length > 1 &&
        h(
          'button',
          {
            class: 'round',
            type: 'button',
            'aria-label': `${W.remove} ${text}`,
            onclick: () => set(windows.filter((_, k) => k !== i)),
          },
          icon('minus'),
        ),
    );
  };
  return h(
    'div',
    { role: 'group', 'aria-label': label },
    h('ul', null, windows.map(one)),
    h('button', { class: 'link-button', type: 'button', onclick: () => set([...windows, NEW]) }, W.add.windows),
  );
}

export const timeField = (value, name, set) =>
  h('input', {
    type: 'time',
    value,
    required: true,
    'aria-label': name,
    onchange: ({ currentTarget }) => currentTarget.value && set(currentTarget.value),
  });
