import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { hoursOf } from '../../parts/hours.js';
import { HOUR } from '../../base/time.js';
import { devicesBlock } from '../../sources/devices.js';

/** Devices by hour. */
export const ofDay = ({ data, date }) =>
  devicesBlock({
    data,
    periods: hoursOf(date, data.rows).map(({ t, place, row }) => ({
      label: String(place),
      place,
      name: `${f.clock(t)}–${f.clock(t + HOUR)}`,
      rows: row ? [data.rows.indexOf(row)] : [],
    })),
    column: T.columns.time,
    every: 2,
  });
