// A departure board: what runs now, then what comes, each with its price.
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { piece } from '../../parts/refresh.js';
import { badge, colourBadge, registerBadge } from '../../parts/legend.js';
import { learn, register } from '../../base/tariff.js';
import { at, dateOf, plusDays, tempoDay, MINUTE, wall } from '../../base/time.js';
import { surplusChoices } from '../../sources/sources.js';
import { W } from './words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */
/** Tomorrow's colour across a wall: from the other end of the room, it is what a Tempo home looks for. */
export function tomorrowBand() {
  const shown = piece(
    (isTempo, colour, when, price) =>
      isTempo &&
      h(
        'p',
        { class: `band-tomorrow ${colour ? `day-${colour}` : ''}` },
        h('strong', null, when, ' ', colour ? T.tariff[colour] : T.tomorrowUnknown),
        price && h('span', null, W.fromSix(f.price(price))),
      ),
  );
  return {
    node: shown.node,
    show(live, now) {
      const [today, running] = [dateOf(now), tempoDay(now)],
        price = live.tomorrow && priceAt(live, at(plusDays(running, 1), '06:00'));
      shown.show(Boolean(live.colour), live.tomorrow, running < today ? W.atSix : W.tomorrowIs, price);
    },
  };
}

/** The price from a moment on, where the meter's next registers tell it. */
function priceAt({ next }, moment) {
  return next?.find((row) => Date.parse(row.at) === moment)?.price;
}

export function tariffBlock() {
  const shown = piece((live, today, running) =>
    h('section', { class: 'block tariff', 'aria-labelledby': 'now-tariff' }, board(live, today, running)),
  );
  return {
    node: shown.node,
    show({ register: name, name: word, price, since, until, next, colour, tomorrow, tomorrow_by }, now) {
      // A register of an offer that we do not know has the meter's word.
      if (name && word) learn([name], { [name]: word });
      shown.show(
        { register: name, price, since, until, next, colour, tomorrow, tomorrow_by },
        dateOf(now),
        tempoDay(now),
      );
    },
  };
}

function board(live, today, running) {
  const time = (iso) => {
    const t = Date.parse(iso);
    return dateOf(t) === today ? f.clock(t) : `${T.tomorrow} ${f.clock(t)}`;
  };
  const row = ({ at, register: name, price }) => {
    const { css, short } = register(name);
    return h(
      'li',
      null,
      h('span', { class: 'board-time' }, time(at)),
      badge(css, f.capital(short)),
      h('span', { class: 'n' }, f.price(price)),
    );
  };
  return [
    h(
      'div',
      { class: 'block-head' },
      h('h2', { id: 'now-tariff' }, W.tariff),
      live.price == null ? h('span', { class: 'note' }, W.noPrice) : h('span', { class: 'note' }, '€/kWh'),
    ),
    live.register
      ? h(
          'p',
          { class: 'board-now' },
          registerBadge(live.register, 'large'),
          live.price != null && h('strong', { class: 'n' }, f.price(live.price)),
        )
      : h('p', { class: 'muted' }, T.unknown),
    sentence(live),
    live.next?.length > 0 && h('ul', { class: 'board', 'aria-label': W.board }, live.next.map(row)),
    live.colour && tomorrowLine(live, running < today ? W.atSix : W.tomorrowIs),
  ];
}

function sentence({ since, until }) {
  const hour = (iso) => f.hour(Date.parse(iso));
  const text = since && until ? W.since(hour(since), hour(until)) : since ? W.sinceOnly(hour(since)) : null;
  return text && h('p', { class: 'note' }, f.capital(text));
}

/** Of the next Tempo day, which begins at 6:00: before that hour, it is today's. */
function tomorrowLine({ tomorrow, tomorrow_by: by }, when) {
  if (tomorrow)
    return h(
      'p',
      { class: 'board-unknown' },
      when,
      colourBadge(tomorrow),
      by === 'announced' && h('span', { class: 'note' }, W.beforeMeter),
    );
  const hint = when === W.tomorrowIs ? ` (${W.tomorrowWhen})` : '';
  return h('p', { class: 'board-unknown' }, `${when} ${T.tomorrowUnknown}${hint}.`);
}

// Now or later: what a wash costs now, and when it costs less.
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
 * Amounts and when they hold; none where the price does not change, as far as it is known, and the home exports nothing.
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
  const exporting = surplusChoices(later, WASH, others);
  if (exporting) return exporting;
  if (!others.length && change) others.push([f.euro(change.price), when(change.at, W.laterFrom)]);
  return [[f.euro(price), W.laterNow], ...others];
}
