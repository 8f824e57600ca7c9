import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { HOUR, dayStart, hoursIn, wall } from '../../time.js';
import { columnOf, ORDER, register } from '../../tariff.js';
import { csvFile, figures, sumsOf } from '../../part/figures.js';
import { registerLegend } from '../../part/legend.js';
import { bars } from '../../chart/bars.js';
import { picture } from '../../chart/picture.js';

const D = T.day,
  F = T.file;

/** Energy of each hour by register: 23, 24 or 25 bars. other: {date, rows} of the day that is compared, or null. */
export function hours(meter, date, energy, other) {
  const used = registersOf(energy),
    then = comparedHours(other),
    reading = h('p', { class: 'reading' });
  const chart = bars({
    bars: barsOf(date, energy, used, then),
    label: D.hoursSummary(f.energy(energy.rows.reduce((sum, r) => sum + r.total, 0))),
    format: f.number,
    every: 2,
    height: 200,
    reading,
    resting: most(energy.rows),
  });
  const legend = legendOf(energy, used, other),
    name = `${T.file.names.energy}-${date}`;
  const node = h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, D.byHour, ' ', h('span', { class: 'muted unit' }, 'kWh')), legend),
    reading,
    chart.node,
    figures({
      caption: D.byHour,
      ...tableOf(energy, used, then),
      csv: { name: `${name}.csv`, href: () => csvFile(...fileOf(energy)) },
      png: () =>
        picture({
          name,
          notes: [meter.name, sumsOf(energy.whole)],
          title: `${D.byHour} (kWh), ${f.fullDate(date)}`,
          drawing: chart.svg,
          legend,
        }),
    }),
  );
  return { node, leave: chart.leave };
}

/** The registers that counted in some hour, those of known offers first. */
function registersOf({ rows, registers }) {
  const others = registers.filter((name) => !ORDER.includes(name));
  return [...ORDER, ...others].filter((name) => rows.some((row) => row.wh[name]));
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

const namesOf = (row, used) =>
  used
    .filter((name) => row.wh[name])
    .map((name) => register(name).long)
    .join(', ');

function barsOf(date, energy, used, then) {
  const start = dayStart(date),
    rows = new Map(energy.rows.map((row) => [Date.parse(row.start), row]));
  return Array.from({ length: hoursIn(date) }, (_, i) => {
    const t = start + i * HOUR,
      row = rows.get(t),
      place = wall(t).hour,
      before = then?.wh(t);
    return {
      label: String(place),
      place,
      segments: row ? segmentsOf(row, used) : [],
      below: row?.injected ? { css: 'inj', value: row.injected / 1000 } : null,
      ghost: before == null ? null : before / 1000,
      text: [row ? textOf(t, row, used) : `${span(t)}${T.colon}${T.review.noData}`, then?.text(t)]
        .filter(Boolean)
        .join(' · '),
    };
  });
}

/** What was recovered is part of the hour's register, and drawn on top of the rest of it. */
function segmentsOf(row, used) {
  const parts = used
    .filter((name) => row.wh[name])
    .map((name, i) => ({
      css: register(name).css,
      value: (row.wh[name] - (i ? 0 : Math.min(row.recovered, row.wh[name]))) / 1000,
    }));
  return [...parts, { css: 'recovered', value: row.recovered / 1000 }];
}

function textOf(t, row, used) {
  return [
    `${span(t)}${T.colon}${f.energy(row.total)}`,
    row.energy != null && f.euro(row.energy),
    namesOf(row, used),
    row.injected && `${T.tariff.injected} ${f.energy(row.injected)}`,
    row.recovered && D.recovered(f.energy(row.recovered)),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** The hour that used most, in words. */
function most(rows) {
  const row = rows.reduce((best, row) => (row.total > best.total ? row : best)),
    at = Date.parse(row.start);
  return row.total > 0 ? D.resting(f.energy(row.total), f.clock(at), f.clock(at + HOUR)) : '';
}

function legendOf({ rows }, used, other) {
  const legend = registerLegend(used, {
    injected: rows.some((row) => row.injected),
    recovered: rows.some((row) => row.recovered),
  });
  if (other)
    legend.append(h('li', null, h('span', { class: 'key-tick', 'aria-hidden': 'true' }), f.shortDate(other.date)));
  return legend;
}

function tableOf({ rows }, used, then) {
  const injects = rows.some((row) => row.injected),
    kwh = (wh) => (wh == null ? '–' : f.kwh(wh, 2));
  return {
    columns: [
      { text: D.columns.time, number: false },
      { text: D.columns.register, number: false },
      D.columns.energy,
      ...(injects ? [D.columns.injected] : []),
      D.columns.cost,
      ...(then ? [D.columns.compare('kWh')] : []),
    ],
    rows: () =>
      rows.map((row) => [
        span(Date.parse(row.start)),
        namesOf(row, used),
        kwh(row.total),
        ...(injects ? [kwh(row.injected)] : []),
        row.energy == null ? '–' : f.amount(row.energy),
        ...(then ? [kwh(then.wh(Date.parse(row.start)))] : []),
      ]),
  };
}

function fileOf({ rows, registers }) {
  return [
    [F.utc, ...registers.map(columnOf), F.wh(F.injected), F.wh(F.recovered), F.energyCost],
    rows.map((row) => [
      row.start,
      ...registers.map((name) => row.wh[name]),
      row.injected,
      row.recovered,
      row.energy == null ? '' : row.energy / 1e4,
    ]),
  ];
}
