// The arithmetic of what is on screen and of what is selected. No events, no drawing.

/** @import {Range} from '../../../deploy/page/types' */

/** @type {(value: number, range: Range) => number} */
const clamp = (value, { min, max }) => Math.min(max, Math.max(min, value));

/**
 * The range of `span` that has `anchor` at `share` of its width, not shorter than `least` and inside the bounds.
 * @type {(bounds: Range, least: number, anchor: number, share: number, span: number) => Range}
 */
export function around(bounds, least, anchor, share, span) {
  const size = Math.min(bounds.max - bounds.min, Math.max(least, span));
  const min = clamp(anchor - share * size, { min: bounds.min, max: bounds.max - size });
  return { min, max: min + size };
}

/**
 * Two ends in any order become a selection on the grid of `step`, inside the bounds; null when nothing is between.
 * @type {(bounds: Range, step: number, a: number, b: number) => number[] | null}
 */
export function selection(bounds, step, a, b) {
  const snap = (value) => clamp(bounds.min + Math.round((value - bounds.min) / step) * step, bounds);
  const [from, to] = [snap(Math.min(a, b)), snap(Math.max(a, b))];
  return to > from ? [from, to] : null;
}

/**
 * The selection with one end (0 or 1) elsewhere. An end stops before the other: handles do not cross.
 * @type {(bounds: Range, step: number, selected: number[], end: number, value: number) => number[] | null}
 */
export function withEnd(bounds, step, [from, to], end, value) {
  return end === 0
    ? selection(bounds, step, Math.min(value, to - step), to)
    : selection(bounds, step, from, Math.max(value, from + step));
}

/**
 * The end of the selection that stays when it is extended from `value`.
 * @type {(selected: number[] | null, value: number) => number}
 */
export const anchorOf = (selected, value) =>
  !selected ? value : Math.abs(selected[0] - value) < Math.abs(selected[1] - value) ? selected[1] : selected[0];

/**
 * What to ask for so that a range can be moved a little without asking again: half as much on each side.
 * @type {(bounds: Range, range: Range, most: number) => Range}
 */
export function padded(bounds, { min, max }, most) {
  const extra = Math.max(0, Math.min((max - min) / 2, (most - (max - min)) / 2));
  return { min: clamp(min - extra, bounds), max: clamp(max + extra, bounds) };
}
