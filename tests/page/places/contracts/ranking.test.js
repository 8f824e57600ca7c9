import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { among, chosen, refusals, whyNothing } from '../../../../monitor/page/places/contracts/ranking.js';

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
  const out = (refused, name) => ({ refused, why: refused === 'a' ? 'spot' : 'old', supplier: 'Ohm', name });
  assert.deepEqual(refusals([out('a', 'un'), out('b', 'deux'), { ...out('a', 'trois'), supplier: '' }]), [
    { text: 'a', why: 'spot', names: ['Ohm · un', 'trois'] },
    { text: 'b', why: 'old', names: ['Ohm · deux'] },
  ]);
});

test('offers that cannot be compared say why: a new meter, no contract, or nothing in the period', () => {
  const meter = { first: '2026-11-25', subscribed: 9000 };
  assert.equal(whyNothing({ first: null }, '2026-11-26'), 'tooSoon');
  assert.equal(whyNothing({ ...meter, first: '2026-11-26' }, '2026-11-26'), 'tooSoon');
  assert.equal(whyNothing({ ...meter, subscribed: null }, '2026-11-26'), 'noContract');
  assert.equal(whyNothing({ first: null, known_since: '2025-11-26', subscribed: null }, '2026-11-26'), 'noContract');
  assert.equal(whyNothing(meter, '2026-11-26'), 'noOffers');
});
