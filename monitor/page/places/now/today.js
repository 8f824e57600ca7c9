// Today so far, against the same hour a week ago, and by hour.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { toSettings } from '../../parts/block.js';
import { href } from '../../base/router.js';
import { dateOf, dayStart, MINUTE, weekday } from '../../base/time.js';
import { amountsOf } from '../../parts/expected.js';
import { drawnColumn, drawnText, drawnToday, madeText, ownOf, todayTexts } from '../../sources/sources.js';
import { W } from './words.js';
import { bars } from '../../chart/bars.js';
import { piece } from '../../parts/refresh.js';
import { figures } from '../../parts/table.js';
import { hoursOf, registersIn, registersOf } from '../../parts/legend.js';
import { oldPrices, whosePrices } from '../../parts/notice.js';
import { register } from '../../base/tariff.js';

// One line: what the month will have cost when it is over.
export function expectedLine(meter) {
  const node = h('p', { class: 'today-expected' });
  /** Without the database the old line stays. */
  async function load() {
    const forecast = await api.forecast(meter.id).catch(() => null);
    if (forecast) node.replaceChildren(...line(forecast));
  }
  return { node, load };
}

function line({ month, budget }) {
  if (!month || month.why_not) return [];
  const first = dateOf(Date.parse(month.from)),
    { of, write, priced } = amountsOf(month),
    name = h('a', { href: href(`bilan/${first.slice(0, 7)}`) }, f.capital(f.monthName(first))),
    limit = priced && budget != null ? W.expectedOfBudget(write(budget)) : '';
  return [
    name,
    T.colon,
    h('strong', null, W.expectedInAll(write(of.expected))),
    `, ${W.expectedBetween(write(of.low), write(of.high))}${limit}.`,
  ];
}

const OLD = 2 * MINUTE; // a look at the day is taken each minute
const NEW_DAY = 10 * MINUTE; // until its first hour is rolled up

/** expected: a line on the month, below those of today. */
export function todayBlock(meter, date, expected) {
  const totals = piece((today, name) => h('p', { class: 'pair' }, today && amounts(today, name))),
    note = piece((today, away, how) =>
      h('p', null, today ? remarks(today, date, how) : away ? W.todayUnknown : T.todayNothing),
    ),
    byHour = piece((day) => hourBars(day, date));
  const node = h(
    'section',
    { class: 'block today', 'aria-labelledby': 'now-today' },
    h('div', { class: 'block-head' }, h('h2', { id: 'now-today' }, T.today), h('a', { href: href('jour') }, W.toDay)),
    totals.node,
    h('div', { class: 'note' }, note.node, expected),
    h('div', { class: 'today-hours' }, byHour.node),
  );

  /** The bars by hour. Without the database the old ones stay. */
  async function load() {
    const day = await api.energy(meter.id, { by: 'hour', date }).catch(() => null);
    if (day?.rows.some((row) => row.total || row.injected || row.made)) byHour.show(day);
  }
  return {
    node,
    load,
    show(live, now) {
      const { today, links, price, register } = live;
      // Energy comes by frames, its cost by hours: a new meter has none yet, nor has a new day.
      const fresh = !meter.first || meter.first === date || now - dayStart(date) < NEW_DAY,
        early = fresh && !(register && price == null),
        old = today && now - Date.parse(today.at) > OLD,
        known = today && { ...today, at: old && today.at };
      node.classList.toggle('unknown-today', !today);
      totals.show(known, drawnToday(live));
      note.show(known, links.database === 'down', { early, old });
    },
  };
}

function amounts({ wh, cost, injected_wh: injected }, name) {
  const large = (text, tone = '') => h('span', { class: `figure-l ${tone}` }, text);
  return [
    name && h('span', { class: 'figure-name' }, name),
    large(f.energy(wh)),
    cost != null && large(f.euro(cost)),
    injected > 0 && large(`${T.tariff.injected} ${f.energy(injected)}`, 'inj-text'),
  ];
}

const remarks = (today, date, { early, old }) => [
  today.cost != null
    ? `${f.capital(W.withSubscription)}.`
    : early
      ? W.costLater
      : [W.noCost, ' ', toSettings('contrat', T.prices.set)],
  ...sameHour(today, date),
  ...todayTexts(today),
  old ? ` ${f.capital(T.updated(f.clock(Date.parse(today.at))))}.` : '',
];

/** Energy and cost, each against its own: '+7 % en kWh, +21 % en €'. */
function sameHour({ wh, cost, same_hour_last_week_wh: before, same_hour_last_week_cost: costBefore }, date) {
  if (!before) return [];
  const money = cost != null && costBefore ? f.change(cost, costBefore) : null,
    [value, text] = W.sameHour(f.change(wh, before), money, f.weekdayName(weekday(date), 'long'));
  return [' ', h('strong', null, value), text, cost != null && !costBefore ? W.costBeforeUnknown : '.'];
}

function hourBars(day, date) {
  const list = hoursOf(date, day.rows).map(({ place, row }) => {
    const label = String(place);
    if (!row) return { label, place, segments: [], text: f.hourOnly(place) };
    const cost = row.cost == null ? '' : `, ${f.euro(row.energy)}`;
    return {
      label,
      place,
      segments: [
        ...registersOf(row).map((name) => ({ css: register(name).css, value: row.wh[name] / 1000 })),
        ownOf(row),
      ],
      below: row.injected ? { css: 'inj', value: row.injected / 1000 } : null,
      text: f.joined([
        `${f.hourOnly(place)}${T.colon}${drawnText(day, f.energy(row.total))}${cost}`,
        registersIn(row),
        madeText(row),
      ]),
    };
  });
  const chart = bars({
    bars: list,
    label: W.soFar,
    format: f.number,
    every: 3,
    height: 150,
    resting: `${W.soFar}, kWh`,
  });
  const table = figures({
    caption: W.soFar,
    columns: [
      [T.columns.time, (row) => f.clock(Date.parse(row.start)), 'words'],
      [T.columns.register, registersIn, 'words'],
      [drawnColumn(day, T.columns.energy), (row) => f.kwh(row.total, 2)],
    ],
    rows: day.rows,
  });
  return h('div', null, day.priced && whosePrices(day.prices), oldPrices(day.prices), chart.nodes, table);
}
