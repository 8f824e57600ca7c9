import assert from 'node:assert/strict';
import { test } from 'node:test';
import { period } from '../../monitor/page/time.js';

// What the words need of a browser.
globalThis.location = { search: '' };
globalThis.document = { documentElement: {} };
globalThis.innerWidth = 1280;
const { titleOf } = await import('../../monitor/page/view/review.js');
const { dateIn } = await import('../../monitor/page/view/review/peaks.js');

test('a week says of which year it is, also where it begins in another one', () => {
  assert.equal(titleOf(period('2025-W50')), 'Semaine 50, du 8 au 14 décembre 2025');
  assert.equal(titleOf(period('2026-W49')), 'Semaine 49, du 30 novembre au 6 décembre 2026');
  assert.equal(titleOf(period('2026-W01')), 'Semaine 1, du 29 décembre 2025 au 4 janvier 2026');
});

test('peaks of several years say of which year they are', () => {
  assert.equal(dateIn(['2026-11-01', '2026-11-13'])('2026-11-01'), 'dim 1er nov');
  assert.equal(dateIn(['2025-11-13', '2026-11-01'])('2026-11-01'), '01/11/2026');
});
