import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { energyFile } from '../../base/api.js';
import { h } from '../../base/dom.js';
import { HOUR, wall } from '../../base/time.js';
import { register } from '../../base/tariff.js';
import { figures } from '../../parts/table.js';
import { hoursOf, registersIn, registersOf, registerLegend } from '../../parts/legend.js';
import { bars } from '../../chart/bars.js';
import { drawnColumn, drawnText, madeColumns, madeText, ownLegend, ownOf, usedBlock } from '../../sources/sources.js';
import { W } from './words.js';

/** Whether a day's hours hold a number of the whole day, that came from elsewhere: it is that of no hour. */
export const inOne = (rows) => rows.some((row) => row.across);

/** Energy of each hour by register: 23, 24 or 25 bars. other: {date, rows} of the day that is compared, or null. */
export function hours(meter, date, energy, other) {
  const used = registersOf(...energy.rows),
    then = comparedHours(other);
  const chart = bars({
    bars: barsOf(date, energy, then),
    label: W.hoursSummary(drawnText(energy, f.energy(energy.rows.reduce((sum, r) => sum + r.total, 0)))),
    format: f.number,
    every: 2,
    height: 200,
    resting: most(energy),
  });
  const legend = legendOf(energy, used, other);
  return h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, W.byHour, ' ', h('span', { class: 'muted unit' }, 'kWh')), legend),
    chart.nodes,
    figures({
      caption: W.byHour,
      columns: columnsOf(energy, then),
      rows: energy.rows,
      csv: energyFile(meter.id, 'hour', date, date),
    }),
  );
}

/** Wh of an hour of the compared day by the clock, and that in words; of the hour that comes twice the first counts. */
function comparedHours(other) {
  if (!other) return null;
  const byHour = new Map(other.rows.toReversed().map((row) => [wall(Date.parse(row.start)).hour, row.total])),
    wh = (t) => byHour.get(wall(t).hour) ?? null,
    text = (t) => wh(t) != null && `${f.shortDate(other.date)}${T.colon}${f.energy(wh(t))}`;
  return { wh, text };
}

const span = (t) => `${f.clock(t)}–${f.clock(t + HOUR)}`;

const barsOf = (date, energy, then) =>
  hoursOf(date, energy.rows).map(({ t, place, row }) => {
    const before = then?.wh(t);
    return {
      label: String(place),
      place,
      segments: row ? segmentsOf(row) : [],
      below: row?.injected ? { css: 'inj', value: row.injected / 1000 } : null,
      ghost: before == null ? null : before / 1000,
      text: f.joined([row ? textOf(t, row, energy) : `${span(t)}${T.colon}${T.noData}`, then?.text(t)]),
    };
  });

/** What was recovered is part of the hour's register, and drawn on top of the rest of it. */
function segmentsOf(row) {
  const parts = registersOf(row).map((name, i) => ({
    css: register(name).css,
    value: (row.wh[name] - (i ? 0 : Math.min(row.recovered, row.wh[name]))) / 1000,
  }));
  return [...parts, { css: 'recovered', value: row.recovered / 1000 }, ownOf(row)];
}

function textOf(t, row, energy) {
  return f.joined([
    `${span(t)}${T.colon}${drawnText(energy, f.energy(row.total))}`,
    row.energy != null && f.euro(row.energy),
    registersIn(row),
    row.injected && `${T.tariff.injected} ${f.energy(row.injected)}`,
    madeText(row),
    row.recovered && T.chart.recovered(f.energy(row.recovered)),
  ]);
}

/** The hour that used most, in words. */
function most(energy) {
  const row = energy.rows.reduce((best, row) => (row.total > best.total ? row : best)),
    at = Date.parse(row.start);
  return row.total > 0 ? W.resting(drawnText(energy, f.energy(row.total)), f.clock(at), f.clock(at + HOUR)) : '';
}

function legendOf({ rows }, used, other) {
  const legend = registerLegend(used, {
    injected: rows.some((row) => row.injected),
    more: ownLegend(rows),
    recovered: rows.some((row) => row.recovered),
  });
  if (other)
    legend.append(h('li', null, h('span', { class: 'key-tick', 'aria-hidden': 'true' }), f.shortDate(other.date)));
  return legend;
}

function columnsOf(energy, then) {
  const { rows } = energy,
    kwh = (of) => (row) => f.kwh(of(row), 2);
  return [
    [T.columns.time, (row) => span(Date.parse(row.start)), 'words'],
    [T.columns.register, registersIn, 'words'],
    [drawnColumn(energy, T.columns.energy), kwh((row) => row.total)],
    rows.some((row) => row.injected) && [T.columns.injected, kwh((row) => row.injected)],
    ...madeColumns(rows, kwh),
    [T.columns.cost, (row) => f.known(row.energy, f.amount)],
    then && [W.columns.compare('kWh'), (row) => f.kwh(then.wh(Date.parse(row.start)), 2)],
  ];
}

/** What other counters of the home say, by hour. */
export const usedByHour = (data, date) =>
  usedBlock({
    data,
    periods: hoursOf(date, data.rows).map(({ t, place, row }) => ({
      label: String(place),
      place,
      name: `${f.clock(t)}–${f.clock(t + HOUR)}`,
      rows: row ? [data.rows.indexOf(row)] : [],
    })),
    column: T.columns.time,
    every: 2,
  });
