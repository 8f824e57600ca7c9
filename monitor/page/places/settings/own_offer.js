// One's own prices, as a bill has them: a price of the kWh by tariff period and the subscription of a month, with all
// taxes, from a day on; several such versions, as prices change.
import { h, icon } from '../../base/dom.js';
import { REGISTERS } from '../../base/offers.js';
import { register } from '../../base/tariff.js';
import { below, drawn } from './form.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Place} from './form.js' */

const ID = 'mes-prix';

/** The tariff periods that a meter counts by. @type {(meter: Meter | null) => string[]} */
export function periodsOf(meter) {
  const names = Object.keys(REGISTERS).filter((name) => REGISTERS[name].offer === meter?.structure);
  return names.length ? names : ['BASE'];
}

/**
 * An offer that begins, in a list that has others.
 * @type {(offers: {id: string}[], row: object) => any}
 */
export function newOffer(offers, row) {
  let n = 1;
  const name = () => (n === 1 ? ID : `${ID}-${n}`);
  while (offers.some(({ id }) => id === name())) n++;
  return { id: name(), name: n === 1 ? W.own.name : `${W.own.name} ${n}`, rows: [row] };
}

/** A version with the same periods and powers, without amounts. @type {(row: any, from: string) => any} */
export function newVersion(row, from) {
  const empty = (amounts) => Object.fromEntries(Object.keys(amounts ?? {}).map((key) => [key, null]));
  return { from, kwh: empty(row.kwh), subscription: empty(row.subscription) };
}

/** Whether all amounts of all versions are there: half of a price would be refused. */
export const isWhole = (prices) =>
  (prices.offers ?? []).every(({ rows = [] }) =>
    rows.every(
      (row) =>
        row.from && [row.kwh, row.subscription].every((part) => Object.values(part ?? {}).every((v) => v != null)),
    ),
  );

/** Of a home without a rule of its own: what a bill can say of it. */
const isSimple = (offer) =>
  !offer.rule &&
  (offer.rows ?? []).every((row) => Object.keys(row).every((key) => ['from', 'kwh', 'subscription'].includes(key)));

/**
 * take: makes an offer that of the contract. more: what else is declared of prices.
 * @param {{meter: Meter | null, today: string, place: Place, more: HTMLElement[],
 *   take: (offer: any, button: HTMLButtonElement) => void, isTaken: (id: string) => boolean}} options
 */
export function ownOffers({ meter, today, place, more, take, isTaken }) {
  const offers = below(place, 'offers'),
    list = h('div', { class: 'entries' }),
    power = Math.round((meter?.subscribed ?? 6000) / 1000);
  const all = () => offers.get() ?? [];
  const redrawn = (where, next) => {
    where.set(next);
    draw();
  };
  const set = (next) => redrawn(offers, next);
  function draw() {
    list.replaceChildren(...all().flatMap((offer, i) => (isSimple(offer) ? [card(offer, i)] : [])));
  }
  function card(offer, i) {
    const at = below(offers, i),
      rows = below(at, 'rows');
    return h(
      'div',
      { role: 'group', 'aria-label': offer.name || offer.id, 'data-at': at.at },
      drawn({ kind: 'text', required: true, label: W.own.label, longest: 60, widget: '' }, below(at, 'name'), TOOLS),
      offer.rows.map((row, k) => version(row, k, rows, offer.rows.length)),
      h(
        'div',
        { class: 'actions' },
        !isTaken(offer.id) &&
          h(
            'button',
            { class: 'button', type: 'button', onclick: ({ currentTarget }) => take(all()[i], currentTarget) },
            W.own.mine,
          ),
        h(
          'button',
          {
            class: 'link-button',
            type: 'button',
            onclick: () => redrawn(rows, [...rows.get(), newVersion(rows.get().at(-1), today)]),
          },
          W.own.version,
        ),
        h(
          'button',
          { class: 'link-button', type: 'button', onclick: () => set(all().filter((_, k) => k !== i)) },
          W.remove,
          h('span', { class: 'hidden' }, ` ${offer.name}`),
        ),
      ),
    );
  }
  function version(row, k, rows, count) {
    const at = below(rows, k),
      amount = (part, key, label, unit) =>
        drawn({ kind: 'number', required: true, label, unit }, below(below(at, part), key), TOOLS);
    return h(
      'fieldset',
      { class: 'record', 'data-at': at.at },
      h('legend', { class: 'hidden' }, W.own.versionNumber(k + 1)),
      drawn({ kind: 'day', required: true, label: W.own.from }, below(at, 'from'), TOOLS),
      Object.keys(row.kwh ?? {}).map((name) => amount('kwh', name, register(name).long, W.own.perKwh)),
      Object.keys(row.subscription ?? {}).map((kva) =>
        amount('subscription', kva, W.own.subscription(kva), W.own.perMonth),
      ),
      count > 1 &&
        h(
          'button',
          {
            class: 'link-button',
            type: 'button',
            onclick: () =>
              redrawn(
                rows,
                rows.get().filter((_, i) => i !== k),
              ),
          },
          W.own.removeVersion,
        ),
    );
  }
  const add = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: () => {
        const kwh = Object.fromEntries(periodsOf(meter).map((name) => [name, null]));
        set([...all(), newOffer(all(), { from: `${today.slice(0, 7)}-01`, kwh, subscription: { [power]: null } })]);
        /** @type {HTMLElement | null} */ (list.lastElementChild?.querySelector('input'))?.focus();
      },
    },
    icon('plus'),
    W.own.add,
  );
  draw();
  return {
    node: h(
      'div',
      { 'data-at': place.at },
      h('h3', null, W.own.title),
      h('p', { class: 'note' }, W.own.help),
      list,
      add,
      more,
    ),
    draw,
  };
}

const TOOLS = { widgets: {}, nameOf: () => /** @type {const} */ ('entry') };
