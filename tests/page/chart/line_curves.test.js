import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { filled, valueAt } from '../../../monitor/page/chart/line_curves.js';

test('a value is that of the step it falls into; holes and other days give none', () => {
  const series = { t0: 1000, step: 60, mean: [5, null, 7] };
  assert.equal(valueAt(series, 'mean', 1059), 5);
  assert.equal(valueAt(series, 'mean', 1060), null);
  assert.equal(valueAt(series, 'mean', 1120), 7);
  assert.equal(valueAt(series, 'mean', 999), null);
  assert.equal(valueAt(series, 'mean', 1180), null);
  assert.equal(valueAt(series, 'injected', 1000), null);
});

const SECOND = 1000,
  MINUTE = 60 * SECOND;

/** Three minutes of seconds: of the first no frame is kept, in the second one is missing. */
function frames() {
  const mean = Array.from({ length: 180 }, (_, i) => (i < 60 || i === 70 ? null : 500 + i));
  return { t0: 10 * MINUTE, step: SECOND, source: 'frames', mean };
}

test('where no frame is kept of a minute, the mean of the minute stands; single seconds that are missing stay so', () => {
  const minutes = { t0: 9 * MINUTE, step: MINUTE, mean: [1, 420, 2, 3] };
  const whole = filled(frames(), minutes);
  assert.deepEqual(whole.mean.slice(0, 60), Array(60).fill(420));
  assert.equal(whole.mean[70], null);
  assert.equal(whole.mean[71], 571);
  assert.equal(whole.partly, true);
});

test('a minute that is not known either stays empty, and frames that are complete are as they were', () => {
  const none = filled(frames(), { t0: 9 * MINUTE, step: MINUTE, mean: [1, null, 2, 3] });
  assert.deepEqual(none.mean.slice(0, 60), Array(60).fill(null));
  assert.equal(none.partly, false);
  const all = { ...frames(), mean: frames().mean.slice(60), t0: 11 * MINUTE };
  assert.equal(filled(all, { t0: 9 * MINUTE, step: MINUTE, mean: [1, 420, 2, 3] }).partly, false);
});
