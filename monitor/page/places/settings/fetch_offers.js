// What a service proposes: newer prices, which are taken by a click and given back by another, and a newer release.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { refusal } from '../../parts/refusal.js';
import { W } from './words.js';

/**
 * before, after: €/kWh or €/month; null: there was none, or there is none any more.
 * @typedef {{id: string, source: string, date: string | null, name: string, from: string, taken: boolean,
 *   rows: {name: string, unit: string, before: number | null, after: number | null}[],
 *   bill: {month: string, before: {euros: number | null}, after: {euros: number | null}} | null}} Proposal
 * @typedef {{version: string | null, published: string | null, how: string, url: string | null}} Release
 */

/** @type {(name: string, offers: any, look: () => Promise<void>) => HTMLElement[]} */
export function proposals(name, offers, look) {
  if (!offers) return [];
  if (name === 'release') return [release(offers)];
  return name === 'prices' && Array.isArray(offers) ? offers.map((one) => card(one, look)) : [];
}

/** @param {Release} offered */
const release = ({ version, published, how, url }) =>
  h(
    'p',
    { class: 'said' },
    icon('info'),
    h(
      'span',
      null,
      version && `${W.fetch.release(version, published ? f.fullDate(published.slice(0, 10)) : '')} `,
      how,
      url ? [' ', h('a', { href: url, target: '_blank', rel: 'noreferrer' }, W.fetch.releaseNotes)] : null,
    ),
  );

/** @type {(offer: Proposal, look: () => Promise<void>) => HTMLElement} */
function card(offer, look) {
  const status = h('span', { role: 'status' });
  const button = h(
    'button',
    {
      class: offer.taken ? 'link-button' : 'button',
      type: 'button',
      onclick: async () => {
        button.disabled = true;
        try {
          await (offer.taken ? api.giveBackPrices(offer.id) : api.takePrices(offer.id));
          await look();
        } catch (error) {
          if (error.status === undefined) throw error;
          status.replaceChildren(icon('warn'), ...refusal(error));
        }
        button.disabled = false;
      },
    },
    offer.taken ? W.undo : W.fetch.take,
    h('span', { class: 'hidden' }, ` ${offer.name}`),
  );
  return h(
    'article',
    { class: 'proposal', 'aria-label': offer.name },
    h('h4', null, offer.name),
    h(
      'p',
      { class: 'note' },
      f.joined([
        W.fetch.from(f.fullDate(offer.from)),
        `${offer.source}${offer.date ? `, ${f.fullDate(offer.date.slice(0, 10))}` : ''}`,
      ]),
    ),
    h(
      'ul',
      { class: 'plain lines' },
      offer.rows.map((one) => h('li', null, h('span', null, one.name), h('span', null, step(one)))),
    ),
    billOf(offer) && h('p', null, billOf(offer)),
    h('p', { class: 'status-line' }, offer.taken && [icon('ok'), W.fetch.taken], button, status),
  );
}

/** Before and after, as prices are written. @type {(row: Proposal['rows'][number]) => string} */
export function step({ before, after, unit }) {
  const write = (price) => f.number(price, unit === '€/kWh' ? 4 : 2);
  return `${f.known(before, write)} → ${f.known(after, write)} ${unit}`;
}

/** What the last month that is over would have cost; null: it cannot be told. @type {(offer: Proposal) => string | null} */
export function billOf({ bill }) {
  if (!bill || bill.before.euros == null || bill.after.euros == null) return null;
  return W.bill.change(f.monthYear(`${bill.month}-01`), f.euro(bill.before.euros), f.euro(bill.after.euros));
}
