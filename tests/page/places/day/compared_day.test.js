import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { ofWhole, sideOfInterval } from '../../../../monitor/page/places/day/compared_day.js';

test('a whole day has its energy, its cost with the subscription, its peak and its colour', () => {
  const energy = {
    by: 'hour',
    rows: [],
    whole: {
      total_wh: 36_000,
      wh: { BBRHCJB: 9000, BBRHPJB: 27_000, BBRHPJR: 0 },
      cost: { total: 63_000, energy: 57_000, missing: [] },
    },
  };
  const found = ofWhole(energy, { power: 6120, at: '2026-11-19T18:02:11Z' });
  assert.deepEqual(
    [found.wh, found.cost, found.partial, found.peak, found.colour],
    [36_000, 63_000, false, { power: 6120, at: Date.parse('2026-11-19T18:02:11Z') }, 'blue'],
  );
});

test('a day of which nothing was drawn is none to compare with', () => {
  assert.equal(ofWhole({ by: 'hour', rows: [], whole: null }, null), null);
  const whole = { total_wh: 0, wh: {}, coverage: 0, cost: null };
  assert.equal(ofWhole({ by: 'hour', rows: [], whole }, null), null);
});

test('a part of a day has the cost of its energy and of its part of the subscription', () => {
  const part = {
    wh: 4000,
    registers: { HCHC: 4000 },
    cost: 6000,
    subscription: 2500,
    max: { power: 5000, at: '2026-11-19T07:00:00Z' },
  };
  const found = sideOfInterval(part);
  assert.deepEqual([found.wh, found.cost, found.peak.power, found.colour], [4000, 8500, 5000, null]);
  assert.equal(sideOfInterval({ ...part, cost: null, subscription: null }).cost, null);
});
