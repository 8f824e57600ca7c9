import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { complete, groupBy, groups } from '../../../../monitor/page/places/review/groups.js';

const row = (start, wh, more = {}) => ({
  start,
  wh,
  total: Object.values(wh).reduce((a, b) => a + b, 0),
  costBy: { HCHC: 10, HCHP: 20 },
  cost: 35,
  subscription: 5,
  injected: 0,
  hours: 24,
  coverage: 1,
  ...more,
});

test('days are added up by month: registers, money and hours that are missing', () => {
  const data = {
    registers: ['HCHC', 'HCHP'],
    rows: [
      row('2026-10-31', { HCHC: 1, HCHP: 2 }),
      row('2026-11-01', { HCHC: 3, HCHP: 4 }),
      row('2026-11-02', { HCHC: 5, HCHP: 6 }, { coverage: 0.5, injected: 9 }),
    ],
  };
  const [october, november] = groups(data, 'month', { from: '2026-10-31', to: '2026-11-02' });
  assert.equal(october.key, '2026-10');
  assert.deepEqual(november, {
    key: '2026-11',
    wh: { HCHC: 8, HCHP: 10 },
    costBy: { HCHC: 20, HCHP: 40 },
    total: 18,
    cost: 70,
    subscription: 10,
    injected: 9,
    made: null,
    own: null,
    missing: 12,
    unknown: false,
  });
});

test('rows without a price still have their energy', () => {
  const rows = [row('2026-11-01', { BASE: 7 }, { costBy: null, cost: null, subscription: null })],
    [group] = groups({ registers: ['BASE'], rows }, 'day', { from: '2026-11-01', to: '2026-11-01' });
  assert.deepEqual([group.total, group.cost], [7, 0]);
});

test('days to come and days without anything keep their place, and are not zero', () => {
  const data = { registers: ['BASE'], rows: [row('2026-11-24', { BASE: 7 })] };
  const week = groups(data, 'day', { from: '2026-11-23', to: '2026-11-29' });
  assert.equal(week.length, 7);
  assert.deepEqual(
    week.filter((g) => !g.unknown).map((g) => g.key),
    ['2026-11-24'],
  );
  assert.equal(groups(data, 'month', { from: '2026-01-01', to: '2026-12-31' }).length, 12);
});

test('a day of which the server knows nothing is unknown, and not nothing; its hours are still missing', () => {
  const rows = [row('2026-11-23', { BASE: 0 }, { coverage: 0 }), row('2026-11-24', { BASE: 0 })];
  const [lost, quiet] = groups({ registers: ['BASE'], rows }, 'day', { from: '2026-11-23', to: '2026-11-24' });
  assert.deepEqual([lost.unknown, lost.missing], [true, 24]);
  assert.equal(quiet.unknown, false); // away, and all switched off
});

test('energy that was imported for a whole month is that of no day, and that of its month', () => {
  const lost = row('2026-11-29', { BASE: 0 }, { coverage: 0 }),
    last = row('2026-11-30', { BASE: 300_000 }, { across: 300_000 }),
    data = { registers: ['BASE'], rows: [lost, last] },
    range = { from: '2026-11-29', to: '2026-11-30' };
  for (const day of groups(data, 'day', range))
    assert.deepEqual([day.unknown, day.total, day.missing], [true, 0, 24], day.key);
  const [month] = groups(data, 'month', range);
  assert.deepEqual([month.unknown, month.total], [false, 300_000]);
});

test('a mean is that of what is over, whole and known; of what there is, if nothing is', () => {
  const group = (key, missing = 0) => ({ key, missing }); // hours
  const keys = (list, by, from, to, today) => complete(list, by, { from, to }, today).map((g) => g.key);
  const months = ['2025-11', '2025-12', '2026-01', '2026-02'].map((key) => group(key));
  assert.deepEqual(keys(months, 'month', '2025-11-26', '2026-02-20', '2026-02-20'), ['2025-12', '2026-01']);
  months[1].missing = 30;
  assert.deepEqual(keys(months, 'month', '2025-11-26', '2026-02-20', '2026-02-20'), ['2026-01']);
  const days = [group('2026-11-24'), group('2026-11-25')];
  assert.deepEqual(keys(days, 'day', '2026-11-23', '2026-11-29', '2026-11-25'), ['2026-11-24']);
  assert.deepEqual(keys(days.slice(1), 'day', '2026-11-23', '2026-11-29', '2026-11-25'), ['2026-11-25']);
  const years = [group('2025'), group('2026')];
  assert.deepEqual(keys(years, 'year', '2025-01-01', '2026-12-31', '2027-01-01'), ['2025', '2026']);
});

test('a week is shown by day, a year by month, ten years by year', () => {
  assert.deepEqual([7, 366, 3653].map(groupBy), ['day', 'month', 'year']);
});

test('a month of which a day has no price is partial, and the others are not', () => {
  const day = (start, partial) => row(start, { BASE: 1 }, { costBy: null, partial }),
    rows = [day('2026-10-31', false), day('2026-11-01', true), day('2026-11-02', false)];
  const months = groups({ registers: ['BASE'], rows }, 'month', { from: '2026-10-31', to: '2026-11-02' });
  assert.deepEqual(
    months.map((g) => Boolean(g.partialCost)),
    [false, true],
  );
});
