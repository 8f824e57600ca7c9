// What uPlot gets of a day: axes, scales, lines. day-paint.js draws the rest on the same canvas.
import * as f from '../base/format.js';
import { wall } from '../base/time.js';
import { ticks } from './axis.js';
import { highestOf, scaleOf } from './line_curves.js';
import { above, below, between, STRIP } from './line_paint.js';
import { font } from './paint.js';

/** @import uPlot from 'uplot' */
/** @import {Palette, Range} from '../../../deploy/page/types' */
/** @import {Curves} from './line_curves.js' */
/**
 * bounds: the day, in seconds; big: the scale of text; ratio: device pixels a px.
 * @typedef {{bounds: Range, big: number, colour: Palette, ratio: () => number}} Look
 */

const CLOSE = 7300; // seconds: two hours, and the values beside them
const HIDDEN = { stroke: 'transparent', points: { show: false } };

/**
 * What is on screen, in seconds.
 * @type {(u: uPlot) => Range}
 */
export const rangeOf = ({ scales: { x } }) => ({ min: x.min ?? 0, max: x.max ?? 0 });
/** @type {(u: uPlot) => number} */
function spanOf(u) {
  const { min, max } = rangeOf(u);
  return max - min;
}
/** @type {(u: uPlot) => boolean} */
const inSeconds = (u) => spanOf(u) < 600;

/**
 * @param {Curves} curves
 * @param {Look} look
 * @param {{width: number, height: number}} size
 * @param {uPlot.Hooks.Arrays} hooks
 * @returns {uPlot.Options}
 */
export function optionsOf(curves, look, size, hooks) {
  const { big, colour, ratio } = look;
  const day = () => ({ series: curves.series, limit: curves.limit, colour, ratio: ratio(), big });
  return {
    ...size,
    legend: { show: false },
    // Half of the last word of the axis is beyond it, and a time with seconds is longer.
    padding: [14 * big, (u) => (inSeconds(u) ? 32 : 20) * big, 0, 0],
    scales: {
      x: { time: false, range: (_u, min, max) => [min, max] },
      y: { range: (u, _lowest, seen) => rescaled(curves, u, seen) },
    },
    cursor: {
      drag: { x: false, y: false },
      bind: { mousedown: () => null, mouseup: () => null, dblclick: () => null },
      points: { size: 9, fill: () => colour('line'), stroke: () => colour('paper') },
      y: false,
      focus: { prox: -1 },
    },
    axes: [timeAxis(look), powerAxis(curves, look, size.width)],
    series: linesOf(colour),
    bands: [{ series: [1, 2], fill: () => colour('band') }],
    hooks: {
      ...hooks,
      drawClear: [(u) => below(u, day())],
      drawAxes: [(u) => between(u, day())],
      draw: [(u) => above(u, day())],
    },
  };
}

/**
 * Up close, what is seen has its own scale: a refrigerator would be a flat line below the peak of the evening.
 * @type {(curves: Curves, u: uPlot, seen: number) => [number, number]}
 */
function rescaled(curves, u, seen) {
  const [times] = u.data,
    { idxs } = u.series[0],
    close = idxs && times[idxs[1]] - times[idxs[0]] <= CLOSE;
  curves.highest = close && seen > 0 ? Math.max(200, seen) : highestOf(curves);
  const { bottom, top } = scaleOf(curves);
  return [bottom, top];
}

/** @type {(look: Look) => uPlot.Axis} */
function timeAxis({ bounds, big, colour }) {
  const hour = (t) => (t === bounds.max ? 24 : wall(t * 1000).hour);
  return {
    stroke: () => colour('ink-3'),
    font: font(big),
    gap: STRIP * big + 8,
    size: STRIP * big + 34 * big,
    grid: { show: false },
    ticks: { show: false },
    splits: (u, _axis, min, max) => ticks(bounds.min, min, max, Math.max(2, (u.width < 520 ? 5 : 9) / big)),
    values: (u, list) =>
      list.map((t) => (spanOf(u) > 4 * 3600 ? f.hourOnly(hour(t)) : f.clock(t * 1000, inSeconds(u)))),
  };
}

/** @type {(curves: Curves, look: Look, width: number) => uPlot.Axis} */
function powerAxis(curves, { big, colour }, width) {
  return {
    stroke: () => colour('ink-3'),
    font: font(big),
    size: (width < 520 ? 54 : 60) * big,
    gap: 6,
    grid: { stroke: () => colour('rule'), width: 1 },
    ticks: { show: false },
    splits() {
      const { bottom, top, step } = scaleOf(curves),
        out = [];
      for (let v = Math.ceil(bottom / step) * step; v <= top; v += step) out.push(v);
      return out;
    },
    values: (_u, list) => list.map((v) => (v ? f.number(Math.abs(v)) : f.power(0, curves.shown.unit))),
  };
}

/**
 * In the order of columnsOf(); between the first two is the band.
 * @type {(colour: Palette) => uPlot.Series[]}
 */
function linesOf(colour) {
  const points = { show: false };
  return [
    {},
    HIDDEN,
    HIDDEN,
    { stroke: () => colour('line'), width: 1.25, points },
    { stroke: () => colour('compare'), width: 1.25, dash: [5, 4], points },
    { stroke: () => colour('inj'), fill: () => `${colour('inj')}55`, fillTo: () => 0, width: 1.5, points },
    { stroke: () => colour('own'), width: 1.5, points },
  ];
}
