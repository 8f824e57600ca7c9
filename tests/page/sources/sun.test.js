import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';

const { drawnText, flows, madeFacts, madeText, ownOf, worthFacts } = await import(
  '../../../monitor/page/sources/sun.js'
);
const plain = (text) => String(text).replaceAll(/[\u202f\u00a0]/g, ' ');

const SUN = {
  since: '2026-05-01T08:00:00Z',
  heard: 10,
  injected_wh: 7600,
  production_wh: 12400,
  self_consumed_wh: 4800,
  self_consumption: 0.3871,
  self_sufficiency: 0.48,
  saved: 9500,
  earned: 3040,
  surplus_hours: 6,
  contradiction: null,
};

/** An answer of `energy`: of a range of which production is known from its beginning. */
const of = (sun = {}, whole = {}) => ({
  sun: { ...SUN, ...sun },
  whole: { from: '2026-05-01T08:00:00Z', total_wh: 5200, injected_wh: 7600, ...whole },
});
const EARLIER = { from: '2026-04-01T00:00:00Z' };

test('a roof has its production, the share that was used at home, and the share of what was used', () => {
  const [made, share] = madeFacts(of());
  assert.deepEqual(
    [plain(made.value), plain(made.note), plain(share.value)],
    ['12,4 kWh', 'dont 4,80 kWh autoconsommés (39 %)', '48 %'],
  );
  assert.match(plain(madeFacts(of({}, EARLIER))[0].note), /connue depuis le 1er mai 2026/);
});

test('what the home used is what it drew and what it used of its roof, where both are of the same time', () => {
  const [, , house] = madeFacts(of()); // 4,800 Wh of the roof
  assert.deepEqual([house.name, plain(house.value)], ['Consommé par la maison', '10,0 kWh']);
  assert.equal(madeFacts(of({}, EARLIER))[2], false);
});

test('what was drawn is called so where there is a roof', () => {
  assert.equal(plain(drawnText(of(), '5,20 kWh')), '5,20 kWh soutirés');
  assert.equal(plain(drawnText({ injected_wh: 40 }, '5,20 kWh')), '5,20 kWh soutirés'); // of an interval
  for (const home of [{ sun: undefined }, { injected_wh: 0, production_wh: null }])
    assert.equal(drawnText(home, '5,20 kWh'), '5,20 kWh');
});

test('without injection there is no use at home, and without a source nothing', () => {
  const [made, share] = madeFacts(of({ self_consumed_wh: null, self_consumption: null, self_sufficiency: null }));
  assert.match(made.note, /ne compte pas l’injection/);
  assert.equal(share, false);
  assert.deepEqual(madeFacts(of({ production_wh: null })), []);
  assert.deepEqual(madeFacts(undefined), []);
  assert.deepEqual(worthFacts({}), []);
});

test('what is injected without a price says where to write it', () => {
  const sold = (sun) => worthFacts(of(sun)).filter(Boolean)[1];
  assert.equal(plain(sold({}).value), '0,30 €');
  assert.match(sold({ earned: null }).note, /Réglages/);
});

test('what a counter shows only later is not drawn below nothing, and is told without its use', () => {
  assert.equal(ownOf({ own: -200 }).value, 0);
  assert.equal(ownOf({ own: 860 }).value, 0.86);
  assert.equal(plain(madeText({ made: 2100, own: 860 })), 'Production 2,10 kWh, dont 0,86 kWh autoconsommés');
  assert.equal(plain(madeText({ made: 2100, own: -200 })), 'Production 2,10 kWh');
  assert.equal(madeText({ made: null, own: null }), false);
});

test('what the house uses is what the roof makes and the grid gives, less what it takes', () => {
  const at = '2026-12-01T12:42:30Z',
    production = { power: 1460, at: '2026-12-01T12:42:00Z' };
  const exporting = { at, power: 0, injected: 380, production, today: null };
  assert.deepEqual(flows(exporting), { house: 1080, roof: 1460, grid: -380 });
  assert.deepEqual(flows({ ...exporting, power: 900, injected: 0 }), { house: 2360, roof: 1460, grid: 900 });
  // The production of a minute ago may be less than what is exported now.
  assert.equal(flows({ ...exporting, injected: 1600 }).house, 0);
});

test('what a silent roof makes is not known, and then what the house uses is not, either', () => {
  const production = { power: 1460, at: '2026-12-01T12:36:00Z' };
  const silent = { at: '2026-12-01T12:42:30Z', power: 600, injected: 0, production, today: null };
  assert.deepEqual(flows(silent), { house: null, roof: null, grid: 600 });
  assert.deepEqual(flows({ ...silent, production: null, today: { production_wh: 0 } }).roof, null);
});

test('a home that exports without a source has the grid alone, and one that does neither has nothing', () => {
  const live = {
    at: '2026-12-01T12:42:30Z',
    power: 0,
    injected: 380,
    production: null,
    today: { production_wh: null },
  };
  assert.deepEqual(flows(live), { house: null, roof: undefined, grid: -380 });
  assert.equal(flows({ ...live, injected: null }), null);
});
