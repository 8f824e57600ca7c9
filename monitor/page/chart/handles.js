// The two ends of a selection, to take hold of: by mouse, by finger, by the arrow keys.
import { h, set } from '../base/dom.js';

/** @import {Range} from '../../../deploy/page/types' */

/**
 * text: what a screen reader says; move: an end (0 or 1) wants to be at a value; clear: no selection; step: how far an
 * arrow key goes.
 * @param {HTMLElement} surface over the plot
 * @param {HTMLElement} layer where the handles are, beside the plot: a slider may hold no other slider
 * @param {{labels: string[], text: (value: number) => string, toValue: (x: number) => number,
 *   move: (end: number, value: number) => void, clear: () => void, step: () => number}} options
 */
export function handles(surface, layer, { labels, text, toValue, move, clear, step }) {
  const ends = labels.map((label, end) =>
    h('div', {
      class: 'handle',
      role: 'slider',
      tabindex: 0,
      hidden: true,
      'aria-label': label,
      onpointerdown: (event) => take(event),
      onpointermove: (event) => event.currentTarget.hasPointerCapture(event.pointerId) && pull(event, end),
      onkeydown: (event) => key(event, end),
    }),
  );
  /** @type {number[] | null} */
  let placed = null;
  layer.append(...ends);

  function take(event) {
    if (event.button) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
  }
  function pull(event, end) {
    event.stopPropagation();
    event.preventDefault();
    move(end, toValue(event.clientX - surface.getBoundingClientRect().left));
  }
  function key(event, end) {
    if (event.key === 'Escape') return clear();
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!placed || !by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    move(end, placed[end] + by * step());
  }

  /**
   * selected: from and to; positions: where they are, px from the left of the plot; plot: in the frame, px.
   * @param {number[] | null} selected
   * @param {number[]} positions
   * @param {{left: number, top: number, width: number, height: number}} plot
   * @param {Range} bounds of the values
   */
  return function place(selected, positions, plot, bounds) {
    placed = selected;
    for (const name of ['left', 'top', 'height']) layer.style.setProperty(`--${name}`, `${plot[name]}px`);
    ends.forEach((node, end) => {
      const out = !selected || positions[end] < 0 || positions[end] > plot.width;
      node.hidden = out;
      if (out) return;
      node.style.setProperty('--at', `${positions[end]}px`);
      set(node, {
        'aria-valuemin': bounds.min,
        'aria-valuemax': bounds.max,
        'aria-valuenow': selected[end],
        'aria-valuetext': text(selected[end]),
      });
    });
  };
}
