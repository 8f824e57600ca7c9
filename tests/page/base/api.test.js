import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

// What the page's modules find in a browser.
const BASE = 'http://home.lan/energie/';
const gone = [];
// In the page that was sent.
const SENT = Date.UTC(2026, 10, 25, 12);
const answers = {
  'meters?lang=fr': { zone: 'Europe/Paris' },
  'live?meter=041234&lang=fr': { power: 1234 },
  'status?meter=041234&lang=fr': {},
};
let sent = { textContent: JSON.stringify({ at: SENT, answers }) };
globalThis.document = { baseURI: BASE, documentElement: {}, querySelector: () => sent };
globalThis.location = {
  href: `${BASE}jour/2026-11-24?z=07:00..08:00`,
  search: '',
  assign: (address) => gone.push(String(address)),
};
const api = await import('../../../monitor/page/base/api.js');
sent = null;
const { ORDER, register } = await import('../../../monitor/page/base/tariff.js');

let asked, reply;
beforeEach(() => {
  asked = [];
  reply = { status: 200, body: {} };
  globalThis.fetch = async (address) => {
    asked.push(String(address).replace(BASE, ''));
    if (reply.error) throw reply.error;
    return {
      ok: reply.status < 400,
      status: reply.status,
      headers: new Headers({ Date: reply.date ?? '', 'Content-Type': reply.type ?? 'application/json' }),
      json: async () => {
        if (reply.body === undefined) throw new SyntaxError('no JSON');
        return reply.body;
      },
    };
  };
});

test('an answer that came with the page is used once, and only while it is new', async () => {
  mock.timers.enable({ apis: ['Date'], now: SENT + 5000 });
  try {
    assert.deepEqual(await api.meters(), { zone: 'Europe/Paris' });
    assert.deepEqual(await api.live('041234'), { power: 1234 });
    assert.deepEqual(asked, []);
    await api.live('041234');
    await api.live('049999');
    mock.timers.setTime(SENT + 60_000);
    await api.status('041234');
    assert.deepEqual(
      asked,
      ['live?meter=041234', 'live?meter=049999', 'status?meter=041234'].map((question) => `api/v1/${question}&lang=fr`),
    );
  } finally {
    mock.timers.reset();
  }
});

test('addresses are below the page’s base, and what is not asked for is left out', async () => {
  await api.live('041234');
  await api.live();
  await api.events('041234', { kind: null, limit: 20 });
  assert.deepEqual(asked, [
    'api/v1/live?meter=041234&lang=fr',
    'api/v1/live?lang=fr',
    'api/v1/events?meter=041234&limit=20&lang=fr',
  ]);
});

test('the page’s last day is the API’s exclusive end, instants stay as they are', async () => {
  await api.peaks('1', '2026-12-30', '2026-12-31');
  await api.interval('1', Date.UTC(2026, 10, 25, 6, 10), Date.UTC(2026, 10, 25, 6, 25));
  const [days, instants] = asked.map((address) => new URL(BASE + address).searchParams);
  assert.deepEqual([days.get('from'), days.get('to')], ['2026-12-30', '2027-01-01']);
  assert.deepEqual(
    [instants.get('from'), instants.get('to')],
    ['2026-11-25T06:10:00.000Z', '2026-11-25T06:25:00.000Z'],
  );
});

test('a problem has the status and the server’s words; a proxy’s error page has none', async () => {
  reply = { status: 404, body: { detail: 'Compteur inconnu.' } };
  await assert.rejects(api.status('9'), { status: 404, detail: 'Compteur inconnu.' });
  reply = { status: 502, body: undefined };
  await assert.rejects(api.status('9'), { status: 502, detail: undefined });
});

test('a server that does not answer at all is status 0', async () => {
  reply.error = new TypeError('Failed to fetch');
  await assert.rejects(api.meters(), { status: 0 });
});

