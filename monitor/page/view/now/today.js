// Today so far, against the same hour a week ago, and by hour.
import * as api from '../../api.js';
import { bars } from '../../chart/bars.js';
import { h } from '../../dom.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { piece } from '../../part/alive.js';
import { figures } from '../../part/figures.js';
import { oldPrices } from '../../part/prices.js';
import { href } from '../../router.js';
import { ORDER, register } from '../../tariff.js';
import { dayStart, HOUR, hoursIn, MINUTE, wall, weekday } from '../../time.js';

const N = T.now;
const OLD = 2 * MINUTE; // a look at the day is taken each minute
const NEW_DAY = 10 * MINUTE; // until its first hour is rolled up

export function todayBlock(meter, date) {
  const totals = h('p', { class: 'pair' }),
    note = h('p', { class: 'note' }),
    hours = h('div', { class: 'today-hours' });
  const node = h(
    'section',
    { class: 'block today', 'aria-labelledby': 'now-today' },
    h('div', { class: 'block-head' }, h('h2', { id: 'now-today' }, N.today), h('a', { href: href('jour') }, N.toDay)),
    totals,
    note,
    hours,
  );
  const byHour = piece((day) => hourBars(day, date));
  let written = '',
    left = false;

  /** The bars by hour. Without the database the old ones stay. */
  async function load() {
    const day = await api.energy(meter.id, { by: 'hour', date }).catch(() => null);
    if (left || !day?.rows.some((row) => row.total || row.injected)) return;
    byHour.show(day);
    if (!byHour.node.isConnected) hours.replaceChildren(byHour.node);
  }
  return {
    node,
    load,
    show({ today, links, price, register }, now) {
      // Energy comes by frames, its cost by hours: a new meter has none yet, nor has a new day.
      const fresh = !meter.first || meter.first === date || now - dayStart(date) < NEW_DAY,
        early = fresh && !(register && price == null),
        old = today && now - Date.parse(today.at) > OLD,
        text = JSON.stringify([old, { ...today, at: old && today.at }, links.database, early]);
      if (text === written) return;
      written = text;
      node.classList.toggle('unknown-today', !today);
      totals.replaceChildren(...(today ? amounts(today) : []));
      note.replaceChildren(
        ...(today
          ? remarks(today, { date, early, old })
          : [links.database === 'down' ? N.todayUnknown : N.todayNothing]),
      );
    },
    leave() {
      left = true;
      byHour.leave();
    },
  };
}

function amounts({ wh, cost, injected_wh: injected }) {
  const large = (text, tone = '') => h('span', { class: `figure-l ${tone}` }, text);
  return [
    large(f.energy(wh)),
    cost != null && large(f.euro(cost)),
    injected > 0 && large(`${T.tariff.injected} ${f.energy(injected)}`, 'inj-text'),
  ].filter((node) => node instanceof Node);
}

const remarks = (today, { date, early, old }) => [
  today.cost != null ? `${f.capital(N.withSubscription)}.` : early ? N.costLater : N.noCost,
  ...sameHour(today, date),
  old ? ` ${f.capital(T.updated(f.clock(Date.parse(today.at))))}.` : '',
];

/** Energy and cost, each against its own: '+7 % en kWh, +21 % en €'. */
function sameHour({ wh, cost, same_hour_last_week_wh: before, same_hour_last_week_cost: costBefore }, date) {
  if (!before) return [];
  const money = cost != null && costBefore ? f.change(cost, costBefore) : null,
    [value, text] = N.sameHour(f.change(wh, before), money, f.weekdayName(weekday(date), 'long'));
  return [' ', h('strong', null, value), text, cost != null && !costBefore ? N.costBeforeUnknown : '.'];
}

function hourBars(day, date) {
  const reading = h('p', { class: 'reading' }),
    start = dayStart(date),
    rows = new Map(day.rows.map((row) => [Date.parse(row.start), row]));
  const used = (row) => ORDER.filter((name) => row.wh[name]);
  const words = (row) =>
    used(row)
      .map((name) => register(name).long)
      .join(', ');
  const list = Array.from({ length: hoursIn(date) }, (_, i) => {
    const row = rows.get(start + i * HOUR),
      label = String(wall(start + i * HOUR).hour);
    if (!row) return { label, segments: [], text: f.hourOnly(label) };
    const cost = row.cost == null ? '' : `, ${f.euro(row.energy)}`;
    return {
      label,
      segments: used(row).map((name) => ({ css: register(name).css, value: row.wh[name] / 1000 })),
      below: row.injected ? { css: 'inj', value: row.injected / 1000 } : null,
      text: `${f.hourOnly(label)}${T.colon}${f.energy(row.total)}${cost} · ${words(row)}`,
    };
  });
  const chart = bars({
    bars: list,
    label: N.soFar,
    format: f.number,
    every: 3,
    height: 150,
    reading,
    resting: `${N.soFar}, kWh`,
  });
  const columns = [
    { text: T.day.columns.time, number: false },
    { text: T.day.columns.register, number: false },
    T.day.columns.energy,
  ];
  const table = figures({
    caption: N.soFar,
    columns,
    rows: () => day.rows.map((row) => [f.clock(Date.parse(row.start)), words(row), f.kwh(row.total, 2)]),
  });
  return { node: h('div', null, oldPrices(day.prices), reading, chart.node, table), leave: chart.leave };
}
