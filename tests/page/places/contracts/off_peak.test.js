import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { changes, spans } from '../../../../monitor/page/places/contracts/off_peak.js';

test('a window over midnight is two parts of a day', () => {
  assert.deepEqual(spans('22:00–06:00, 12:30–15:30'), [
    [0, 6],
    [22, 24],
    [12.5, 15.5],
  ]);
  assert.deepEqual(spans('22:00–00:00'), [[22, 24]]);
  assert.deepEqual(spans(''), []);
});

test('of the windows by month only those that changed are told', () => {
  const months = [
    ['2026-03', 'a'],
    ['2026-04', 'a'],
    ['2026-05', 'b'],
  ];
  assert.deepEqual(changes(months), [months[0], months[2]]);
});
