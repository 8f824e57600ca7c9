// What is on screen of a day's curve: its minutes, or single frames where it is zoomed in.
import * as api from '../../base/api.js';
import { note } from '../../base/router.js';
import { HOUR, SECOND, dayEnd, dayStart } from '../../base/time.js';
import { padded } from '../../chart/gestures.js';
import { filled } from '../../chart/line_curves.js';
import { writeSpan } from './selection.js';

const LONGEST = 2 * HOUR; // of what is shown as single frames
const KEPT = 6; // intervals of them

const second = (t) => Math.round(t / SECOND) * SECOND;

/**
 * onRange(state): it is being zoomed or moved; onUse(series): draw these values; onFrames(frames): they are single
 * frames, null: minutes. state: {shown, from, to, whole}, whole: the whole day is seen.
 */
export function visibleRange({ meter, date, series: minutes, onRange, onUse, onFrames }) {
  const [first, last] = [dayStart(date), dayEnd(date)],
    frames = framesOf(meter, first, last),
    state = { shown: minutes, from: first, to: last, whole: true };
  let turn = 0,
    left = false; // the view is no longer there: what comes late must not write into the next one's address

  async function range(from, to) {
    if (left) return;
    const mine = ++turn;
    Object.assign(state, { from, to, whole: to - from >= (last - first) * 0.99 });
    onRange(state);
    note({ z: state.whole ? null : writeSpan([from, to].map(second), date) });
    const detail = await frames.find(from, to, minutes);
    if (mine !== turn || left) return;
    const next = detail ?? minutes;
    if (next !== state.shown) {
      state.shown = next;
      onUse(next);
    }
    onFrames(detail);
  }

  /** The day has gone on; from `settled` on what was known may not have been complete. */
  function renew(next, settled) {
    if (state.shown === minutes) state.shown = next;
    minutes = next;
    frames.forget(settled);
    if (state.shown !== minutes) range(state.from, state.to);
  }
  return {
    state,
    range,
    renew,
    leave() {
      left = true;
    },
  };
}

/** The single frames of a day from `first` to `last`; what was asked for is kept for a while. */
function framesOf(meter, first, last) {
  let kept = [];

  /** Null: there are none, or too many. Where none are kept the minutes stand. */
  async function find(from, to, minutes) {
    if (to - from > LONGEST) return null;
    const known = kept.find((one) => one.from <= second(from) && one.to >= second(to));
    if (known) return known.data;
    const wide = padded({ min: first, max: last }, { min: from, max: to }, LONGEST),
      min = second(wide.min),
      max = Math.min(second(wide.max), min + LONGEST);
    /** @type {import('../../../../deploy/page/types').Curve | { source: 'none' } | null} */
    const answer = await api
      .frames(meter.id, min, max, LONGEST / SECOND)
      .catch((error) => (error.status === 404 ? { source: 'none' } : null)); // that none are kept need not be asked again
    const data = answer?.source === 'frames' && answer.mean.some((v) => v != null) ? filled(answer, minutes) : null;
    if (answer) kept = [{ from: min, to: max, data }, ...kept].slice(0, KEPT);
    return data;
  }

  const forget = (settled) => {
    kept = kept.filter((one) => one.to < settled);
  };
  return { find, forget };
}
