import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { dayStart } from '../../../../monitor/page/base/time.js';
import { peakOf, quarters } from '../../../../monitor/page/places/day/numbers.js';

const T0 = dayStart('2026-11-24'),
  MINUTE = 60e3;

/** Half an hour of minutes: the second quarter has a hole of five, and is lower. */
function series(more = {}) {
  const mean = Array.from({ length: 30 }, (_, i) => (i >= 20 && i < 25 ? null : i < 15 ? 600 : 300));
  return {
    t0: T0,
    step: MINUTE,
    unit: 'VA',
    mean,
    min: mean.map((v) => (v == null ? null : v - 100)),
    max: mean.map((v, i) => (v == null ? null : v + i)),
    ...more,
  };
}

/** Heads and lines of a table. */
function linesOf({ columns, rows }) {
  const list = columns.filter(Boolean);
  return [list.map(([head]) => head), rows.map((row) => list.map(([, cell]) => cell(row) ?? ''))];
}

test('a quarter of an hour has the mean, the least and the most of its minutes that are known', () => {
  const [, [first, second]] = linesOf(quarters(series(), null));
  assert.deepEqual(first, ['00:00', '600', '500', '614']);
  assert.deepEqual(second, ['00:15', '300', '200', '329']);
});

test('a quarter without a single value has dashes, not zeros', () => {
  const none = Array(15).fill(null),
    [, [row]] = linesOf(quarters({ ...series(), mean: none, min: none, max: none }, null));
  assert.deepEqual(row.slice(1), ['–', '–', '–']);
});

test('the day that is compared and what is injected have columns of their own', () => {
  const other = series({ mean: Array(30).fill(450) }),
    [heads, rows] = linesOf(quarters(series({ injected: Array(30).fill(70) }), other));
  assert.equal(heads.length, 6);
  assert.deepEqual(rows[0], ['00:00', '600', '500', '614', '70', '450']);
});

test('the peak of a day is that of its hours, or a higher one of the hour that runs', () => {
  const series = { t0: 0, step: 60e3, mean: [1, 1, 1], max: [900, null, 4000] };
  const ofHours = { power: 3140, at: '1970-01-01T00:00:22Z' };
  assert.deepEqual(peakOf(ofHours, series), { power: 4000, at: 120e3, exact: false });
  assert.deepEqual(peakOf({ ...ofHours, power: 4000 }, series), { power: 4000, at: 22e3, exact: true });
  assert.deepEqual(peakOf(ofHours, null), { power: 3140, at: 22e3, exact: true });
  assert.equal(peakOf(undefined, { ...series, max: [null, null, null] }), null);
});
