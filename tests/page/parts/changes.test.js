import '../browser.js';
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

const { changed, keeper } = await import('../../../monitor/page/parts/changes.js');

/** A server with one section: it refuses what has another version, and what says so. */
let server, asked, down;
globalThis.fetch = async (address, { method = 'GET', headers, body } = {}) => {
  if (down) throw new TypeError('away');
  const route = new URL(address).pathname.replace('/api/v1/', '');
  asked.push(`${method} ${route}`);
  const answer = (status, content) =>
    new Response(JSON.stringify(content), { status, headers: { ETag: `"${server.version}"` } });
  if (method === 'GET') return answer(200, { value: server.value });
  const { value } = JSON.parse(body);
  if (headers['If-Match'] !== `"${server.version}"`) return answer(412, {});
  if (value.euros === 0) return answer(422, { errors: [{ at: 'budget.euros', detail: 'trop peu' }] });
  server = { value, version: server.version + 1 };
  return answer(200, { value, warnings: [] });
};

let told;
const keep = () => keeper('budget', { ...server }, ({ state }) => told.push(state));
beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  server = { value: { euros: 100 }, version: 3 };
  [asked, told, down] = [[], [], false];
});

test('changes that follow each other are saved once, as the last one is', async () => {
  const one = keep();
  one.change({ euros: 110 });
  one.change({ euros: 120 });
  assert.deepEqual(asked, []);
  mock.timers.tick(500);
  await one.flush();
  assert.deepEqual(asked, ['PUT settings/budget']);
  assert.deepEqual(server, { value: { euros: 120 }, version: 4 });
  assert.equal(told.at(-1), 'saved');
});

test('each saved change can be undone, the last one first', async () => {
  const one = keep();
  for (const euros of [110, 120]) {
    one.change({ euros });
    await one.flush();
  }
  await one.undo();
  assert.deepEqual(server.value, { euros: 110 });
  assert.equal(told.at(-1), 'undone');
  await one.undo();
  assert.deepEqual(server.value, { euros: 100 });
  assert.equal(one.canUndo, false);
});

test('where somebody else was first nothing of his is overwritten, and his value is what is shown', async () => {
  const one = keep();
  server = { value: { euros: 500 }, version: 4 };
  one.change({ euros: 110 });
  await one.flush();
  assert.deepEqual(server.value, { euros: 500 });
  assert.equal(told.at(-1), 'elsewhere');
  assert.deepEqual(one.value, { euros: 500 });
  one.change({ euros: 510 });
  await one.flush();
  assert.deepEqual(server.value, { euros: 510 });
});

test('what is wrong is told with its field; the value that is saved again needs no saving', async () => {
  const one = keep();
  one.change({ euros: 0 });
  await one.flush();
  assert.equal(told.at(-1), 'wrong');
  one.change({ euros: 100 });
  mock.timers.tick(500);
  assert.equal(told.at(-1), 'idle');
  assert.equal(asked.length, 1);
});

test('what could not be sent is sent when somebody asks for it', async () => {
  const one = keep();
  down = true;
  one.change({ euros: 110 });
  await one.flush();
  assert.equal(told.at(-1), 'failed');
  down = false;
  await one.again();
  assert.deepEqual(server.value, { euros: 110 });
});

test('a change while another is saved comes after it', async () => {
  const one = keep();
  one.change({ euros: 110 });
  const saved = one.flush();
  one.change({ euros: 120 });
  await saved;
  await one.flush();
  assert.deepEqual(server, { value: { euros: 120 }, version: 5 });
});

test('a change from elsewhere is made of what is there by then, and can be undone', async () => {
  const change = await changed('notes', (value) => ({ ...value, more: 1 }));
  assert.deepEqual(server.value, { euros: 100, more: 1 });
  await change.undo();
  assert.deepEqual(server.value, { euros: 100 });
});
