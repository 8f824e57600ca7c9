// Rows of energy, put together by day, month or year. Wh and 1e-4 EUR stay integers.
import { earlier, plusDays } from '../../base/time.js';

const LENGTH = { day: 10, month: 7, year: 4 }; // characters of a date that name the group
const LONGEST = { day: 1, month: 31, year: 366 }; // days

/** How a period of some days is shown. */
export const groupBy = (days) => (days <= 100 ? 'day' : days <= 1900 ? 'month' : 'year');

/** Whether anything is known of a row; where nothing is, the server sends zeros. */
export const isKnown = (row) => row.coverage > 0 || row.total > 0 || row.injected > 0;

/**
 * Each day, month or year of a range has its group: one of which nothing is known is `unknown`.
 * What was imported for a month is that of none of its days.
 */
export function groups(data, by, { from, to }) {
  const byKey = new Map();
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    const key = day.slice(0, LENGTH[by]);
    if (!byKey.has(key)) byKey.set(key, empty(key, data.registers));
  }
  for (const row of data.rows) {
    const group = byKey.get(row.start.slice(0, LENGTH[by]));
    if (by === 'day' && row.across) {
      group.missing += row.hours;
      continue;
    }
    group.unknown &&= !isKnown(row);
    for (const r of data.registers) {
      group.wh[r] += row.wh[r];
      group.costBy[r] += row.costBy?.[r] ?? 0;
    }
    group.total += row.total;
    group.cost += row.cost ?? 0;
    group.subscription += row.subscription ?? 0;
    if (row.partial) group.partialCost = true;
    group.injected += row.injected;
    group.made = plus(group.made, row.made);
    group.own = plus(group.own, row.own);
    group.missing += row.hours * (1 - row.coverage);
  }
  return [...byKey.values()];
}

/** Groups that are over, whole and known: what a mean is of. All of them, if there is none. */
export function complete(list, by, { from, to }, today) {
  const end = earlier(to, plusDays(today, -1));
  const over = list.filter(({ key, missing }) => {
    const first = firstDay(key),
      next = firstDay(plusDays(first, LONGEST[by]).slice(0, LENGTH[by]));
    return missing <= 1 && first >= from && next <= plusDays(end, 1);
  });
  return over.length ? over : list;
}

/** Of some days production may not be known. */
const plus = (sum, more) => (more == null ? sum : (sum ?? 0) + more);

const firstDay = (key) => `${key}-01-01`.slice(0, 10);

function empty(key, registers) {
  const none = () => Object.fromEntries(registers.map((r) => [r, 0]));
  return {
    key,
    wh: none(),
    costBy: none(),
    total: 0,
    cost: 0,
    subscription: 0,
    injected: 0,
    made: null,
    own: null,
    missing: 0,
    unknown: true,
  };
}
