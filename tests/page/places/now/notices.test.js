import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { overload, silent } from '../../../../monitor/page/places/now/notices.js';

const plain = (text) => text.replace(/\s/g, ' ');
const house = { subscribed: 12000, unit: 'VA' };
const phases = (...powers) => powers.map((power) => ({ power, limit: 4000 }));

test('an overload of three phases says which one is too much, and by how much, although the sum is not', () => {
  const said = overload(house, { power: 5600, phases: phases(700, 4450, 450) });
  assert.equal(plain(said), 'Dépassement : 450 VA de trop sur la phase 2.');
});

test('an overload of one phase says what is drawn and what is subscribed', () => {
  const said = overload({ ...house, subscribed: 9000 }, { power: 9500, phases: null });
  assert.equal(plain(said), 'Dépassement : 9 500 VA pour 9 kVA souscrits.');
});

test('an overload that the power of now does not show is what the meter says', () => {
  assert.equal(
    overload(house, { power: 3000, phases: phases(1000, 1000, 1000) }),
    'Le compteur signale un dépassement.',
  );
  assert.equal(overload({ unit: 'VA' }, { power: 3000 }), 'Le compteur signale un dépassement.');
});

test('a meter that has been silent since another day is so since a date', () => {
  const now = Date.parse('2026-11-26T12:00Z');
  const said = (at) => plain(silent(Date.parse(at), now));
  assert.equal(said('2026-11-26T10:40Z'), 'Aucune donnée du compteur depuis 11 h 40 (1 h 20).');
  assert.equal(said('2024-03-15T12:40Z'), 'Aucune donnée du compteur depuis le 15 mars 2024 à 13 h 40 (986 j).');
});
