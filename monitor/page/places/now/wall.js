// A screen on the wall: `?mode=kiosk`, and `&dim=22-6` for the hours in which it is dark.
import { now } from '../../base/api.js';
import { hoursOf, isWithin } from './dark.js';
import { MINUTE, wall as clock } from '../../base/time.js';

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
