import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { described, seriesOf } = await import('../../../../monitor/page/places/settings/counted_there.js');
const { noted } = await import('../../../../monitor/page/places/settings/home_assistant.js');

const one = (start, end) => ({
  id: 'sensor.linky_hchc',
  name: 'Index HC',
  origin: 'linkytic',
  unit: 'kWh',
  register: 'HCHC',
  wh: 3250400,
  start,
  end,
});

test('a statistic is told by where it comes from, its months and its energy', () => {
  const text = described(one('2025-02-28T23:00:00Z', '2026-11-30T23:00:00Z')).replaceAll(/[\u00a0\u202f]/g, ' ');
  assert.equal(text, 'linkytic · mars 2025 – novembre 2026 · 3 250 kWh');
  assert.match(described(one('2026-10-31T23:00:00Z', '2026-11-30T23:00:00Z')), /^linkytic · novembre 2026 · /);
});

test('each that is ticked needs a register, and none is nothing to ask for', () => {
  assert.deepEqual(seriesOf(new Map([['sensor.a', 'HCHC'], ['linky:1', 'HCHP']])), ['sensor.a=HCHC', 'linky:1=HCHP']); // biome-ignore format: a line
  assert.equal(seriesOf(new Map([['sensor.a', '']])), null);
  assert.deepEqual(seriesOf(new Map()), []);
});

test('an entry of the dashboard says whether its cost is known', () => {
  const entry = { statistic: 'sensor.a', name: 'HC', exported: false, cost: 'sensor.price' };
  assert.equal(noted(entry), 'avec son coût');
  assert.match(noted({ ...entry, cost: null }), /^sans coût/);
  assert.equal(noted({ ...entry, exported: true, cost: null }), 'injection');
});
