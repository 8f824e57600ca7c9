import { MINUTE } from '../base/time.js';

/** @import {Curve} from '../../../deploy/page/types' */

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
