// Now or later: what a wash costs now, and when it costs less.
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { piece } from '../../parts/refresh.js';
import { dateOf, MINUTE, wall } from '../../base/time.js';
import { W } from './words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

const WASH = 1000; // W, as the server takes it
const OLD = 2 * MINUTE; // since a price has changed: nobody has answered meanwhile

/** Null: nothing was known when the view began, and what comes later would push down all that follows. */
export function laterBlock(first, now) {
  if (!choices(first, now).length) return null;
  const shown = piece(
    (said) =>
      said.length > 0 &&
      h(
        'section',
        { class: 'block later', 'aria-labelledby': 'now-later' },
        h('div', { class: 'block-head' }, h('h2', { id: 'now-later' }, W.laterTitle)),
        h(
          'p',
          null,
          `${W.laterWash}${T.colon}`,
          said.map(([amount, when], i) => [i ? ', ' : '', h('strong', { class: 'n' }, amount), ` ${when}`]),
          '.',
        ),
      ),
  );
  return { node: shown.node, show: (later, now) => shown.show(choices(later, now)) };
}

/**
 * Amounts and when they hold; none where the price does not change, as far as it is known, and no roof exports.
 * @param {Answers.Later | null} later
 * @param {number} now
 * @returns {string[][]}
 */
export function choices(later, now) {
  if (later?.price == null || (later.change && now - Date.parse(later.change.at) > OLD)) return [];
  const { price, surplus, change, cheaper } = later;
  if (!surplus && !change) return [];
  const when = (iso, word) => {
    const t = Date.parse(iso),
      { hour, minute } = wall(t),
      day = dateOf(t) === dateOf(now) ? '' : `${T.tomorrow.toLowerCase()} `;
    return day + word(minute ? f.hour(t) : f.hourOnly(hour));
  };
  const others = cheaper.map(({ price, at, colour }) => [
    f.euro(price),
    when(at, W.laterAt) + (colour ? ` (${T.tariff[colour]})` : ''),
  ]);
  if (surplus) {
    const sun = W.laterSun(f.power(surplus.power, 'W'), surplus.power < WASH);
    return [[f.euro(surplus.price), sun], ...(others.length ? others : [[f.euro(price), W.laterNoSun]])];
  }
  if (!others.length && change) others.push([f.euro(change.price), when(change.at, W.laterFrom)]);
  return [[f.euro(price), W.laterNow], ...others];
}
