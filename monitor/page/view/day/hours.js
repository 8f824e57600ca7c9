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
  const reading = h('p', { class: 'reading' }),
    rows = new Map(energy.rows.map((row) => [Date.parse(row.start), row]));
  const used = ORDER.filter((r) => energy.rows.some((row) => row.wh[r])),
    others = energy.registers.filter((r) => !ORDER.includes(r) && energy.rows.some((row) => row.wh[r])),
    all = [...used, ...others];
  // By the clock: of the hour that comes twice the first counts.
  const before = new Map(other?.rows.toReversed().map((row) => [wall(Date.parse(row.start)).hour, row.total])),
    ghost = (t) => before.get(wall(t).hour);
  const span = (t) => `${f.clock(t)}–${f.clock(t + HOUR)}`;
  const bar = (t) => {
    const row = rows.get(t),
      place = wall(t).hour,
      label = String(place),
      then = ghost(t),
      tick = { ghost: then == null ? null : then / 1000 },
      thenText = then != null && `${f.shortDate(other.date)}${T.colon}${f.energy(then)}`;
    if (!row)
      return {
        label,
        place,
        segments: [],
        ...tick,
        text: [`${span(t)}${T.colon}${T.review.noData}`, thenText].filter(Boolean).join(' · '),
      };
    const here = all.filter((r) => row.wh[r]);
    return {
      label,
      place,
      segments: [
        // What was recovered is part of the hour's register, and drawn on top of the rest of it.
        ...here.map((r, k) => ({
          css: register(r).css,
          value: (row.wh[r] - (k ? 0 : Math.min(row.recovered, row.wh[r]))) / 1000,
        })),
        { css: 'recovered', value: row.recovered / 1000 },
      ],
      below: row.injected ? { css: 'inj', value: row.injected / 1000 } : null,
      ...tick,
      text: [
        `${span(t)}${T.colon}${f.energy(row.total)}`,
        row.energy != null && f.euro(row.energy),
        here.map((r) => register(r).long).join(', '),
        row.injected && `${T.tariff.injected} ${f.energy(row.injected)}`,
        row.recovered && D.recovered(f.energy(row.recovered)),
        thenText,
      ]
        .filter(Boolean)
        .join(' · '),
    };
  };
  const hourOf = (wh) => (wh == null ? '–' : f.kwh(wh, 2));
  const start = dayStart(date),
    list = Array.from({ length: hoursIn(date) }, (_, i) => bar(start + i * HOUR));
  const most = energy.rows.reduce((best, row) => (row.total > best.total ? row : best)),
    at = Date.parse(most.start);
  const chart = bars({
    bars: list,
    label: D.hoursSummary(f.energy(energy.rows.reduce((sum, r) => sum + r.total, 0))),
    format: f.number,
    every: 2,
    height: 200,
    reading,
    resting: most.total > 0 ? D.resting(f.energy(most.total), f.clock(at), f.clock(at + HOUR)) : '',
  });
  const legend = registerLegend(all, {
    injected: energy.rows.some((r) => r.injected),
    recovered: energy.rows.some((r) => r.recovered),
  });
  if (other)
    legend.append(h('li', null, h('span', { class: 'key-tick', 'aria-hidden': 'true' }), f.shortDate(other.date)));
  const node = h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, D.byHour, ' ', h('span', { class: 'muted unit' }, 'kWh')), legend),
    reading,
    chart.node,
    figures({
      caption: D.byHour,
      columns: [
        { text: D.columns.time, number: false },
        { text: D.columns.register, number: false },
        D.columns.energy,
        ...(energy.rows.some((r) => r.injected) ? [D.columns.injected] : []),
        D.columns.cost,
        ...(other ? [D.columns.compare('kWh')] : []),
      ],
      rows: () =>
        energy.rows.map((r) => [
          span(Date.parse(r.start)),
          all
            .filter((n) => r.wh[n])
            .map((n) => register(n).long)
            .join(', '),
          f.kwh(r.total, 2),
          ...(energy.rows.some((x) => x.injected) ? [f.kwh(r.injected, 2)] : []),
          r.energy == null ? '–' : f.amount(r.energy),
          ...(other ? [hourOf(ghost(Date.parse(r.start)))] : []),
        ]),
      csv: {
        name: `energie-${date}.csv`,
        href: () =>
          csvFile(
            [F.utc, ...energy.registers.map(columnOf), F.wh(F.injected), F.wh(F.recovered), F.energyCost],
            energy.rows.map((r) => [
              r.start,
              ...energy.registers.map((n) => r.wh[n]),
              r.injected,
              r.recovered,
              r.energy == null ? '' : r.energy / 1e4,
            ]),
          ),
      },
      png: () =>
        picture({
          name: `energie-${date}`,
          notes: [meter.name, sumsOf(energy.whole)],
          title: `${D.byHour} (kWh), ${f.fullDate(date)}`,
          drawing: chart.svg,
          legend,
        }),
    }),
  );
  return { node, leave: chart.leave };
}
