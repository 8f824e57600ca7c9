// A departure board: what runs now, then what comes, each with its price.
import { h } from '../../dom.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { chip, colourChip, registerChip } from '../../part/chip.js';
import { learn, register } from '../../tariff.js';
import { at, dateOf, plusDays, tempoDay } from '../../time.js';

const N = T.now;

/** Tomorrow's colour across a wall: from the other end of the room, it is what a Tempo home looks for. */
export function tomorrowBand() {
  const node = h('p', { class: 'band-tomorrow' });
  return {
    node,
    show(live, now) {
      const [today, running] = [dateOf(now), tempoDay(now)];
      node.hidden = !live.colour;
      if (node.hidden) return;
      const when = running < today ? N.atSix : N.tomorrowIs,
        price = live.tomorrow && priceAt(live, at(plusDays(running, 1), '06:00'));
      node.className = `band-tomorrow ${live.tomorrow ? `day-${live.tomorrow}` : ''}`;
      node.replaceChildren(
        ...[
          h('strong', null, when, ' ', live.tomorrow ? T.tariff[live.tomorrow] : N.tomorrowUnknown),
          price && h('span', null, N.fromSix(f.price(price))),
        ].filter(Boolean),
      );
    },
  };
}

/** The price from a moment on, where the meter's next registers tell it. */
function priceAt({ next }, moment) {
  return next?.find((row) => Date.parse(row.at) === moment)?.price;
}

export function tariffBlock() {
  const node = h('section', { class: 'block tariff', 'aria-labelledby': 'now-tariff' });
  let written = '';
  return {
    node,
    show(live, now) {
      const { register: name, price, since, until, next, colour, tomorrow } = live;
      const [today, running] = [dateOf(now), tempoDay(now)];
      const text = JSON.stringify([name, price, since, until, next, colour, tomorrow, today, running]);
      if (text === written) return;
      written = text;
      // A register of an offer that we do not know has the meter's word.
      if (name && live.name) learn([name], { [name]: live.name });
      node.replaceChildren(...board(live, today, running).filter(Boolean));
    },
  };
}

function board(live, today, running) {
  const time = (iso) => {
    const t = Date.parse(iso);
    return dateOf(t) === today ? f.clock(t) : `${N.tomorrow} ${f.clock(t)}`;
  };
  const row = ({ at, register: name, price }) => {
    const { css, short } = register(name);
    return h(
      'li',
      null,
      h('span', { class: 'board-time' }, time(at)),
      chip(css, f.capital(short)),
      h('span', { class: 'n' }, f.price(price)),
    );
  };
  return [
    h(
      'div',
      { class: 'block-head' },
      h('h2', { id: 'now-tariff' }, N.tariff),
      live.price == null ? h('span', { class: 'note' }, N.noPrice) : h('span', { class: 'note' }, '€/kWh'),
    ),
    live.register
      ? h(
          'p',
          { class: 'board-now' },
          registerChip(live.register, 'large'),
          live.price != null && h('strong', { class: 'n' }, f.price(live.price)),
        )
      : h('p', { class: 'muted' }, T.unknown),
    sentence(live),
    live.next?.length > 0 && h('ul', { class: 'board', 'aria-label': N.board }, live.next.map(row)),
    live.colour && tomorrowLine(live, running < today ? N.atSix : N.tomorrowIs),
  ];
}

function sentence({ since, until }) {
  const hour = (iso) => f.hour(Date.parse(iso));
  const text = since && until ? N.since(hour(since), hour(until)) : since ? N.sinceOnly(hour(since)) : null;
  return text && h('p', { class: 'note' }, f.capital(text));
}

/** Of the next Tempo day, which begins at 6:00: before that hour, it is today's. */
function tomorrowLine({ tomorrow }, when) {
  if (tomorrow) return h('p', { class: 'board-unknown' }, when, colourChip(tomorrow));
  const hint = when === N.tomorrowIs ? ` (${N.tomorrowWhen})` : '';
  return h('p', { class: 'board-unknown' }, `${when} ${N.tomorrowUnknown}${hint}.`);
}
