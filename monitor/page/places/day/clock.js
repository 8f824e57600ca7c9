// Times of a day as an address has them: `07:10..07:25`.
import { clock } from '../../base/format.js';
import { HOUR, MINUTE, at, dayEnd } from '../../base/time.js';

/** 24:00 is the end of the day, so that an address says on which side of midnight it is. */
export const clockOf = (t, date) => (t === dayEnd(date) ? '24:00' : clock(t, t % MINUTE !== 0));

/** Two instants → '07:10..07:25'; of the hour that comes twice in autumn, times of the second have a `b`: '02:30b'. */
export const writeSpan = (span, date) =>
  span
    .map((t) => {
      const text = clockOf(t, date);
      return t - at(date, text) >= HOUR ? `${text}b` : text;
    })
    .join('..');

/** '07:10..07:25' → two instants; null for anything else. */
export function spanOf(date, text) {
  if (!/^\d\d:\d\d(:\d\d)?b?\.\.\d\d:\d\d(:\d\d)?b?$/.test(text ?? '')) return null;
  const [from, to] = text
    .split('..')
    .map((clock) => at(date, clock.replace('b', '')) + (clock.endsWith('b') ? HOUR : 0));
  return to > from ? [from, to] : null;
}
