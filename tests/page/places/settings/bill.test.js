import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { difference } = await import('../../../../monitor/page/places/settings/bill.js');

test('how far our bill is from the supplier’s is told once both are known', () => {
  assert.equal(difference(1010000, 100), 0.01);
  assert.equal(difference(950000, 100), -0.05);
  assert.equal(difference(null, 100), null);
  assert.equal(difference(1010000, null), null);
  assert.equal(difference(1010000, 0), null);
});
