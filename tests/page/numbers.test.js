import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelOf, quantiles } from '../../monitor/page/chart/colour_scale.js';
import { digits, gutter } from '../../monitor/page/chart/scale.js';
import * as f from '../../monitor/page/base/format.js';
import { useZone } from '../../monitor/page/base/time.js';
import { complete, groupBy, groups } from '../../monitor/page/places/review/groups.js';
import { standby, withHoles } from '../../monitor/page/places/review/months.js';
import { among, chosen, refusals, whyNothing } from '../../monitor/page/places/contracts/ranking.js';
import { inOne } from '../../monitor/page/places/day/whole.js';
import { changes, spans } from '../../monitor/page/places/contracts/spans.js';

test('classes hold about as many values each; what is unknown is in none', () => {
  const values = Array.from({ length: 600 }, (_, i) => i ** 2),
    limits = quantiles([...values, null]),
    counts = Array(6).fill(0);
  for (const v of values) counts[levelOf(v, limits)]++;
  assert.deepEqual(counts, Array(6).fill(100));
  assert.equal(levelOf(null, limits), null);
});

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

test('energy that was imported for a whole day is that of no hour', () => {
  assert.equal(inOne([{ across: 0 }, { across: 15_943 }]), true);
  assert.equal(inOne([{ across: 0 }, { across: 0 }]), false);
  assert.equal(inOne([]), false);
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

test('a part of the time is rounded down: only what is whole is 100 %', () => {
  const text = (ratio) => f.coverage(ratio).replaceAll(f.THIN, ' ');
  assert.deepEqual([1, 0.99995, 0.999, 0.5].map(text), ['100 %', '99,9 %', '99,9 %', '50,0 %']);
});

test('a week is shown by day, a year by month, ten years by year', () => {
  assert.deepEqual([7, 366, 3653].map(groupBy), ['day', 'month', 'year']);
});

const offer = (rank, more = {}) => ({ rank, yours: false, kind: 'fixed', ...more });
const ranks = ({ shown }) => shown.map((o) => o.rank);

test('of many offers the cheapest are shown, one’s own in its place, and all on demand', () => {
  const offers = Array.from({ length: 20 }, (_, i) => offer(i + 1));
  offers[11] = offer(12, { kind: 'regulated' });
  offers[17] = offer(18, { yours: true });
  const all = [...offers, offer(null), offer(null, { kind: 'regulated' })];
  assert.deepEqual(ranks(among(all)), [1, 2, 3, 4, 5, 18]);
  assert.equal(among(all).yours.rank, 18);
  assert.equal(among(all, true).shown.length, 20);
  assert.equal(among([offer(null, { yours: true })]).yours, null);
});

test('offers are chosen by supplier and kind of price, and one’s own beside them', () => {
  const all = [
      offer(1, { supplier: 'Ohm' }),
      offer(2, { supplier: 'Ohm', kind: 'spot' }),
      offer(3, { supplier: 'EDF', yours: true }),
      offer(4, { supplier: 'EDF' }),
    ],
    of = (supplier, kind) => chosen(all, { supplier, kind }).map((o) => o.rank);
  assert.deepEqual(of('Ohm', null), [1, 2, 3]);
  assert.deepEqual(of('Ohm', 'spot'), [2, 3]);
  assert.deepEqual(of('Sélia', 'fixed'), [1, 3, 4]); // no such supplier any more
  assert.deepEqual(of('EDF', 'spot'), [3]);
});

test('offers that lack the same are told in one sentence', () => {
  const out = (refused, name) => ({ refused, supplier: 'Ohm', name });
  assert.deepEqual(refusals([out('a', 'un'), out('b', 'deux'), { ...out('a', 'trois'), supplier: '' }]), [
    { text: 'a', names: ['Ohm · un', 'trois'] },
    { text: 'b', names: ['Ohm · deux'] },
  ]);
});

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

test('numbers are written as people here write them', () => {
  f.useLocale('fr');
  assert.equal(f.power(1840), '1\u202f840\u202fVA');
  assert.equal(f.energy(620), '0,62\u202fkWh');
  assert.equal(f.energy(51_060), '51,1\u202fkWh');
  assert.equal(f.euro(13_456), '1,35\u202f€');
  assert.equal(f.euro(-13_456), '−1,35\u202f€');
  assert.equal(f.change(88, 100), '−12\u202f%');
  assert.equal(f.power(null), '–');
  assert.equal(f.fullDate('2026-09-01'), '1er septembre 2026');
  assert.equal(f.longDate('2026-09-01'), 'mardi 1er septembre 2026');
  assert.equal(f.fullDate('2026-09-11'), '11 septembre 2026');
  assert.equal(f.tableDate('2026-09-01'), '01/09/2026');
});

test('a day keeps its name wherever the meter is', () => {
  for (const zone of ['Pacific/Wallis', 'Pacific/Auckland', 'Pacific/Marquesas', 'Europe/Paris']) {
    useZone(zone);
    assert.equal(f.longDate('2026-09-01'), 'mardi 1er septembre 2026', zone);
  }
});

test('a duration never has sixty minutes, and long ones are told in days', () => {
  const texts = {
    45: '45 s',
    600: '10 min',
    3599: '1 h',
    7199: '2 h',
    7260: '2 h 01',
    172800: '48 h',
    26784000: '310 j',
  };
  for (const [seconds, text] of Object.entries(texts))
    assert.equal(f.duration(seconds * 1000).replaceAll(f.THIN, ' '), text);
});

test('English has minutes with their unit, and days that nobody takes for months', (t) => {
  f.useLocale('en');
  t.after(() => f.useLocale('fr'));
  const written = [7200, 7260, 10_080].map((seconds) => f.duration(seconds * 1000).replaceAll(f.THIN, ' '));
  assert.deepEqual(written, ['2 h', '2 h 1 min', '2 h 48 min']);
  assert.equal(f.tableDate('2026-12-05'), '5 Dec 2026');
  assert.equal(f.fullDate('2026-12-05'), '5 December 2026');
});

test('an axis has as many decimals as its step, however little a house draws', () => {
  assert.deepEqual([20, 1, 2.5, 0.5, 0.25, 0.02, 0.1 + 0.2, 0.0005].map(digits), [0, 0, 1, 1, 2, 2, 1, 4]);
});

test('beside an axis there is room for its longest number', () => {
  assert.equal(gutter(['0', '2']), gutter(['0']));
  assert.ok(gutter(['10 000', '0']) > gutter(['2 000']));
});

test('offers that cannot be compared say why: a new meter, no contract, or nothing in the period', () => {
  const meter = { first: '2026-11-25', subscribed: 9000 };
  assert.equal(whyNothing({ first: null }, '2026-11-26'), 'tooSoon');
  assert.equal(whyNothing({ ...meter, first: '2026-11-26' }, '2026-11-26'), 'tooSoon');
  assert.equal(whyNothing({ ...meter, subscribed: null }, '2026-11-26'), 'noContract');
  assert.equal(whyNothing(meter, '2026-11-26'), 'noOffers');
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
