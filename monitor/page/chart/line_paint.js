// What a meter's day has besides its line: holes, recovered energy, the contract's limit, overloads, and the strip of
// registers below the plot.
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { register } from '../base/tariff.js';
import { HOUR } from '../base/time.js';
import { font, hatch } from './paint.js';

/** @import uPlot from 'uplot' */
/** @import {Box, Curve, DayLook, Gap} from '../../../deploy/page/types' */

export const STRIP = 12; // height of the strip of registers

/**
 * Watts that a recovered amount would have been, spread over its hole; null when nothing is known of it.
 * @type {(gap: Gap) => number | null}
 */
const meanOf = ([from, to, , wh]) => (wh == null ? null : wh / ((to - from) / HOUR));

/**
 * Below grid and line.
 * @type {(u: uPlot, look: DayLook) => void}
 */
export function below(u, { series, colour, ratio: r, big }) {
  const { ctx } = u,
    { left, top, width, height: tall } = u.bbox;
  const x = (ms) => Math.min(left + width, Math.max(left, u.valToPos(ms / 1000, 'x', true))),
    y = (v) => u.valToPos(v, 'y', true);
  ctx.save();
  for (const gap of series.gaps) {
    const a = x(gap[0]),
      b = x(gap[1]),
      mean = meanOf(gap);
    if (b - a < 0.5) continue;
    ctx.fillStyle = hatch(ctx, { ink: colour('rule-2'), ground: colour('sunk'), ratio: r });
    ctx.fillRect(a, top, b - a, tall);
    if (!mean) continue;
    ctx.fillStyle = hatch(ctx, { ink: colour('ink-2'), ground: colour('band'), ratio: r, rising: true });
    ctx.fillRect(a, y(mean), b - a, y(0) - y(mean));
    ctx.fillStyle = colour('ink');
    ctx.fillRect(a, y(mean) - r, b - a, 2 * r);
  }
  strip(ctx, { series, colour, r, big, top: top + tall + 4 * r, x });
  ctx.restore();
}

/**
 * Over the grid, below the line: the contract's limit. Its words keep away from those of an overload.
 * @type {(u: uPlot, look: DayLook & {limit?: number | null}) => void}
 */
export function between(u, { series, limit, colour, ratio: r, big }) {
  if (!limit || limit > (u.scales.y.max ?? 0)) return;
  const { ctx } = u,
    { left, width } = u.bbox,
    at = u.valToPos(limit, 'y', true);
  ctx.save();
  ctx.strokeStyle = colour('warn');
  ctx.lineWidth = 1.5 * r;
  ctx.setLineDash([6 * r, 4 * r]);
  ctx.beginPath();
  ctx.moveTo(left, at);
  ctx.lineTo(left + width, at);
  ctx.stroke();
  ctx.setLineDash([]);
  const taken = overloadLabels(u, series, r, big);
  ctx.font = font(r * big);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const text = T.chart.limit(f.kva(limit)),
    size = { wide: ctx.measureText(text).width + 6 * r, tall: 17 * r * big };
  const places = [left + 2 * r, left + width - size.wide - 2 * r].flatMap((x) =>
    [at - size.tall - 2 * r, at + 2 * r].map((y) => ({ ...size, x, y })),
  );
  const place = freePlace(places, taken);
  ctx.fillStyle = colour('paper');
  ctx.fillRect(place.x, place.y, place.wide, place.tall);
  ctx.fillStyle = colour('warn');
  ctx.fillText(text, place.x + 3 * r, place.y + place.tall / 2);
  ctx.restore();
}

/**
 * The first of these boxes that none of the taken ones touches, else the first.
 * @type {(places: Box[], taken: Box[]) => Box}
 */
export function freePlace(places, taken) {
  const apart = (a, b) => a.x + a.wide <= b.x || b.x + b.wide <= a.x || a.y + a.tall <= b.y || b.y + b.tall <= a.y;
  return places.find((place) => taken.every((box) => apart(place, box))) ?? places[0];
}

/**
 * What is written beside each overload on screen: its point, its text, and the box of that.
 * @type {(u: uPlot, series: Curve, r: number, big: number) => (Box & {px: number, py: number, text: string})[]}
 */
function overloadLabels(u, { overloads = [], unit }, r, big) {
  const { ctx } = u,
    { left, width } = u.bbox;
  ctx.font = font(r * big, 13, 600);
  return overloads
    .map(({ at, power }) => {
      const px = u.valToPos(Date.parse(at) / 1000, 'x', true),
        py = u.valToPos(power ?? 0, 'y', true),
        text = f.power(power, unit),
        wide = ctx.measureText(text).width,
        tall = 17 * r * big,
        x = px > left + width - 120 * r * big ? px - 9 * r - wide : px + 9 * r;
      return { px, py, text, x, y: py - 9 * r - tall / 2, wide, tall };
    })
    .filter(({ px }) => px >= left && px <= left + width);
}

