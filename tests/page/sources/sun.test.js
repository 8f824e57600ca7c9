import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';

const { drawnText, madeFacts, madeText, ownOf, worthFacts } = await import('../../../monitor/page/sources/sun.js');
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

test('a roof has its production, the share that was used at home, and the share of what was used', () => {
  const [made, share] = madeFacts(SUN);
  assert.deepEqual(
    [plain(made.value), plain(made.note), plain(share.value)],
    ['12,4 kWh', 'dont 4,80 kWh autoconsommés (39 %)', '48 %'],
  );
  assert.match(plain(madeFacts(SUN, true)[0].note), /connue depuis le 1er mai 2026/);
});

test('what the home used is what it drew and what it used of its roof, where both are of the same time', () => {
  const [, , house] = madeFacts(SUN, false, 5200); // 4,800 Wh of the roof
  assert.deepEqual([house.name, plain(house.value)], ['Consommé par la maison', '10,0 kWh']);
  assert.equal(madeFacts(SUN, true, 5200)[2], false);
});

test('what was drawn is called so where there is a roof', () => {
  assert.equal(plain(drawnText(true, '5,20 kWh')), '5,20 kWh soutirés');
  assert.equal(drawnText(false, '5,20 kWh'), '5,20 kWh');
});

test('without injection there is no use at home, and without a source nothing', () => {
  const [made, share] = madeFacts({ ...SUN, self_consumed_wh: null, self_consumption: null, self_sufficiency: null });
  assert.match(made.note, /ne compte pas l’injection/);
  assert.equal(share, false);
  assert.deepEqual(madeFacts({ ...SUN, production_wh: null }), []);
  assert.deepEqual(madeFacts(undefined), []);
  assert.deepEqual(worthFacts(undefined, null), []);
});

test('what is injected without a price says where to write it', () => {
  const sold = (sun) => worthFacts(sun, 7600).filter(Boolean)[1];
  assert.equal(plain(sold(SUN).value), '0,30 €');
  assert.match(sold({ ...SUN, earned: null }).note, /feed_in/);
});

test('what a counter shows only later is not drawn below nothing, and is told without its use', () => {
  assert.equal(ownOf({ own: -200 }).value, 0);
  assert.equal(ownOf({ own: 860 }).value, 0.86);
  assert.equal(plain(madeText({ made: 2100, own: 860 })), 'Production 2,10 kWh, dont 0,86 kWh autoconsommés');
  assert.equal(plain(madeText({ made: 2100, own: -200 })), 'Production 2,10 kWh');
  assert.equal(madeText({ made: null, own: null }), false);
});
