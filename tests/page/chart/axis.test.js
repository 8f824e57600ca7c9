import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { ticks, niceTop, digits, gutter } from '../../../monitor/page/chart/axis.js';
import { clock } from '../../../monitor/page/base/format.js';
import { dayEnd, dayStart } from '../../../monitor/page/base/time.js';

const clocksOf = (date, wanted) => {
  const [start, end] = [dayStart(date) / 1000, dayEnd(date) / 1000];
  return ticks(start, start, end, wanted).map((t) => clock(t * 1000));
};

test('a day has a tick every three hours of the clock, whether it has 23, 24 or 25 hours', () => {
  const hours = ['00:00', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00', '00:00'];
  for (const date of ['2026-03-29', '2026-11-24', '2026-10-25']) assert.deepEqual(clocksOf(date, 9), hours);
});

test('close to it, ticks are at round minutes and seconds', () => {
  const start = dayStart('2026-11-24') / 1000,
    seven = start + 7 * 3600;
  assert.deepEqual(
    ticks(start, seven + 50, seven + 650, 9).map((t) => t - seven),
    [120, 240, 360, 480, 600],
  );
  assert.deepEqual(
    ticks(start, seven, seven + 60, 5).map((t) => t - seven),
    [0, 15, 30, 45, 60],
  );
});

test('an axis ends at a round number above the highest value', () => {
  assert.deepEqual(niceTop(9320), { top: 10000, step: 2500 });
  assert.deepEqual(niceTop(4), { top: 4, step: 1 });
  assert.deepEqual(niceTop(1234, 3), { top: 1500, step: 500 });
  assert.deepEqual(niceTop(0), { top: 1, step: 1 });
});

test('an axis has as many decimals as its step, however little a house draws', () => {
  assert.deepEqual([20, 1, 2.5, 0.5, 0.25, 0.02, 0.1 + 0.2, 0.0005].map(digits), [0, 0, 1, 1, 2, 2, 1, 4]);
});

test('beside an axis there is room for its longest number', () => {
  assert.equal(gutter(['0', '2']), gutter(['0']));
  assert.ok(gutter(['10 000', '0']) > gutter(['2 000']));
});
