import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { registerOf } from '../../base/tariff.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { daysBetween, plusDays } from '../../base/time.js';
import { colourBadge, swatch } from '../../parts/legend.js';
import { figures, plainTable } from '../../parts/table.js';
import { calendar } from '../../chart/calendar.js';
import { block } from '../../parts/block.js';
import { W } from './words.js';

const COLOURS = ['blue', 'white', 'red'],
  CODE = { B: 'blue', W: 'white', R: 'red' };

/** @import {Column} from '../../parts/table.js' */

/** Of each day of a season that is known: {colour, source}; null when none is. */
export function coloursOf(data, season) {
  const text = data.colours[season];
  if (!text) return null;
  /** @type {[string, {colour?: string, source?: string}][]} */
  const days = [...text].map((code, i) => [
    plusDays(data.first, i),
    { colour: CODE[code], source: { m: W.meter, f: W.imported, r: W.announced, b: W.bundled }[data.sources[i]] },
  ]);
  return new Map(days.filter(([, { colour }]) => colour));
}

/** running: the Tempo day that runs. How many days of each colour are left; of a season that is over, or not wholly known, how many there were. */
export function remaining(data, season, today, running) {
  const leap = daysBetween(data.first, `${season + 1}-09-01`) - 365,
    over = today >= `${season + 1}-09-01`,
    left = over ? null : data.remaining;
  const one = (colour) => {
    const allowance = data.allowance[colour] + (colour === 'blue' ? leap : 0),
      used = data.used[colour],
      days = left ? left[colour] : used;
    return h(
      'li',
      { class: colour },
      h('p', { class: 'remaining-name' }, swatch(`day-${colour}`), f.capital(f.plural(days, ...W.plural[colour]))),
      h(
        'p',
        null,
        h('span', { class: 'figure-2xl' }, days),
        h('span', { class: 'muted' }, left ? W.left(allowance) : W.used(days, allowance)),
      ),
      h(
        'div',
        { class: 'used', 'aria-hidden': 'true' },
        h('span', { class: `share-part day-${colour}`, '--w': `${(used / allowance) * 100}%` }),
      ),
    );
  };
  // Without each past day there is nothing to count down from.
  const counts =
    over || left ? h('ul', null, ['red', 'white', 'blue'].map(one)) : h('p', { class: 'muted' }, W.pastUnknown);
  const tomorrow = data.tomorrow ? colourBadge(data.tomorrow, 'large') : T.tomorrowUnknown;
  return h(
    'section',
    { class: 'remaining', 'aria-label': W.remain },
    counts,
    data.today &&
      h(
        'dl',
        { class: 'two-days' },
        h(
          'div',
          null,
          h('dt', null, running < today ? W.untilSix : T.today),
          h('dd', null, colourBadge(data.today, 'large')),
        ),
        h('div', null, h('dt', null, running < today ? W.atSix : T.tomorrow), h('dd', null, tomorrow)),
      ),
  );
}

/** The colour of each day of a season. */
export function seasonMap(data, colours, season, today) {
  const from = `${season}-09-01`,
    to = plusDays(`${season + 1}-09-01`, -1),
    summary = W.calendarSummary(data.used.red, data.used.white, data.used.blue),
    chances = new Map(data.chances.map((chance) => [chance.day, chance]));
  const map = calendar({
    from,
    to,
    resting: summary,
    label: summary,
    open: (date) => date <= today && go(href(`jour/${date}`)),
    cell: (date) => dayCell(date, colours.get(date), chances.get(date), today),
  });
  const complete = data.remaining !== null, // each past day of the season is known
    legend = legendOf({ future: to > today, unknown: !complete });
  return h(
    'section',
    { class: 'block' },
    map.nodes,
    h(
      'div',
      { class: 'block-foot' },
      legend,
      data.imported_until > from && h('p', { class: 'note' }, W.source(f.fullDate(data.imported_until))),
    ),
    data.differs.map((day) => h('p', { class: 'note' }, differenceOf(day))),
    data.chances.length > 0 && probable(data),
    figuresOf(colours),
  );
}

/** A day of which the meter and the announcement say different colours, in a sentence. */
export const differenceOf = ({ day, meter, announced }) =>
  W.differs(f.capital(f.longDate(day)), T.tariff[meter].toLowerCase(), T.tariff[announced].toLowerCase());

/** The chance of a day, in words: it never has the colour itself. */
export const chanceOf = ({ colour, chance }) => W.probable(T.tariff[colour].toLowerCase(), f.percent(chance));

function probable({ chances, source_of_chances: source }) {
  return h(
    'div',
    { class: 'chances' },
    h('h3', null, W.nextDays),
    h(
      'ul',
      null,
      chances.map((one) => h('li', null, h('strong', null, f.capital(f.shortDate(one.day))), ' ', chanceOf(one))),
    ),
    h('p', { class: 'note' }, W.chancesFrom(source)),
  );
}

function dayCell(date, day, chance, today) {
  const say = (text) => `${f.capital(f.longDate(date))}${T.colon}${text}`;
  if (day) return { css: `hp-${day.colour}`, text: say(`${T.tariff[day.colour]} (${day.source})`) };
  if (chance) return { css: 'future', text: say(chanceOf(chance)) };
  return date > today ? { css: 'future', text: say(T.future) } : { css: 'none', text: say(T.unknown) };
}

const legendOf = ({ future, unknown }) =>
  h(
    'ul',
    { class: 'legend' },
    COLOURS.map((colour) => h('li', null, colourBadge(colour))),
    future && h('li', null, swatch('future'), T.future),
    unknown && h('li', null, swatch('none'), T.unknown),
  );

function figuresOf(colours) {
  const rows = [...colours].map(([date, day]) => ({ date, ...day }));
  /** @type {Column[]} */
  const columns = [
    [W.columns.colour, ({ colour }) => T.tariff[colour], 'words'],
    [W.columns.source, ({ source }) => source, 'words'],
  ];
  return figures({
    caption: W.calendar,
    columns: [[T.columns.date, ({ date }) => f.longDate(date), 'words'], ...columns],
    rows: rows.toReversed(),
  });
}

export function byColour(days, colours, running) {
  const rows = COLOURS.map((colour) => {
    const [low, high] = ['hc', 'hp'].map((hours) => registerOf(colour, hours));
    const sum = (of) => days.rows.reduce((total, row) => total + (of(row) ?? 0), 0);
    return {
      colour,
      days: days.rows.filter((r) => r.start <= running && colours.get(r.start)?.colour === colour).length,
      hc: sum((r) => r.wh[low]),
      hp: sum((r) => r.wh[high]),
      cost: sum((r) => (r.costBy?.[low] ?? 0) + (r.costBy?.[high] ?? 0)),
    };
  });
  const C = W.columns;
  return block(
    W.byColour,
    plainTable({
      caption: W.byColour,
      stacks: true,
      columns: [
        [C.colour, ({ colour }) => colourBadge(colour), 'words'],
        [C.days, (row) => f.number(row.days)],
        [C.hc, ({ hc }) => f.kwh(hc, 0)],
        [C.hp, ({ hp }) => f.kwh(hp, 0)],
        ['kWh', ({ hc, hp }) => f.kwh(hc + hp, 0)],
        [T.columns.cost, ({ cost }) => (days.priced ? f.amount(cost) : '–')],
        ['€/kWh', ({ hc, hp, cost }) => (days.priced && hc + hp ? f.amount((cost * 1000) / (hc + hp), 4) : '–')],
      ],
      rows,
    }),
  );
}
