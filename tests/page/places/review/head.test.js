import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { titleOf } from '../../../../monitor/page/places/review/head.js';
import { dayIn } from '../../../../monitor/page/places/review/peaks.js';
import { period } from '../../../../monitor/page/base/time.js';

test('the title of each period has its year', () => {
  assert.equal(titleOf(period('2025-W50')), 'Semaine 50, du 8 au 14 décembre 2025');
  assert.equal(titleOf(period('2026-W05')), 'Semaine 5, du 26 janvier au 1er février 2026');
  assert.equal(titleOf(period('2026-W01')), 'Semaine 1, du 29 décembre 2025 au 4 janvier 2026');
  assert.equal(titleOf(period('2026-11')), 'Novembre 2026');
  assert.equal(titleOf(period('2026')), '2026');
  assert.equal(titleOf(period('2025-11-01..2026-02-03')), 'Du 1er novembre 2025 au 3 février 2026');
});

test('a day has its year where those beside it may be of another one', () => {
  assert.equal(dayIn({ from: '2025-11-01', to: '2026-11-30' })('2025-11-13'), 'jeu 13 nov 2025');
  assert.equal(dayIn({ from: '2025-11-01', to: '2025-11-30' })('2025-11-13'), 'jeu 13 nov');
});
