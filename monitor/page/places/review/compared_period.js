// What a period is set against: like with like. What has only begun is set against the same days of the other period, and
// today, which is not over, against nothing; a period that began today against the same hours.
import * as api from '../../base/api.js';
import { HOUR, dayEnd, dayStart, daysBetween, earlier, plusDays, sameTime } from '../../base/time.js';

/** @import {Interval} from '../../../../deploy/page/types' */
/**
 * mine(): what of this period is compared; of another one: past(from, to). Each is an answer of `energy` with the hours
 * that it should have, or null. hour: that until which today is compared, null if it has none yet; undefined: whole days.
 */
export function comparing({ meter, range, today, now, energy }) {
  const open = range.to >= today,
    length = daysBetween(range.from, open ? plusDays(today, -1) : range.to);
  if (range.from > today) return { mine: () => null, past: async () => null };
  if (length < 0) {
    const until = Math.floor(now / HOUR) * HOUR,
      hour = until > dayStart(today) ? until : null,
      hours = async (from, to) => hour && asEnergy(await api.interval(meter.id, from, to), (to - from) / HOUR);
    return {
      hour,
      mine: () => hours(dayStart(today), until),
      past: async (from) =>
        from >= (meter.known_since ?? today) ? hours(dayStart(from), sameTime(until, from)) : null,
    };
  }
  return {
    mine: () => (open ? energy(range.from, plusDays(today, -1)) : null),
    async past(from, to) {
      const last = open ? earlier(to, plusDays(from, length)) : to;
      return { expected: (dayEnd(last) - dayStart(from)) / HOUR, ...(await energy(from, last)) };
    },
  };
}

/**
 * An interval of a day, as an answer of days has it.
 * @param {Interval} part
 * @param {number} expected
 */
function asEnergy({ from, to, wh, registers, cost, subscription, partial_cost: partial }, expected) {
  const whole = {
    total_wh: wh,
    wh: registers,
    hours: (Date.parse(to) - Date.parse(from)) / HOUR,
    across_wh: 0,
    cost: cost == null ? null : { energy: cost, total: cost + (subscription ?? 0), missing: partial ? ['price'] : [] },
  };
  return { by: 'range', rows: [], expected, whole };
}
