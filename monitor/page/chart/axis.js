import { HOUR, wall } from '../base/time.js';

// Where an axis of time has its ticks: at round times of the wall clock. uPlot's own placing goes through the zone of
// the browser, and is wrong on the days that have 23 or 25 hours.
const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600],
  LONGEST = 21600;

/**
 * Ticks in seconds between min and max of a day that begins at `start` (seconds), about `wanted` of them.
 * @type {(start: number, min: number, max: number, wanted: number) => number[]}
 */
export function ticks(start, min, max, wanted) {
  const step = STEPS.find((s) => (max - min) / s <= wanted) ?? LONGEST;
  const out = [];
  const every = Math.min(step, HOUR / 1000);
  for (let t = start + Math.max(0, Math.floor((min - start) / every)) * every; t <= max + 1; t += every) {
    // By the hour we go by the wall clock, so that a day of 25 hours still says 6 h, 12 h, 18 h.
    if (t >= min - 1 && (step <= every || wall(t * 1000).hour % (step / 3600) === 0)) out.push(t);
  }
  return out;
}

/**
 * A round top and step for an axis from zero.
 * @type {(max: number, wanted?: number) => {top: number, step: number}}
 */
export function niceTop(max, wanted = 4) {
  if (!(max > 0)) return { top: 1, step: 1 };
  const rough = max / wanted,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((m) => m * power >= rough) ?? 10);
  return { top: Math.ceil(max / step - 1e-9) * step, step };
}

/**
 * How many decimals the numbers beside an axis need to differ from each other.
 * @type {(step: number) => number}
 */
export function digits(step) {
  const whole = (n) => Math.abs(n - Math.round(n)) < 1e-9;
  return [0, 1, 2, 3].find((d) => whole(step * 10 ** d)) ?? 4;
}

/**
 * The room for the numbers beside an axis, px: that of the longest one.
 * @type {(texts: string[]) => number}
 */
export const gutter = (texts) => Math.max(34, 14 + 7.5 * Math.max(...texts.map((text) => text.length)));
