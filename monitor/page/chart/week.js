// Hour × weekday: what an ordinary week looks like. Down = Monday to Sunday, across = hours of the wall clock.
import { s } from '../dom.js';
import * as f from '../format.js';
import { T } from '../i18n.js';
import { levelOf } from './levels.js';
import { NARROWEST, textScale } from './paint.js';
import { pick } from './pick.js';

/** @import {Reading} from '../../../deploy/page/types' */

/**
 * rows: seven lists of the mean Wh of 24 hours, Monday first; null for unknown.
 * @param {Reading & {rows: (number | null)[][], limits: number[]}} options
 */
export function week({ rows, limits, label, reading, resting }) {
  const big = textScale(),
    left = 38 * big,
    top = 20 * big,
    tall = 26 * Math.sqrt(big);
  const svg = s('svg', { class: 'plot heat', 'aria-hidden': 'true' });
  let cell = 28,
    cursor;

  function draw(width) {
    cell = (width - left) / 24;
    const every = cell < 24 * big ? 6 : 3;
    cursor = s('rect', { class: 'cell-cursor', width: cell + 1, height: tall + 1, visibility: 'hidden', rx: 3 });
    svg.setAttribute('viewBox', `0 0 ${width} ${top + 7 * tall}`);
    svg.replaceChildren(
      ...rows.flatMap((hours, day) => [
        s('text', { x: 0, y: top + (day + 0.5) * tall + 4 * big }, f.weekdayName(day).slice(0, 3)),
        ...hours.map((wh, hour) => {
          const level = levelOf(wh, limits);
          return s('rect', {
            class: level == null ? 'cell none' : `heat-${level}`,
            x: left + hour * cell + 0.5,
            y: top + day * tall + 0.5,
            width: cell - 1.5,
            height: tall - 1.5,
            rx: 2,
          });
        }),
      ]),
      ...[...Array(24).keys()]
        .filter((hour) => hour % every === 0)
        .map((hour) => s('text', { x: left + hour * cell, y: 13 * big }, f.hourOnly(hour))),
      cursor,
    );
  }
  new ResizeObserver(
    ([
      {
        contentRect: { width },
      },
    ]) => width && draw(Math.max(NARROWEST, width)),
  ).observe(svg);

  const text = (i) => {
    const day = Math.floor(i / 24),
      hour = i % 24,
      wh = rows[day][hour];
    return `${f.capital(f.weekdayName(day, 'long'))}, ${f.hourOnly(hour)}–${f.hourOnly(hour + 1)}${T.colon}${wh == null ? T.review.noData : f.energy(wh)}`;
  };
  return pick(svg, {
    label,
    count: rows.length * 24,
    text,
    reading,
    resting,
    step: 24,
    find: (x, y) => {
      const hour = Math.floor((x - left) / cell),
        day = Math.floor((y - top) / tall);
      return hour < 0 || hour > 23 || day < 0 ? -1 : day * 24 + hour;
    },
    mark(i) {
      cursor?.setAttribute('visibility', i < 0 ? 'hidden' : 'visible');
      if (i < 0) return;
      cursor?.setAttribute('x', left + (i % 24) * cell);
      cursor?.setAttribute('y', top + Math.floor(i / 24) * tall);
    },
  });
}