/** The register of each moment, by its colour and its name. */
function strip(ctx, { series, colour, r, big, top, x }) {
  for (const [from, to, name] of series.registers ?? []) {
    const a = x(from),
      b = x(to),
      { css, short, colour: tempo, hours } = register(name);
    if (b - a < 1) continue;
    const high = STRIP * r * big;
    ctx.fillStyle =
      tempo === 'white' && hours !== 'hc'
        ? hatch(ctx, { ink: colour('white-ink'), ground: colour('hp-white'), ratio: r, rising: true })
        : colour(css);
    ctx.fillRect(a, top, b - a - r, high);
    if (tempo === 'white') {
      ctx.strokeStyle = colour('white-ink');
      ctx.lineWidth = r;
      ctx.strokeRect(a + r / 2, top + r / 2, b - a - 2 * r, high - r);
    }
    ctx.font = font(r * big, 12, 600);
    const text = ` ${short} `,
      wide = ctx.measureText(text).width;
    if (b - a < wide + 10 * r) continue;
    ctx.fillStyle = colour('paper');
    ctx.fillRect((a + b) / 2 - wide / 2, top, wide, high);
    ctx.fillStyle = colour('ink-2');
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(text, (a + b) / 2, top + high / 2 + r / 2);
  }
}

/**
 * Above the line: what a hole is, and where the contract's limit was passed.
 * @type {(u: uPlot, look: DayLook) => void}
 */
export function above(u, { series, colour, ratio: r, big }) {
  const { ctx } = u,
    { left, top, width, height } = u.bbox;
  const x = (ms) => u.valToPos(ms / 1000, 'x', true);
  ctx.save();
  ctx.textBaseline = 'middle';
  ctx.font = font(r * big);
  for (const gap of series.gaps) {
    const a = x(gap[0]),
      b = x(gap[1]);
    if (b < left || a > left + width || (u.width < 520 && b - a < 40 * r) || b - a < 12 * r) continue;
    const texts = gapTexts(gap),
      wide = noteWidth(ctx, texts, r * big),
      from = Math.min(Math.max(a, left) + 4 * r, left + width - wide);
    // Words must not cover the curve beside a narrow hole; where they cannot, the legend has them.
    const time = (place) => u.posToVal(place, 'x', true) * 1000,
      most = Math.max(meanOf(gap) ?? 0, highest(series, time(from), time(from + wide))),
      level = Math.min(u.valToPos(most, 'y', true), top + height - 20 * r),
      tall = (texts.length * 18 + 2) * r * big;
    const place = Math.max(top + 18 * r * big, level - 54 * r * big - tall);
    if (place + tall > level - 4 * r) continue;
    note(ctx, { texts, left: from, top: place + 10 * r * big, wide, colour, r: r * big });
  }
  for (const { px, py, text, x: from, y, tall } of overloadLabels(u, series, r, big)) {
    ctx.fillStyle = colour('warn');
    ctx.beginPath();
    ctx.moveTo(px - 5 * r, py - 12 * r);
    ctx.lineTo(px + 5 * r, py - 12 * r);
    ctx.lineTo(px, py - 4 * r);
    ctx.fill();
    ctx.textAlign = 'left';
    ctx.font = font(r * big, 13, 600);
    ctx.fillText(text, from, y + tall / 2);
  }
  ctx.restore();
}

/**
 * 'Pas de trame (02:13–02:41)', and what was recovered of it when that is known.
 * @type {(gap: Gap) => string[]}
 */
export function gapTexts([from, to, , wh]) {
  return [T.chart.gap(f.clock(from), f.clock(to)), ...(wh ? [T.chart.recovered(f.energy(wh))] : [])];
}

/**
 * The most that is drawn between two instants.
 * @type {(series: Curve, from: number, to: number) => number}
 */
export function highest({ t0, step, max, mean }, from, to) {
  const [first, last] = [from, to].map((t) => Math.max(0, Math.round((t - t0) / step)));
  return Math.max(0, ...(max ?? mean).slice(first, last + 1).map((v) => v ?? 0));
}

const noteWidth = (ctx, texts, r) => Math.max(...texts.map((t) => ctx.measureText(t).width)) + 12 * r;

function note(ctx, { texts, left: x, top, wide, colour, r }) {
  ctx.fillStyle = colour('paper');
  ctx.fillRect(x, top - 10 * r, wide, texts.length * 18 * r + 2 * r);
  ctx.textAlign = 'left';
  texts.forEach((text, i) => {
    ctx.fillStyle = colour(i ? 'ink' : 'ink-2');
    ctx.fillText(text, x + 6 * r, top + i * 18 * r);
  });
}
