/**
 * Offers in order of their cost, those that cannot be ranked apart, and what there is to say: of one's own when it is
 * the cheapest, by how much the next one is dearer; of another one, how much it would have saved. null: nothing.
 */
export function ranking(offers) {
  const ranked = offers.filter((o) => o.rankable).sort((a, b) => a.total - b.total),
    partial = offers.filter((o) => !o.rankable),
    yours = ranked.find((o) => o.yours) ?? null,
    [best, next] = ranked;
  /** @type {{yours: boolean, name: string, less: number} | null} */
  let verdict = null;
  if (yours && next) {
    verdict = best.yours
      ? { yours: true, name: best.name, less: next.total - best.total }
      : { yours: false, name: best.name, less: yours.total - best.total };
  }
  return { ranked, partial, yours, verdict };
}

/** Why there is nothing to compare, a key of T.tempo; the server only says that it is so. */
export function whyNothing({ first, subscribed }, today) {
  if (!first || first >= today) return 'tooSoon'; // days are compared when they are over
  return subscribed ? 'noOffers' : 'noContract';
}

/** A verdict on a part of a year begins with that; days and without as `compare` has them, words of T.tempo. */
export function overPart({ days, without }, sentence, words) {
  if (days >= 360) return sentence;
  const months = Math.min(Math.round(days / 30.4), 11);
  return `${words.over(months, days)}${without ? ` ${words.without[without]}` : ''}, ${sentence[0].toLowerCase()}${sentence.slice(1)}`;
}
