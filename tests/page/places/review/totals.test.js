import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weatherOf } from '../../../../monitor/page/places/review/totals.js';

const answer = (more = {}) => ({
  meter: '041234567890',
  base: 18,
  thermometer: 'jardin',
  compared: {
    first: '2026-01-01',
    last: '2026-01-31',
    days: 31,
    degree_days: 409.6,
    degree_days_before: 315,
    wh: 900000,
    wh_before: 878000,
    wh_per_degree_day: 2140,
    quality: 0.78,
    why_not: null,
    change: -0.1232,
    ...more,
  },
});

test('the change at equal weather stands beside what it rests on', () => {
  assert.deepEqual(weatherOf(answer()), {
    change: '−12\u202f%',
    text: 'à météo égale',
    note: 'La température explique 78\u202f% des écarts d’un jour à l’autre (sur 31 jours)',
    thermometer: 'jardin',
  });
});

test('where the weather explains little, this is said and nothing is corrected', () => {
  assert.deepEqual(weatherOf(answer({ why_not: 'weak', change: null, quality: 0.21 })), {
    text: 'la météo explique peu ici',
    note: 'La température explique 21\u202f% des écarts d’un jour à l’autre (sur 31 jours)',
    thermometer: 'jardin',
  });
});

test('without temperatures, days, cold or a line that rises, nothing is said', () => {
  assert.equal(weatherOf(null), null);
  assert.equal(weatherOf({ ...answer(), compared: null }), null);
  for (const more of [
    { why_not: 'days', change: null },
    { why_not: 'warm', change: null },
    { why_not: 'weak', change: null, wh_per_degree_day: -900 },
    { why_not: 'weak', change: null, wh_per_degree_day: null, quality: null },
  ])
    assert.equal(weatherOf(answer(more)), null);
});
