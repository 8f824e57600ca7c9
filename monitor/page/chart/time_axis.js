// Where an axis of time has its ticks: at round times of the wall clock. uPlot's own placing goes through the zone of
// the browser, and is wrong on the days that have 23 or 25 hours.
import { HOUR, wall } from '../base/time.js';

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
