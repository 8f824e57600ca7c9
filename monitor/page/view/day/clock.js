// Times of a day as an address has them: `07:10..07:25`.
import { clock } from '../../format.js';
import { MINUTE, at, dayEnd } from '../../time.js';

/** 24:00 is the end of the day, so that an address says on which side of midnight it is. */
export const clockOf = (t, date) => (t === dayEnd(date) ? '24:00' : clock(t, t % MINUTE !== 0));

/** '07:10..07:25' → two instants; null for anything else. */
export function spanOf(date, text) {
  if (!/^\d\d:\d\d(:\d\d)?\.\.\d\d:\d\d(:\d\d)?$/.test(text ?? '')) return null;
  const [from, to] = text.split('..').map((clock) => at(date, clock));
  return to > from ? [from, to] : null;
}
