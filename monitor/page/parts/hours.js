// The hours of a day, as bars and tables have them.
import { ORDER, register } from '../base/tariff.js';
import { dayStart, HOUR, hoursIn, wall } from '../base/time.js';

/** 23, 24 or 25 of them: when each begins, its hour by the clock, and its row, if there is one. */
export function hoursOf(date, rows) {
  const start = dayStart(date),
    found = new Map(rows.map((row) => [Date.parse(row.start), row]));
  return Array.from({ length: hoursIn(date) }, (_, i) => {
    const t = start + i * HOUR;
    return { t, place: wall(t).hour, row: found.get(t) };
  });
}

/** The registers that counted in some row. */
export const registersOf = (...rows) => ORDER.filter((name) => rows.some((row) => row.wh[name]));

/** The same of a row, in words. */
export const registersIn = (row) =>
  registersOf(row)
    .map((name) => register(name).long)
    .join(', ');
