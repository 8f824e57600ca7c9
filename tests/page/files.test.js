import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

globalThis.location = new URL('http://house.test/');
globalThis.document = { baseURI: 'http://house.test/', documentElement: {} };
const { columnOf } = await import('../../monitor/page/tariff.js');
const { fileOf } = await import('../../monitor/page/view/day/numbers.js');
const { dayStart } = await import('../../monitor/page/time.js');

test('a register is called in a file as in the file of a report', () => {
  assert.equal(columnOf('HCHC'), 'Heures creuses (Wh)');
  assert.equal(columnOf('EJPHPM'), 'EJP, pointe mobile (Wh)');
  assert.equal(columnOf('BBRHPJR'), 'Rouge, heures pleines (Wh)');
  assert.equal(columnOf('EASF07'), 'Registre EASF07 (Wh)');
});

test('each value of the file of a day has its date, its words and its unit', () => {
  const start = dayStart('2026-11-25');
  const shown = { unit: 'VA', t0: start, step: 60_000, mean: [800, null], min: [700, null], max: [900, null] };
  const [head, rows] = fileOf(shown, { from: start, to: start + 86_400_000 }, null);
  assert.deepEqual(head, ['Début', 'Début (UTC)', 'Moyenne (VA)', 'Min (VA)', 'Max (VA)']);
  assert.deepEqual(rows, [
    ['25/11/2026 00:00:00', '2026-11-24T23:00:00Z', 800, 700, 900],
    ['25/11/2026 00:01:00', '2026-11-24T23:01:00Z', '', '', ''],
  ]);
});

test('no head of a file is a code', () => {
  const folder = fileURLToPath(new URL('../../monitor/page/view/', import.meta.url));
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of sources) assert.doesNotMatch(readFileSync(folder + name, 'utf8'), /['`_](Wh|EUR|utc)['`]/, name);
});
