// Ten minutes as one SVG path: some hundred points need no library, so the first view loads none.
import { s, set } from '../base/dom.js';
import { number, power } from '../base/format.js';
import { T } from '../base/i18n.js';
import { MINUTE, SECOND } from '../base/time.js';
import { textScale, whenSized, patterns } from './paint.js';
import { gutter, niceTop } from './axis.js';

/** @import {Live} from '../../../deploy/page/answers' */
/** @typedef {[at: number, power: number]} Point */

const SPAN = 600 * SECOND;
const BREAK = 10 * SECOND; // a meter sends a frame every 1 to 3 s: longer without one is unknown, not a line

/**
 * Runs of points that belong together, and the holes between, before and after them.
 * @type {(points: Point[], now: number) => {runs: Point[][], holes: [from: number, to: number][]}}
 */
function pieces(points, now) {
  /** @type {Point[][]} */
  const runs = [];
  /** @type {[number, number][]} */
  const holes = [];
  let last = now - SPAN;
  for (const point of points) {
    const run = runs.at(-1);
    if (point[0] - last > BREAK) holes.push([last, point[0]]);
    if (run && point[0] - last <= BREAK) run.push(point);
    else runs.push([point]);
    last = point[0];
  }
  if (now - last > BREAK) holes.push([last, now]);
  return { runs, holes };
}

/**
 * limit: VA.
 * @param {{limit?: number | null, unit?: string}} options
 */
export function sparkline({ limit, unit }) {
  /** @type {Point[]} */
  let points = [];
  let now = 0,
    width = 600,
    height = 200;
  const grid = s('g'),
    holes = s('g'),
    area = s('path', { class: 'sparkline-area' }),
    line = s('path', { class: 'sparkline-line' }),
    head = s('circle', { class: 'sparkline-head', r: 4 }),
    svg = s('svg', { class: 'plot', role: 'img' }, patterns(), grid, holes, area, line, head);

  function draw() {
    const frame = frameOf(points, now, width, height),
      { runs, holes: gaps } = pieces(points, now),
      newest = points.at(-1);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    line.setAttribute('d', runs.map((run) => `M${pathOf(run, frame)}`).join(''));
    area.setAttribute('d', runs.map((run) => areaOf(run, frame)).join(''));
    holes.replaceChildren(...gaps.map((gap) => holeOf(gap, frame)), ...(newest ? [] : [unknown(frame)]));
    head.classList.toggle('gone', !newest || now - newest[0] > BREAK);
    if (newest) set(head, { cx: frame.x(newest[0]), cy: frame.y(newest[1]) });
    grid.replaceChildren(...powers(frame, limit, newest && (unit ?? 'VA')), ...minutes(frame));
  }

  whenSized(svg, (wide, tall) => {
    width = wide;
    height = tall || 180;
    draw();
  });
  return {
    node: svg,
    points: () => points,
    /**
     * What the server kept; null where there was no frame.
     * @param {NonNullable<Live['ring']>} kept
     */
    replace({ t0, step, power }) {
      points = power.flatMap((value, i) => (value == null ? [] : [[t0 + i * step, value]]));
    },
    /** @type {(at: number, power: number) => void} */
    push(at, power) {
      if (at > (points.at(-1)?.[0] ?? 0)) points.push([at, power]);
    },
    /** @type {(at: number) => void} */
    draw(at) {
      now = Math.max(at, points.at(-1)?.[0] ?? 0);
      points = points.filter(([time]) => time > now - SPAN);
      draw();
    },
    range() {
      const powers = points.map(([, power]) => power);
      return powers.length ? [Math.min(...powers), Math.max(...powers)] : [null, null];
    },
  };
}

/**
 * Where things are on a drawing of a size.
 * @typedef {ReturnType<typeof frameOf>} Frame
 * @param {Point[]} points
 * @param {number} now
 * @param {number} width
 * @param {number} height
 */
function frameOf(points, now, width, height) {
  const scale = niceTop(Math.max(...points.map(([, power]) => power), 500) * 1.08, 3),
    big = textScale(),
    left = gutter([number(scale.top)]) * big,
    right = width - 10,
    top = 8 * big,
    plot = height - 24 * big - top;
  return {
    scale,
    big,
    left,
    right,
    top,
    plot,
    width,
    height,
    now,
    /** @type {(at: number) => string} */
    x: (at) => (left + (1 - (now - at) / SPAN) * (right - left)).toFixed(1),
    /** @type {(power: number) => string} */
    y: (power) => (top + plot * (1 - power / scale.top)).toFixed(1),
  };
}

/** @type {(run: Point[], frame: Frame) => string} */
const pathOf = (run, { x, y }) => run.map(([at, power]) => `${x(at)} ${y(power)}`).join('L');

/** @type {(run: Point[], frame: Frame) => string} */
function areaOf(run, frame) {
  const [first, last] = [run[0], run[run.length - 1]].map(([at]) => `${frame.x(at)} ${frame.y(0)}`);
  return `M${first}L${pathOf(run, frame)}L${last}Z`;
}

/** @type {(hole: [number, number], frame: Frame) => SVGElement} */
const holeOf = ([from, to], { x, top, plot }) =>
  s('rect', { class: 'hole', x: x(from), y: top, width: Math.max(0, Number(x(to)) - Number(x(from))), height: plot });

/** @type {(frame: Frame) => SVGElement} */
const unknown = ({ left, right, top, plot }) =>
  s('text', { x: (left + right) / 2, y: top + plot / 2, 'text-anchor': 'middle' }, T.unknown);

/**
 * Lines across, with their power if any is known, in this unit.
 * @type {(frame: Frame, limit?: number | null, unit?: string) => SVGElement[]}
 */
function powers({ scale, left, right, big, y }, limit, unit) {
  const rule = (v, css) => s('line', { x1: left, x2: right, y1: y(v), y2: y(v), class: css }),
    nodes = [];
  for (let v = 0; v <= scale.top; v += scale.step) {
    nodes.push(rule(v, v ? 'rule' : 'axis'));
    if (unit)
      nodes.push(
        s('text', { x: left - 8, y: Number(y(v)) + 4 * big, 'text-anchor': 'end' }, v ? number(v) : power(0, unit)),
      );
  }
  if (limit && limit < scale.top) nodes.push(rule(limit, 'limit'));
  return nodes;
}

/** @type {(frame: Frame) => SVGElement[]} */
function minutes({ left, width, height, big, now, x }) {
  const room = (width - left) / big,
    every = room < 250 ? 10 : room < 580 ? 5 : 2,
    count = room < 170 ? 1 : 10 / every + 1; // that it is ten minutes is said above
  return Array.from({ length: count }, (_, i) => {
    const ago = i * every,
      anchor = ago === 0 ? 'end' : ago === 10 ? 'start' : 'middle';
    return s('text', { x: x(now - ago * MINUTE), y: height - 6 * big, 'text-anchor': anchor }, T.chart.ago(ago));
  });
}
