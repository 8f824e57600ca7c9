import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { main, root, settle, timers } from '../screen.js';

const METER = { id: '031961123456', name: 'Maison', first: '2026-03-03' };
const RETRY = 15000;
let live; // what becomes of a question for the newest values: a body, or a promise of it

globalThis.fetch = async (address) => {
  const route = new URL(address).pathname.replace('/api/v1/', ''),
    body = await { meters: { zone: 'Europe/Paris', meters: [METER] }, live, alerts: { active: [] } }[route];
  return new Response(JSON.stringify(body ?? {}), {
    status: body?.status ?? (body ? 200 : 404),
    headers: { 'Content-Type': 'application/json' },
  });
};
console.error = () => {}; // that a view cannot be drawn is the case here

const { go, href } = await import('../../../monitor/page/base/router.js');
await import('../../../monitor/page/frame/main.js');
await settle();

beforeEach(async () => {
  live = { status: 404 };
  go('http://house.test/jour/hier'); // nothing is asked for
  await settle();
  timers.length = 0;
});
const draw = async (address) => {
  go(address);
  await settle();
};

test('what follows from link to link is kept: a screen on the wall stays one', async () => {
  await draw('http://house.test/jour/hier?mode=kiosk&compteur=031961123456&theme=dark&lang=en&t=7');
  assert.equal(href('bilan'), 'http://house.test/bilan?lang=en&theme=dark&compteur=031961123456&mode=kiosk');
  assert.equal(root.has('kiosk'), true);
  await draw(href('etat/nulle-part'));
  assert.equal(root.has('kiosk'), true);
  await draw('http://house.test/jour/hier');
  assert.equal(root.has('kiosk'), false);
});

test('a view or an error that comes late is not drawn over the view that was opened meanwhile', async () => {
  for (const late of [{ at: null, links: {} }, { status: 503 }]) {
    let come;
    live = new Promise((done) => {
      come = done;
    });
    await draw('http://house.test/');
    await draw('http://house.test/jour/demain');
    const shown = main.textContent;
    assert.match(shown, /demain/);
    come(late);
    await settle();
    assert.equal(main.textContent, shown);
    assert.match(document.title, /Jour/);
    assert.equal(timers.includes(RETRY), false);
  }
});

test('while the server or its database is away a place is tried again; what is not there is not', async () => {
  for (const [status, tries] of [
    [503, 1],
    [500, 1],
    [404, 0],
    [400, 0],
  ]) {
    live = { status };
    timers.length = 0;
    await draw('http://house.test/');
    assert.equal(timers.filter((ms) => ms === RETRY).length, tries, String(status));
  }
});
