import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

globalThis.location = new URL('http://house.test/');
globalThis.document = { baseURI: 'http://house.test/', documentElement: {} };
let answers, asked;
globalThis.fetch = async (address) => {
  const path = String(address).replace(/.*api\/v1\//, '');
  asked.push(path);
  const body = answers[path.split('?')[0]];
  return new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });
};
beforeEach(() => {
  asked = [];
});
const { house } = await import('../../monitor/page/house.js');
const ZONE = 'Europe/Paris';

test('a meter without readings has the subscribed power that is live, and is asked for again', async () => {
  answers = {
    meters: { zone: ZONE, meters: [{ id: '031961123456', first: null, subscribed: null }] },
    live: { meter: '031961123456', at: '2026-11-25T12:00:00Z', subscribed: 9000 },
  };
  assert.equal((await house()).meters[0].subscribed, 9000);
  await house();
  assert.equal(asked.filter((path) => path === 'meters').length, 2);
});

test('a meter with readings is asked for once, and what is live is not needed', async () => {
  answers = { meters: { zone: ZONE, meters: [{ id: '031961123456', first: '2026-03-03', subscribed: 6000 }] } };
  assert.equal((await house()).meters[0].subscribed, 6000);
  await house();
  assert.deepEqual(asked, ['meters']);
});
