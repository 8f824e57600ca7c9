import { joined } from '../../base/format.js';

/** So many of the cheapest offers are shown at first. */
const FIRST = 5;

export const titleOf = ({ supplier, name }) => joined([supplier, name]);

/**
 * Offers in their order; of these `shown`: all, or the cheapest and one's own.
 * @template {{rank: number | null, yours: boolean}} Offer
 * @param {Offer[]} offers
 */
export function among(offers, all = false) {
  const ranked = offers.filter((o) => o.rank != null);
  return {
    ranked,
    shown: ranked.filter((o, i) => all || i < FIRST || o.yours),
    yours: ranked.find((o) => o.yours) ?? null,
  };
}

/**
 * The offers that have these values, such as {kind: 'fixed'}, and one's own beside them. A value that no offer has
 * filters nothing: a link may be older than the list.
 * @template {{yours: boolean}} Offer
 * @param {Offer[]} offers
 * @param {Partial<Record<keyof Offer, any>>} values
 */
export function chosen(offers, values) {
  const held = Object.entries(values).filter(([key, value]) => offers.some((o) => o[key] === value));
  return offers.filter((o) => o.yours || held.every(([key, value]) => o[key] === value));
}

/**
 * Offers that have no place in the ranking, by the sentence that says why: {text, why, names}.
 * @param {{refused: string | null, why: string | null, supplier: string, name: string}[]} offers
 */
export function refusals(offers) {
  const texts = [...new Set(offers.map((o) => o.refused))];
  return texts.map((text) => {
    const these = offers.filter((o) => o.refused === text);
    return { text, why: these[0].why, names: these.map(titleOf) };
  });
}

/** Why there is nothing to compare, a key of CONTRACTS; the server only says that it is so. */
export function whyNothing({ first, known_since: since, subscribed }, today) {
  const begin = first ?? since;
  if (!begin || begin >= today) return 'tooSoon'; // days are compared when they are over
  return subscribed ? 'noOffers' : 'noContract';
}
