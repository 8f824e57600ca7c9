// Lays one day over another by the wall clock: 7 h is under 7 h, also when one of the days has 23 or 25 hours.
import { HOUR, dayStart, hoursIn, wall } from '../time.js';

/**
 * Gives a function from an instant of `date` to the instant of `other` with the same time of the clock, or null when
 * that day has none (2 h of the day that loses it). An hour that comes twice on one day only meets the other's one.
 */
export function sameClock(date, other) {
  const begin = dayStart(date),
    from = hoursOf(other),
    seen = new Map();
  const starts = hoursOf(date).map(({ hour }) => {
    const nth = seen.get(hour) ?? 0,
      all = from.filter((x) => x.hour === hour);
    seen.set(hour, nth + 1);
    return (all[nth] ?? all.at(-1))?.at ?? null;
  });
  return (t) => {
    const start = starts[Math.floor((t - begin) / HOUR)];
    return start == null ? null : start + ((t - begin) % HOUR);
  };
}

function hoursOf(date) {
  const start = dayStart(date);
  return Array.from({ length: hoursIn(date) }, (_, i) => ({ hour: wall(start + i * HOUR).hour, at: start + i * HOUR }));
}

/** The value of a column of `series` at an instant; null outside it and in its holes. */
export function valueAt(series, column, t) {
  if (t == null) return null;
  return series[column]?.[Math.floor((t - series.t0) / series.step)] ?? null;
}
