import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { hasPast, joinable } = await import('../../../../monitor/page/parts/known/known.js');
const POINT = { id: '12345678901234', first: null, known_since: '2024-12-01', known_until: '2026-11-30' };
const NEW = { id: '031961123456', first: null, known_since: null };
const READ = { id: '041961555555', first: '2026-11-01', known_since: '2026-11-01' };
const WITH_PAST = { id: '051961777777', first: '2026-11-01', known_since: '2025-11-01' };

test('a home that only has imports may be that of each meter without a past', () => {
  assert.deepEqual(joinable([NEW, READ, WITH_PAST, POINT]), { points: [POINT], candidates: [NEW, READ] });
});

test('without a home of imports, or without such a meter, nothing is asked', () => {
  for (const meters of [[], [POINT], [NEW, READ], [POINT, WITH_PAST]]) assert.equal(joinable(meters), null);
});

test('energy of before the first reading is a past', () => {
  assert.deepEqual([POINT, WITH_PAST, READ, NEW, null].map(hasPast), [true, true, false, false, false]);
});
