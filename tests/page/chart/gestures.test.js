import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorOf, around, padded, selection, withEnd } from '../../../monitor/page/chart/gestures.js';

const DAY = { min: 0, max: 86400 };

test('a zoom keeps what is under the pointer where it is', () => {
  const { min, max } = around(DAY, 60, 43200, 0.25, 3600);
  assert.equal(max - min, 3600);
  assert.equal(min + 0.25 * 3600, 43200);
});

test('a range never leaves the day and never gets shorter than the closest look', () => {
  assert.deepEqual(around(DAY, 60, 100, 0.5, 7200), { min: 0, max: 7200 });
  assert.deepEqual(around(DAY, 60, 86399, 0.5, 7200), { min: 79200, max: 86400 });
  assert.deepEqual(around(DAY, 60, 43200, 0.5, 1), { min: 43170, max: 43230 });
  assert.deepEqual(around(DAY, 60, 43200, 0.5, 1e9), DAY);
});

test('a selection is on the grid, in order, and inside the day', () => {
  assert.deepEqual(selection(DAY, 60, 3700, 100), [120, 3720]);
  assert.deepEqual(selection(DAY, 60, 86300, 99999), [86280, 86400]);
  assert.equal(selection(DAY, 60, 3601, 3602), null, 'nothing is between');
});

test('an end that is pulled over the other one stops a step before it', () => {
  assert.deepEqual(withEnd(DAY, 60, [3600, 7200], 0, 9000), [7140, 7200]);
  assert.deepEqual(withEnd(DAY, 60, [3600, 7200], 1, 0), [3600, 3660]);
  assert.deepEqual(withEnd(DAY, 60, [3600, 7200], 1, 9000), [3600, 9000]);
});

test('extending a selection leaves its far end', () => {
  assert.equal(anchorOf([3600, 7200], 7000), 3600);
  assert.equal(anchorOf([3600, 7200], 3700), 7200);
  assert.equal(anchorOf(null, 3700), 3700);
});

test('more is asked for than is seen, but never more than allowed', () => {
  assert.deepEqual(padded(DAY, { min: 10000, max: 11000 }, 7200), { min: 9500, max: 11500 });
  assert.deepEqual(padded(DAY, { min: 10000, max: 17000 }, 7200), { min: 9900, max: 17100 });
  assert.deepEqual(padded(DAY, { min: 0, max: 1000 }, 7200), { min: 0, max: 1500 });
});
