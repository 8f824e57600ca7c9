// The figures behind the day's curve: a table by quarter of an hour.
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { curveColumn } from '../../sources/sources.js';
import { W } from './words.js';

const QUARTER = 900e3;

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;

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

/** The highest power of a day: hours know it to the second, but that of the hour that runs is only on the curve yet. That of a decoded meter is no peak. */
export function peakOf(ofHours, series) {
  const ofCurve = series && !series.decoded && highest(series, series.max ?? series.mean);
  if (ofCurve && !(ofHours?.power >= ofCurve.power)) return { ...ofCurve, exact: false };
  return ofHours ? { power: ofHours.power, at: Date.parse(ofHours.at), exact: true } : null;
}

/** compare: the series of another day on the same grid, or null. */
export function quarters(series, compare) {
  const of =
    (column, value, from = series) =>
    (t) => {
      const known = quarterOf(from, column, t);
      return known.length ? f.number(value(known)) : '–';
    };
  const count = Math.ceil((series.mean.length * series.step) / QUARTER);
  return {
    columns: [
      [T.columns.time, f.clock, 'words'],
      [T.columns.mean(series.unit), of('mean', mean)],
      [W.columns.min(series.unit), of('min', (list) => Math.min(...list))],
      [T.columns.max(series.unit), of('max', (list) => Math.max(...list))],
      series.injected && [W.columns.injectedPower, of('injected', mean)],
      curveColumn(series) && [curveColumn(series), of('production', mean)],
      compare && [W.columns.compare(series.unit), of('mean', mean, compare)],
    ],
    rows: Array.from({ length: count }, (_, i) => series.t0 + i * QUARTER),
  };
}
