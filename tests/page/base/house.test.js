import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import '../browser.js';
import { completed, house, ALL, chosen } from '../../../monitor/page/base/house.js';

let answers, asked;
globalThis.fetch = async (address) => {
  const path = String(address)
    .replace(/.*api\/v1\//, '')
    .replace(/[?&]lang=fr$/, '');
  asked.push(path);
  const body = answers[path] ?? answers[path.split('?')[0]];
  return new Response(JSON.stringify(body), {
    status: body.status ?? 200,
    headers: { 'Content-Type': 'application/json' },
  });
};
beforeEach(() => {
  asked = [];
});
/** What the API answers; meters: those that the database knows. */
function household(meters, live = {}) {
  answers = { meters: { zone: 'Europe/Paris', meters }, ...live };
}

test('a meter without readings has the subscribed power that is live, and is asked for again', async () => {
  const live = { meter: '031961123456', at: '2026-11-25T12:00:00Z', subscribed: 9000 };
  household([{ id: '031961123456', first: null, subscribed: null }], { live });
  assert.equal((await completed((await house()).meters[0])).subscribed, 9000);
  await house();
  assert.equal(asked.filter((path) => path === 'meters').length, 2);
});

test('a meter has the name that its owner gave it, else the end of its address', async () => {
  const named = { id: '031961123456', name: 'Maison', first: null },
    unnamed = { id: '041961555555', name: null, first: null };
  household([named, unnamed]);
  const { meters } = await house();
  assert.deepEqual([meters[0].name, meters[1].name], ['Maison', 'Compteur …5555']);
});

test('a home that only has imports is named by the end of its delivery point, and nothing live is asked of it', async () => {
  household([{ id: '12345678901234', name: null, first: null, subscribed: null }]);
  const { meters } = await house();
  assert.equal(meters[0].name, 'Point de livraison …1234');
  await completed(meters[0]);
  assert.deepEqual(asked, ['meters']);
  assert.equal(chosen([meters[0], { id: '931961123456' }], null, null, 'now').meter?.id, '931961123456');
});

test('a meter without readings that tells a colour of the day is one with Tempo', async () => {
  const live = { meter: '031961123456', at: '2026-11-25T12:00:00Z', register: 'BBRHPJR', colour: 'red' };
  household([{ id: '031961123456', first: null, offer: null }], { live });
  assert.equal((await completed((await house()).meters[0])).offer, 'tempo');
});

test('of many new meters only the one that is shown is asked for', async () => {
  const meters = Array.from({ length: 300 }, (_, i) => ({ id: String(99999999000 + i), first: null }));
  household(meters, { live: { subscribed: 6000 } });
  await completed((await house()).meters[7]);
  assert.deepEqual(asked, ['meters', 'live?meter=99999999007']);
});

test('of several meters that only the broker knows, the first that speaks is shown', async () => {
  household([], {
    live: { status: 400, detail: 'Il y a plusieurs compteurs.', meters: ['031961123456', '041961123456'] },
    'live?meter=031961123456': { meter: '031961123456', at: null },
    'live?meter=041961123456': { meter: '041961123456', at: '2026-11-25T12:00:00Z', unit: 'VA' },
  });
  assert.deepEqual(
    (await house()).meters.map((meter) => meter.id),
    ['041961123456', '031961123456'],
  );
});

test('meters whose addresses end alike have names that differ', async () => {
  const named = async (...ids) => {
    household(ids.map((id) => ({ id, first: null })));
    return (await house()).meters.map((meter) => meter.name);
  };
  assert.deepEqual(await named('021700000001', '041876000002'), ['Compteur …0001', 'Compteur …0002']);
  assert.deepEqual(await named('021700003456', '041876003456'), ['Compteur …00003456', 'Compteur …76003456']);
});

test('a meter with readings is asked for once, and what is live is not needed', async () => {
  household([{ id: '031961123456', first: '2026-03-03', subscribed: 6000 }]);
  assert.equal((await house()).meters[0].subscribed, 6000);
  await house();
  assert.deepEqual(asked, ['meters']);
});

test('meters that this browser knows stand for those of a database that is away, and for no other trouble', async () => {
  const kept = new Map();
  document.documentElement.dataset = {};
  globalThis.localStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
  };
  const fresh = async (address) => (await import(`../../../monitor/page/base/house.js?${address}`)).house();
  household([{ id: '031961123456', first: null }]);
  await fresh('known');
  answers = { meters: { status: 503 } };
  assert.deepEqual(
    (await fresh('away')).meters.map((meter) => meter.id),
    ['031961123456'],
  );
  for (const status of [400, 404, 500]) {
    answers = { meters: { status } };
    await assert.rejects(fresh(`trouble-${status}`), ({ status: found }) => found === status);
  }
});

const HOUSE = { id: '031961123456', replaced: ['021861999999'] };
const SHED = { id: '041961555555', replaced: [] };
const METERS = [HOUSE, SHED];

test('the address of the page goes before what was chosen last, and that before the first meter', () => {
  for (const [asked, last, meter] of [
    [null, null, HOUSE],
    [null, SHED.id, SHED],
    [null, 'sold since', HOUSE],
    [HOUSE.id, SHED.id, HOUSE],
    ['021861999999', null, HOUSE], // it was replaced: its house is shown
  ])
    assert.deepEqual(chosen(METERS, asked, last, 'day'), { meter, all: false, unknown: null });
});

test('an unknown meter is said to be unknown, and no other one is shown in its place', () => {
  assert.deepEqual(chosen(METERS, '999', SHED.id, 'now'), { meter: null, all: false, unknown: '999' });
  assert.equal(chosen([HOUSE], '999', null, 'day').unknown, '999');
  // While no meter is known at all none is missed.
  assert.deepEqual(chosen([], '999', null, 'now'), { meter: null, all: false, unknown: null });
});

test('all meters are together on the first place only; the others show one', () => {
  for (const [meters, asked, last, place, meter, all] of [
    [METERS, ALL, null, 'now', HOUSE, true],
    [METERS, null, ALL, 'now', HOUSE, true],
    [METERS, ALL, SHED.id, 'day', SHED, false],
    [METERS, null, ALL, 'day', HOUSE, false],
    [[HOUSE], ALL, null, 'now', HOUSE, false],
  ])
    assert.deepEqual(chosen(meters, asked, last, place), { meter, all, unknown: null });
});
