// The values that the picture of a day is made of: its curves, their scale, and what is said of them.
import { MINUTE } from '../base/time.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { gapTexts } from './line_paint.js';
import { niceTop } from './axis.js';

/** @import {Curve, DayCurve} from '../../../deploy/page/types' */
/**
 * The value of a column of a series at an instant; null outside it and in its holes.
 * @type {(series: Curve, column: 'mean' | 'min' | 'max', t: number) => number | null}
 */
export function valueAt(series, column, t) {
  return series[column]?.[Math.floor((t - series.t0) / series.step)] ?? null;
}

/**
 * Single frames, and the mean of each minute of which none is kept: of older ones only minutes are. `partly`: whether
 * there is such a minute.
 * @type {(frames: Curve, minutes: Curve) => Curve & {partly: boolean}}
 */
export function filled(frames, minutes) {
  const mean = [...frames.mean];
  let partly = false;
  for (let i = 0; i < mean.length; ) {
    const t = frames.t0 + i * frames.step,
      end = Math.min(mean.length, i + Math.ceil((Math.floor(t / MINUTE + 1) * MINUTE - t) / frames.step));
    const known = valueAt(minutes, 'mean', t);
    if (known != null && mean.slice(i, end).every((v) => v == null)) {
      mean.fill(known, i, end);
      partly = true;
    }
    i = end;
  }
  return { ...frames, mean, partly };
}

/**
 * series: the day; shown: the same, or single frames; compare: another day on the grid of this one; limit: VA; highest:
 * what the scale has to hold; made: the name of the curve of what a home produces.
 * @typedef {{series: DayCurve, shown: Curve, compare: Curve | null, limit: number | null | undefined, highest: number,
 *   made: string}}
 *   Curves
 */

/** @type {(...lists: (number | null)[][]) => number} */
const most = (...lists) => Math.max(0, ...lists.flat().map((v) => v ?? 0));

/**
 * The day has one scale, so that it does not jump when it is moved.
 * @type {(curves: {series: Curve, compare: Curve | null}) => number}
 */
export const highestOf = ({ series, compare }) =>
  Math.max(1000, most(series.max ?? [], series.mean, compare?.mean ?? [], series.production ?? []));

/**
 * Round steps above zero, and the room below it for what is injected.
 * @type {(curves: Curves) => {top: number, step: number, bottom: number}}
 */
export function scaleOf({ series, limit, highest }) {
  const near = limit && highest > limit * 0.72 ? limit * 1.06 : 0;
  return { ...niceTop(Math.max(highest * 1.04, near), 4), bottom: -most(series.injected ?? []) * 1.08 };
}

/**
 * uPlot's columns: time, highest, lowest, mean, the other day, what is injected, production. `end`: of the day, in seconds.
 * @type {(curves: Curves, end: number) => [number[], ...(number | null)[][]]}
 */
export function columnsOf({ shown, compare }, end) {
  const at = shown.mean.map((_, i) => shown.t0 + i * shown.step),
    none = at.map(() => null),
    times = at.map((t) => t / 1000);
  const values = [
    shown.max ?? none,
    shown.min ?? none,
    shown.mean,
    compare ? at.map((t) => valueAt(compare, 'mean', t)) : none,
    shown.injected?.map((v) => (v ? -v : null)) ?? none,
    shown.production?.map((v) => v || null) ?? none,
  ];
  // The axis is the whole day even when today has only begun.
  if ((times.at(-1) ?? 0) >= end) return [times, ...values];
  return [[...times, end], ...values.map((column) => [...column, null])];
}

/**
 * What is known of an instant; null: nothing.
 * @type {(curves: Curves, t: number) => string | null}
 */
export function textAt({ series, shown, compare, made }, t) {
  const gap = series.gaps.find(([from, to]) => t >= from && t < to);
  if (gap) return gapTexts(gap).join(', ');
  const i = Math.round((t - shown.t0) / shown.step),
    mean = shown.mean[i],
    start = shown.t0 + i * shown.step,
    fine = shown.step < MINUTE;
  if (mean == null) return null;
  const { unit, min, max, injected, production } = shown,
    other = compare && valueAt(compare, 'mean', start);
  return f.joined([
    fine || !min || !max
      ? `${f.clock(start, fine)}${T.colon}${f.power(mean, unit)}`
      : T.chart.at(f.clock(start), f.power(mean, unit), f.number(min[i]), f.power(max[i], unit)),
    production?.[i] && `${made} ${f.power(production[i], 'W')}`,
    injected?.[i] && `${T.tariff.injected} ${f.power(injected[i], 'W')}`,
    other != null && `${T.chart.compared} ${f.power(other, unit)}`,
  ]);
}

/**
 * The last moment of the day that has a value, in seconds.
 * @type {(series: Curve) => number | null}
 */
export function lastKnown({ mean, t0, step }) {
  const i = mean.findLastIndex((v) => v != null);
  return i < 0 ? null : (t0 + i * step) / 1000;
}
