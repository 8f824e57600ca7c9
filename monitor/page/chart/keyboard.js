// Makes a drawing of N things usable without a mouse: it is a slider whose value is the thing under the cursor. The line
// above it says what that is.
import { h, set } from '../base/dom.js';
import { T } from '../base/i18n.js';

/** @import {Props, Reading} from '../../../deploy/page/types' */

/**
 * cursor, spot: what marks the thing that is picked, and where it is then; across, step: how many things the arrows to
 * the side, and those up and down, go.
 * @param {SVGSVGElement} svg
 * @param {Reading & {count: number, text: (i: number) => string, find: (x: number, y: number) => number,
 *   cursor: SVGElement, spot: (i: number) => Record<string, number>, open?: (i: number) => void, across?: number,
 *   step?: number}} options
 */
export function keyboardCursor(
  svg,
  { label, count, text, find, cursor, spot, open, resting = '', across = 1, step = 1 },
) {
  const line = h('p', { class: 'reading' }, resting);
  let index = -1,
    touched = -1; // a finger's first tap reads, the second one opens
  /** @type {(i: number) => void} */
  const show = (i) => {
    index = i;
    set(cursor, i < 0 ? { visibility: 'hidden' } : { visibility: 'visible', ...spot(i) });
    line.textContent = i < 0 ? resting : text(i);
    if (i >= 0) set(node, { 'aria-valuenow': i, 'aria-valuetext': text(i) });
  };
  /** @type {(event: MouseEvent) => number} */
  const hit = (event) => {
    const i = find(...pointOf(svg, event));
    return i >= 0 && i < count ? i : -1;
  };
  function moved(event) {
    const i = hit(event);
    if (i !== index) show(i);
  }
  function clicked(event) {
    const i = hit(event),
      isTouch = event.pointerType === 'touch';
    if (i < 0) return;
    show(i);
    if (!isTouch || touched === i) open?.(i);
    else if (open) line.append(` · ${T.again}`);
    touched = i;
  }
  function pressed(event) {
    const next = target(event, index, count, across, step);
    if (next != null) {
      event.preventDefault();
      event.stopPropagation();
      show(next);
    } else if (event.key === 'Enter' && index >= 0) open?.(index);
    else if (event.key === 'Escape') show(-1);
  }
  const node = sliderOf(svg, label, count, count ? text(0) : '', {
    onpointermove: moved,
    onpointerleave: () => document.activeElement !== node && show(-1),
    onblur: () => show(-1),
    onclick: clicked,
    onkeydown: pressed,
  });
  const state = {
    get at() {
      return index;
    },
    show,
  };
  return { nodes: [line, Object.assign(node, { reading: state })], svg };
}

/** @type {(svg: SVGSVGElement, label: string, count: number, text: string, on: Props<HTMLElement>) => HTMLElement} */
const sliderOf = (svg, label, count, text, on) =>
  h(
    'div',
    {
      class: 'cursor-host',
      role: 'slider',
      tabindex: 0,
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': Math.max(0, count - 1),
      'aria-valuenow': 0,
      'aria-valuetext': text,
      ...on,
    },
    svg,
  );

/**
 * Where an event is, in the units of the drawing.
 * @type {(svg: SVGSVGElement, event: MouseEvent) => [number, number]}
 */
function pointOf(svg, event) {
  const box = svg.getBoundingClientRect(),
    view = svg.viewBox.baseVal;
  return [
    ((event.clientX - box.left) / box.width) * view.width,
    ((event.clientY - box.top) / box.height) * view.height,
  ];
}

/**
 * The thing that a key goes to; null: it is another key.
 * @type {(event: KeyboardEvent, index: number, count: number, across: number, step: number) => number | null}
 */
function target({ key, ctrlKey, altKey, metaKey }, index, count, across, step) {
  const ends = { Home: 0, End: count - 1 },
    moves = {
      ArrowLeft: -across,
      ArrowRight: across,
      ArrowUp: -step,
      ArrowDown: step,
      PageUp: -step,
      PageDown: step,
    };
  if (ctrlKey || altKey || metaKey) return null;
  if (key in ends) return ends[key];
  const move = moves[key];
  if (!move) return null;
  const first = move > 0 ? 0 : count - 1;
  return index < 0 ? first : Math.min(count - 1, Math.max(0, index + move));
}
