import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { valuesOf, withValues } = await import('../../../../monitor/page/places/settings/devices.js');

const PLUG = {
  name: 'Prise',
  kind: 'device',
  topic: 'plug/status',
  power: 'apower',
  energy: 'aenergy.total',
  unit: 'Wh',
};

test('one topic, and one unit for the values that it fits, are those of each value', () => {
  assert.deepEqual(valuesOf(PLUG), {
    power: { topic: 'plug/status', path: 'apower', unit: 'W' },
    energy: { topic: 'plug/status', path: 'aenergy.total', unit: 'Wh' },
  });
});

test('topics of their own stay apart; an energy without a unit has none', () => {
  const roof = { kind: 'production', topic: { power: 'a', energy: 'b' }, power: '', energy: '', unit: null };
  assert.deepEqual(valuesOf(roof), {
    power: { topic: 'a', path: '', unit: 'W' },
    energy: { topic: 'b', path: '', unit: '' },
  });
  assert.deepEqual(withValues(roof, valuesOf(roof)).topic, { power: 'a', energy: 'b' });
});

test('what is read is written the same, and another kind loses what it does not have', () => {
  const again = withValues(PLUG, valuesOf(PLUG));
  assert.deepEqual(again, { ...PLUG, unit: { power: 'W', energy: 'Wh' } });
  assert.deepEqual(valuesOf(again), valuesOf(PLUG));
  const cold = { ...PLUG, kind: 'temperature' };
  assert.deepEqual(withValues(cold, valuesOf(cold)), { name: 'Prise', kind: 'temperature', topic: '', unit: {} });
});
