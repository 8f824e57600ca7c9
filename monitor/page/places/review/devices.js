import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { daysBetween } from '../../base/time.js';
import { devicesBlock } from '../../sources/devices.js';
import { groupBy, groups } from './groups.js';
import { labelOf, nameOf, opening } from './bars.js';

/** Devices by day, month or year, as the bars above them. */
export function ofReview({ data, range, query }) {
  const by = groupBy(daysBetween(range.from, range.to)),
    places = groups(data, by, range);
  return devicesBlock({
    data,
    periods: places.map((g) => ({
      key: g.key,
      label: labelOf(g, { by, range, count: places.length }),
      name: f.capital(nameOf(g, by)),
      rows: data.rows.flatMap((row, i) => (row.start.startsWith(g.key) ? [i] : [])),
    })),
    column: T.columns.date,
    open: opening(places, by, query),
  });
}
