// The base load by month. No drawing here.
import { plusDays } from '../../base/time.js';

/** Months in a row: one that is not there is one of which nothing is known, not one that never was. */
export function withHoles(months) {
  const known = new Map(months.map((m) => [m.month, m])),
    last = months.at(-1)?.month,
    list = [];
  for (let month = months[0]?.month; month <= last; month = plusDays(`${month}-01`, 31).slice(0, 7))
    list.push(known.get(month) ?? { month, watts: null });
  return list;
}

const SUMMER = ['05', '06', '07', '08', '09'];

/** The lowest month, in which nothing heats: what never stops. Null: of no summer month anything is known. */
export function standby(list) {
  const known = list.filter((m) => m.watts != null);
  if (!known.some((m) => SUMMER.includes(m.month.slice(5)))) return null;
  return known.reduce((least, m) => (m.watts < least.watts ? m : least));
}
