// Hour × weekday: what an ordinary week looks like. Down = Monday to Sunday, across = hours of the wall clock.
import { s, set } from '../dom.js';
import * as f from '../format.js';
import { T } from '../i18n.js';
import { levelOf } from './levels.js';
import { textScale, whenSized } from './paint.js';
import { pick } from './pick.js';

/** @import {Reading} from '../../../deploy/page/types' */
/** @typedef {(number | null)[][]} Rows */
/** @typedef {{big: number, left: number, top: number, tall: number, cell: number}} Frame   tall, cell: of an hour */

/**
 * rows: seven lists of the mean Wh of 24 hours, Monday first; null for unknown.
 * @param {Reading & {rows: Rows, limits: number[]}} options
 */
export function week({ rows, limits, label, resting }) {
  const big = textScale(),
    frame = { big, left: 38 * big, top: 20 * big, tall: 26 * Math.sqrt(big), cell: 28 },
    { left, top, tall } = frame,
    svg = s('svg', { class: 'plot heat', 'aria-hidden': 'true' }),
    cursor = s('rect', { class: 'cell-cursor', height: tall + 1, visibility: 'hidden', rx: 3 });

  whenSized(svg, (width) => {
    frame.cell = (width - left) / 24;
    svg.setAttribute('viewBox', `0 0 ${width} ${top + 7 * tall}`);
    set(cursor, { width: frame.cell + 1, visibility: 'hidden' });
    svg.replaceChildren(...rows.flatMap((hours, day) => line(hours, day, limits, frame)), ...clock(frame), cursor);
  });
  return pick(svg, {
    label,
    count: rows.length * 24,
    text: (i) => textOf(rows, i),
    resting,
    step: 24,
    find(x, y) {
      const hour = Math.floor((x - left) / frame.cell),
        day = Math.floor((y - top) / tall);
      return hour < 0 || hour > 23 || day < 0 ? -1 : day * 24 + hour;
    },
    cursor,
    spot: (i) => ({ x: left + (i % 24) * frame.cell, y: top + Math.floor(i / 24) * tall }),
  });
}

/** @type {(hours: (number | null)[], day: number, limits: number[], frame: Frame) => SVGElement[]} */
function line(hours, day, limits, { big, left, top, tall, cell }) {
  const square = (wh, hour) => {
    const level = levelOf(wh, limits);
    return s('rect', {
      class: level == null ? 'cell none' : `heat-${level}`,
      x: left + hour * cell + 0.5,
      y: top + day * tall + 0.5,
      width: cell - 1.5,
      height: tall - 1.5,
      rx: 2,
    });
  };
  const name = s('text', { x: 0, y: top + (day + 0.5) * tall + 4 * big }, f.weekdayName(day).slice(0, 3));
  return [name, ...hours.map(square)];
}

/** @type {(frame: Frame) => SVGElement[]} */
function clock({ big, left, cell }) {
  const every = cell < 24 * big ? 6 : 3;
  return Array.from({ length: 24 / every }, (_, i) =>
    s('text', { x: left + i * every * cell, y: 13 * big }, f.hourOnly(i * every)),
  );
}

/** @type {(rows: Rows, i: number) => string} */
function textOf(rows, i) {
  const day = Math.floor(i / 24),
    hour = i % 24,
    wh = rows[day][hour],
    when = `${f.capital(f.weekdayName(day, 'long'))}, ${f.hourOnly(hour)}–${f.hourOnly(hour + 1)}`;
  return `${when}${T.colon}${wh == null ? T.review.noData : f.energy(wh)}`;
}
