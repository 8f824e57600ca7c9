import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { withLine } = await import('../../../../monitor/page/places/contracts/take.js');

test('a contract is added to those of before; of the same meter and day it takes the place', () => {
  const before = { meter: 'a', from: '2025-01-01', offer: 'base', power: 6 },
    other = { ...before, meter: 'b' },
    line = { meter: 'a', from: '2026-01-01', offer: 'hchp', power: 9 };
  assert.deepEqual(withLine([before, other], line), [before, other, line]);
  assert.deepEqual(withLine([before, other], { ...line, from: '2025-01-01' }), [
    other,
    { ...line, from: '2025-01-01' },
  ]);
});
