import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { levelOf, quantiles } from '../../../monitor/page/chart/heatmap.js';

test('classes hold about as many values each; what is unknown is in none', () => {
  const values = Array.from({ length: 600 }, (_, i) => i ** 2),
    limits = quantiles([...values, null]),
    counts = Array(6).fill(0);
  for (const v of values) counts[levelOf(v, limits)]++;
  assert.deepEqual(counts, Array(6).fill(100));
  assert.equal(levelOf(null, limits), null);
});
