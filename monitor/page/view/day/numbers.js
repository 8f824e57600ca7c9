// The figures behind the day's curve: a table by quarter of an hour, and a file of what is on screen.
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { valueAt } from '../../chart/values.js';
import { dateOf } from '../../time.js';

const D = T.day,
  QUARTER = 900e3;

const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : null);

/** Of one column of a series, the values of a quarter of an hour that are known. */
function quarterOf(series, column, t) {
  const from = Math.round((t - series.t0) / series.step),
    count = Math.round(QUARTER / series.step);
  return (series[column] ?? []).slice(Math.max(0, from), Math.max(0, from + count)).filter((v) => v != null);
}

/** The highest value of a column of a series, with its time; null: none is known. */
export function highest(series, column) {
  const i = column.reduce((best, v, k) => (v != null && (best < 0 || v > column[best]) ? k : best), -1);
  return i < 0 ? null : { power: column[i], at: series.t0 + i * series.step };
}

/** The highest power of a day: hours know it to the second, but that of the hour that runs is only on the curve yet. */
export function peakOf(ofHours, series) {
  const ofCurve = series && highest(series, series.max ?? series.mean);
  if (ofCurve && !(ofHours?.power >= ofCurve.power)) return { ...ofCurve, exact: false };
  return ofHours ? { power: ofHours.power, at: Date.parse(ofHours.at), exact: true } : null;
}

/** compare: the series of another day on the same grid, or null. */
export function quarters(series, compare) {
  const cell = (v) => (v == null ? '–' : f.number(v));
  const least = (list) => (list.length ? Math.min(...list) : null),
    most = (list) => (list.length ? Math.max(...list) : null);
  const count = Math.ceil((series.mean.length * series.step) / QUARTER);
  return {
    columns: [
      { text: D.columns.time, number: false },
      ...[D.columns.mean, D.columns.min, D.columns.max].map((text) => text(series.unit)),
      ...(series.injected ? [D.columns.injectedPower] : []),
      ...(compare ? [D.columns.compare(series.unit)] : []),
    ],
    rows: () =>
      Array.from({ length: count }, (_, q) => {
        const t = series.t0 + q * QUARTER;
        return [
          f.clock(t),
          cell(mean(quarterOf(series, 'mean', t))),
          cell(least(quarterOf(series, 'min', t))),
          cell(most(quarterOf(series, 'max', t))),
          ...(series.injected ? [cell(mean(quarterOf(series, 'injected', t)))] : []),
          ...(compare ? [cell(mean(quarterOf(compare, 'mean', t)))] : []),
        ];
      }),
  };
}

/** Each value between two instants, in the resolution that is shown. Local time for people, UTC for programs. */
export function fileOf(shown, { from, to }, compare) {
  const { unit } = shown,
    optional = [
      [D.columns.min(unit), shown.min],
      [D.columns.max(unit), shown.max],
      [D.columns.injectedPower, shown.injected],
    ].filter(([, column]) => column);
  const head = [
    T.file.start,
    T.file.utc,
    D.columns.mean(unit),
    ...optional.map(([name]) => name),
    ...(compare ? [D.columns.compare(unit)] : []),
  ];
  const rows = shown.mean.flatMap((value, i) => {
    const t = shown.t0 + i * shown.step;
    if (t < from || t >= to) return [];
    return [
      [
        `${f.numericDate(dateOf(t))} ${f.clock(t, true)}`,
        new Date(t).toISOString().replace('.000', ''),
        value ?? '',
        ...optional.map(([, column]) => column[i] ?? ''),
        ...(compare ? [valueAt(compare, 'mean', t) ?? ''] : []),
      ],
    ];
  });
  return [head, rows];
}
