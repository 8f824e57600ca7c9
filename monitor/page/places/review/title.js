// What a period is called.
import * as f from '../../base/format.js';
import { W } from './words.js';

export function titleOf({ kind, text, week, from, to }) {
  if (kind === 'week') return W.week(week, begin(from, to), f.fullDate(to));
  if (kind === 'month') return f.capital(f.monthYear(from));
  return kind === 'year' ? text : f.capital(W.range(f.fullDate(from), f.fullDate(to)));
}

/** Of the first day only what the last one does not say, too. */
function begin(from, to) {
  if (from.slice(0, 4) !== to.slice(0, 4)) return f.fullDate(from);
  return from.slice(0, 7) === to.slice(0, 7) ? String(+from.slice(8)) : f.dayMonth(from);
}
