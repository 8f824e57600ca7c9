// A screen on the wall: `?mode=kiosk`, and `&dim=22-6` for the hours in which it is dark.
import { now } from '../../base/api.js';
import { MINUTE, wall as clock } from '../../base/time.js';

const HOURS = /^(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?$/;

/**
 * [start, end] of `22-6` or `22:30-06:15`, in minutes of the day; null: these are no hours.
 * @type {(text: string | null) => [number, number] | null}
 */
export function hoursOf(text) {
  const match = HOURS.exec(text ?? '');
  if (!match) return null;
  const [start, end] = [1, 3].map((i) => Number(match[i]) * 60 + Number(match[i + 1] ?? 0));
  return start < 1440 && end <= 1440 && start !== end ? [start, end] : null;
}

/** Whether a minute of the day is in [start, end), which may go over midnight. */
export function isWithin([start, end], minute) {
  return start < end ? start <= minute && minute < end : minute >= start || minute < end;
}

let timer = 0;

/** Set what the address asks for, until the next address. */
export function wall(query) {
  const root = document.documentElement,
    isWall = query.get('mode') === 'kiosk',
    dark = isWall ? hoursOf(query.get('dim')) : null;
  const look = () => {
    const { hour, minute } = clock(now());
    root.classList.toggle('dim', dark != null && isWithin(dark, hour * 60 + minute));
  };
  root.classList.toggle('kiosk', isWall);
  clearInterval(timer);
  if (dark) timer = setInterval(look, MINUTE / 4);
  look();
}
