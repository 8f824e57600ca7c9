import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameClock, valueAt } from '../../monitor/page/chart/align.js';
import { HOUR, dayStart, hoursIn, wall } from '../../monitor/page/time.js';

const SUMMER = '2026-03-29', // 23 hours: 2 h is not
  WINTER = '2026-10-25', // 25 hours: 2 h comes twice
  PLAIN = '2026-11-24';

/** For each half hour of a day, the clock there and on the other day. */
function clocks(date, other) {
  const there = sameClock(date, other);
  return Array.from({ length: hoursIn(date) * 2 }, (_, i) => {
    const t = dayStart(date) + (i * HOUR) / 2,
      u = there(t);
    return [wall(t), u == null ? null : wall(u)];
  });
}

for (const [date, other] of [
  [PLAIN, WINTER],
  [WINTER, PLAIN],
  [PLAIN, SUMMER],
  [SUMMER, PLAIN],
  [WINTER, SUMMER],
  ['2026-11-23', PLAIN],
]) {
  test(`every moment of ${date} meets the same clock of ${other}, or none if that day has none`, () => {
    for (const [here, there] of clocks(date, other)) {
      if (there == null) {
        assert.equal(other, SUMMER);
        assert.equal(here.hour, 2);
      } else {
        assert.equal(there.date, other);
        assert.deepEqual([there.hour, there.minute], [here.hour, here.minute]);
      }
    }
  });
}

test('the hour that comes twice meets each of its own on another such day', () => {
  const there = sameClock(WINTER, '2025-10-26'),
    start = dayStart(WINTER);
  assert.equal(there(start + 3 * HOUR) - there(start + 2 * HOUR), HOUR);
});

test('a value is that of the step it falls into; holes and other days give none', () => {
  const series = { t0: 1000, step: 60, mean: [5, null, 7] };
  assert.equal(valueAt(series, 'mean', 1059), 5);
  assert.equal(valueAt(series, 'mean', 1060), null);
  assert.equal(valueAt(series, 'mean', 1120), 7);
  assert.equal(valueAt(series, 'mean', 999), null);
  assert.equal(valueAt(series, 'mean', 1180), null);
  assert.equal(valueAt(series, 'injected', 1000), null);
  assert.equal(valueAt(series, 'mean', null), null);
});