test('without a session the page goes to the login, and comes back to where it was', async () => {
  Object.assign(reply, { status: 401, type: 'application/problem+json' });
  const never = api.meters().then(() => 'answered');
  const first = await Promise.race([never, new Promise((done) => setTimeout(done, 20, 'waits'))]);
  assert.equal(first, 'waits');
  assert.deepEqual(gone, [`${BASE}login?lang=fr&next=jour%2F2026-11-24%3Fz%3D07%3A00..08%3A00`]);
});

test('where the session of Home Assistant has ended there is no login to go to', async () => {
  gone.length = 0;
  Object.assign(reply, { status: 401, type: 'text/plain; charset=utf-8', body: undefined });
  await assert.rejects(api.meters(), { status: 401 });
  assert.deepEqual(gone, []);
});

test('the clock is the server’s: a reply that is five seconds behind is late, by more the clock was set', async () => {
  let device = Date.parse('2026-11-25T12:00:00Z');
  mock.method(Date, 'now', () => device);
  const ahead = async (ms) => {
    reply.date = new Date(device + ms).toUTCString(); // whole seconds
    await api.meters();
    return api.now() - device;
  };
  assert.equal(await ahead(7 * 3600e3), 7 * 3600e3, 'the furthest so far');
  assert.equal(await ahead(7 * 3600e3 - 5000), 7 * 3600e3, 'a slow reply');
  device += 1;
  assert.equal(await ahead(7 * 3600e3 - 5000), 7 * 3600e3 - 5001, 'a clock was set');
  device -= 1;
  assert.equal(await ahead(7 * 3600e3 - 5000), 7 * 3600e3 - 5000, 'a quicker reply is nearer');
  device += 90e3;
  assert.equal(api.now(), device + 7 * 3600e3 - 5000, 'time goes on');
  reply.date = undefined;
  await api.meters();
  assert.equal(api.now(), device + 7 * 3600e3 - 5000, 'a reply without a date says nothing');
  mock.restoreAll();
});

test('a device that is a little fast is corrected by the first reply', async () => {
  const first = await import('../../../monitor/page/base/api.js?first');
  const device = Date.parse('2026-11-25T12:00:03Z');
  mock.method(Date, 'now', () => device);
  assert.equal(first.now(), device, 'before any reply');
  reply.date = 'Wed, 25 Nov 2026 12:00:00 GMT';
  await first.meters();
  assert.equal(first.now(), device - 3000);
  mock.restoreAll();
});

const COLUMNS = {
  start: ['2026-11-24', '2026-11-25'],
  hours: [24, 15],
  wh: { HCHC: [4000, 1000], HCHP: [9000, 6000] },
  recovered_wh: [0, 300],
  coverage: [1, 0.98],
  cost: { HCHC: [6000, 1500], HCHP: [18000, null] },
  subscription: [5200, 3300],
  partial_cost: [false, true],
  names: {},
};

test('columns become rows; a register without a price is left out of the cost and says so', () => {
  const { rows, registers, priced } = api.rows(COLUMNS);
  assert.deepEqual(registers, ['HCHC', 'HCHP']);
  assert.equal(priced, true);
  assert.deepEqual(
    rows.map(({ total, energy, cost, recovered, partial }) => ({ total, energy, cost, recovered, partial })),
    [
      { total: 13000, energy: 24000, cost: 29200, recovered: 0, partial: false },
      { total: 7000, energy: 1500, cost: 4800, recovered: 300, partial: true },
    ],
  );
});

test('without prices a cost is unknown, and not zero', () => {
  const { rows, priced } = api.rows({ ...COLUMNS, cost: null, subscription: null });
  assert.deepEqual([priced, rows[0].cost, rows[0].energy, rows[0].subscription], [false, null, null, null]);
});

test('registers that only the meter knows have its words, after the known ones', () => {
  api.rows({ ...COLUMNS, wh: { supplier_7: [1, 2] }, cost: null, names: { supplier_7: 'Week-end' } });
  assert.equal(register('supplier_7').long, 'Week-end');
  assert.equal(ORDER.at(-1), 'supplier_7');
});
