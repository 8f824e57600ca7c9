import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { standby, withHoles } from '../../../../monitor/page/places/review/base_load.js';

test('months of the base load stand in a row, also those of which nothing is known', () => {
  const month = (name, watts) => ({ month: name, watts }),
    known = [month('2025-11', 200), month('2026-02', 300)];
  assert.deepEqual(withHoles(known), [known[0], month('2025-12', null), month('2026-01', null), known[1]]);
  assert.deepEqual(withHoles([]), []);
});

const year = (watts) => watts.map((w, i) => ({ month: `2026-${String(i + 1).padStart(2, '0')}`, watts: w }));

test('the standby is that of the lowest month: in it nothing heats', () => {
  const months = year([610, 580, 450, 300, 220, 190, 171, 175, 200, 310, 597]);
  assert.deepEqual(standby(months), { month: '2026-07', watts: 171 });
});

test('a month of which nothing is known is not the lowest', () => {
  assert.deepEqual(standby(year([610, null, null, null, null, 190])), { month: '2026-06', watts: 190 });
});

test('of winter months alone nobody can tell what heats and what never stops', () => {
  assert.equal(standby(year([610, 580, 450, 300])), null);
  assert.equal(standby([]), null);
});
