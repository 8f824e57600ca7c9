import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { isWhole, newOffer, newVersion, periodsOf } = await import(
  '../../../../monitor/page/places/settings/own_offer.js'
);

test('prices are asked for by the periods that the meter counts', () => {
  assert.deepEqual(periodsOf({ id: '1', offer: 'octopus-base', structure: 'hchp' }), ['HCHC', 'HCHP']);
  assert.deepEqual(periodsOf({ id: '1', offer: null, structure: null }), ['BASE']);
  assert.deepEqual(periodsOf(null), ['BASE']);
});

test('each offer of one’s own has another id', () => {
  assert.equal(newOffer([], {}).id, 'mes-prix');
  assert.equal(newOffer([{ id: 'mes-prix' }, { id: 'mes-prix-2' }], {}).id, 'mes-prix-3');
});

test('a new version asks again for the same amounts, and is not saved before all are there', () => {
  const row = { from: '2026-01-01', kwh: { BASE: 0.2 }, subscription: { 9: 15.5 } },
    next = newVersion(row, '2026-11-25');
  assert.deepEqual(next, { from: '2026-11-25', kwh: { BASE: null }, subscription: { 9: null } });
  assert.equal(isWhole({ offers: [{ rows: [row] }] }), true);
  assert.equal(isWhole({ offers: [{ rows: [row, next] }] }), false);
  assert.equal(isWhole({ offers: [{ rows: [row, { ...next, kwh: { BASE: 0 }, subscription: { 9: 0 } }] }] }), true);
});
