import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { compared, isWhole, sideOf } from '../../../monitor/page/parts/compared.js';

/** An interval of 100 kWh that cost 20 €, 5 € of it the subscription. */
const side = (more = {}) => ({
  wh: 100_000,
  cost: 200_000,
  energy: 150_000,
  partial: false,
  registers: { HCHC: 40_000, HCHP: 60_000 },
  red: null,
  ...more,
});

const percent = (ratio) => Math.round(ratio * 100);

test('energy and money are compared apart: a bill may rise where the consumption does not', () => {
  const { energy, money } = compared(side({ wh: 102_000, cost: 242_000 }), side());
  assert.deepEqual([energy, money].map(percent), [2, 21]);
});

test('where both go the same way nothing has to be explained', () => {
  assert.equal(compared(side({ wh: 110_000, cost: 225_000 }), side()).price, null);
});

test('where they part by more than five points, the price of a kWh and the red days say why', () => {
  const found = compared(
    side({ wh: 868_000, cost: 2_402_600, red: 6 }),
    side({ wh: 853_000, cost: 1_978_700, red: 2 }),
  );
  assert.deepEqual(
    found.price.map((price) => Math.round(price) / 1e4),
    [0.2768, 0.232],
  );
  assert.deepEqual(found.why, { kind: 'red', now: 6, before: 2 });
});

test('without red days it is the share of the peak hours that says why, if it has moved', () => {
  const peak = side({ cost: 240_000, registers: { HCHC: 20_000, HCHP: 80_000 } });
  assert.deepEqual(compared(peak, side()).why, { kind: 'peak', now: 0.8, before: 0.6 });
  assert.equal(compared(side({ cost: 240_000, energy: 190_000 }), side()).why, null); // the prices rose
});

test('a kWh that costs as much as before, and another bill: the subscription stays what it is', () => {
  const half = side({ wh: 50_000, cost: 125_000, energy: 75_000, registers: { HCHC: 20_000, HCHP: 30_000 } });
  assert.deepEqual(compared(half, side()).why, { kind: 'subscription' });
});

test('a cost that is incomplete or unknown on either side has no percentage, and that is said', () => {
  for (const [now, before] of [
    [side({ partial: true }), side()],
    [side(), side({ partial: true })],
    [side({ cost: null, energy: null }), side()],
    [side(), side({ cost: null, energy: null })],
  ]) {
    const { money, partial, price } = compared(now, before);
    assert.deepEqual([money, partial, price], [null, true, null]);
  }
});

test('a side is what the server says of the whole, and how many days of it were red', () => {
  const rows = [{ wh: { BBRHPJR: 900 } }, { wh: { BBRHPJR: 0 } }, { wh: { BBRHPJR: 5 } }];
  const cost = { total: 7, energy: 4, missing: [{ what: 'price' }] };
  assert.deepEqual(sideOf({ by: 'day', rows, whole: { total_wh: 905, wh: { BBRHPJR: 905 }, cost } }), {
    wh: 905,
    cost: 7,
    energy: 4,
    partial: true,
    registers: { BBRHPJR: 905 },
    red: 2,
  });
  // By hour or by month nobody can count days.
  assert.equal(sideOf({ by: 'month', rows, whole: { total_wh: 905, wh: { BBRHPJR: 905 }, cost: null } }).red, null);
});

test('a period that lacks days, or has energy of a longer one, is not compared', () => {
  const week = (more = {}) => ({ whole: { total_wh: 100_000, hours: 168, across_wh: 0, ...more }, expected: 168 });
  assert.ok(isWhole(week()));
  assert.ok(!isWhole(week({ hours: 144 })));
  assert.ok(!isWhole(week({ total_wh: 0 })));
  assert.ok(!isWhole(week({ total_wh: 768_000, across_wh: 744_000 })), 'a month that was imported as a whole');
  assert.ok(!isWhole({ whole: null, expected: 168 }));
});
