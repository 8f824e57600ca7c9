import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueAt } from '../../monitor/page/chart/values.js';

test('a value is that of the step it falls into; holes and other days give none', () => {
  const series = { t0: 1000, step: 60, mean: [5, null, 7] };
  assert.equal(valueAt(series, 'mean', 1059), 5);
  assert.equal(valueAt(series, 'mean', 1060), null);
  assert.equal(valueAt(series, 'mean', 1120), 7);
  assert.equal(valueAt(series, 'mean', 999), null);
  assert.equal(valueAt(series, 'mean', 1180), null);
  assert.equal(valueAt(series, 'injected', 1000), null);
});
