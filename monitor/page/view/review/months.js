// The base load by month. No drawing here.
import { plusDays } from '../../time.js';

export const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Months in a row: one that is not there is one of which nothing is known, not one that never was. */
export function withHoles(months) {
  const known = new Map(months.map((m) => [m.month, m])),
    last = months.at(-1)?.month,
    list = [];
  for (let month = months[0]?.month; month <= last; month = plusDays(`${month}-01`, 31).slice(0, 7))
    list.push(known.get(month) ?? { month, watts: null });
  return list;
}
