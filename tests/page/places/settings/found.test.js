import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { choicesOf, isFollowed, withChoice } = await import('../../../../monitor/page/places/settings/found.js');

const value = (name, quantity, path, unit, more = {}) => ({
  name,
  topic: 'zigbee2mqtt/Prise',
  path,
  quantity,
  unit,
  value: null,
  reason: null,
  followed: false,
  ...more,
});
const device = (values, more = {}) => ({
  id: '1',
  name: 'Prise',
  maker: 'TuYa',
  model: 'TS011F',
  publisher: 'zigbee2mqtt',
  values,
  ...more,
});
const PLUG = device([value('Power', 'power', 'power', 'W'), value('Energy', 'energy', 'energy', 'kWh')]);
const names = (one) => choicesOf(one).map(({ values }) => values.map(({ name }) => name));

test('a plug is one source, with its power, its counter and their units', () => {
  const [choice] = choicesOf(PLUG);
  assert.deepEqual(withChoice([], choice, true), [
    {
      name: 'Prise',
      kind: 'device',
      topic: 'zigbee2mqtt/Prise',
      power: 'power',
      energy: 'energy',
      unit: { power: 'W', energy: 'kWh' },
    },
  ]);
});

test('a message that is only a number has an empty path, and each value its topic', () => {
  const [choice] = choicesOf(
    device([
      value('Power', 'power', '', 'W', { topic: 'shelly/power' }),
      value('Energy', 'energy', '', 'Wmin', { topic: 'shelly/energy' }),
    ]),
  );
  const [source] = withChoice([], choice, true);
  assert.deepEqual([source.power, source.energy], ['', '']);
  assert.deepEqual(source.topic, { power: 'shelly/power', energy: 'shelly/energy' });
  assert.equal(isFollowed([source], choice), true);
});

test('what is ticked no more goes, and all others stay as they are', () => {
  const [choice] = choicesOf(PLUG),
    other = { name: 'Garage', kind: 'temperature', topic: 'garage', temperature: '' },
    both = withChoice([other], choice, true);
  assert.equal(isFollowed(both, choice), true);
  assert.deepEqual(withChoice(both, choice, false), [other]);
});

test('one that the owner entered by hand is followed, under whatever name', () => {
  const [choice] = choicesOf(PLUG);
  assert.equal(
    isFollowed([{ name: 'Frigo', kind: 'device', topic: 'zigbee2mqtt/Prise', power: 'power' }], choice),
    true,
  );
  assert.equal(
    isFollowed([{ name: 'Frigo', kind: 'device', topic: 'zigbee2mqtt/Other', power: 'power' }], choice),
    false,
  );
});

test('two of one name get names of their own, which are not too long', () => {
  const [choice] = choicesOf({ ...PLUG, name: 'P'.repeat(60) }),
    taken = [{ name: 'P'.repeat(40), kind: 'device', topic: 'other', power: '' }];
  assert.equal(withChoice(taken, choice, true)[1].name, `${'P'.repeat(38)} 2`);
});

test('each channel is a source of its own; what one counter cannot be told apart is with the first', () => {
  const two = [value('Power l1', 'power', 'power_l1', 'W'), value('Power l2', 'power', 'power_l2', 'W')],
    counters = [value('Energy l1', 'energy', 'energy_l1', 'kWh'), value('Energy l2', 'energy', 'energy_l2', 'kWh')];
  assert.deepEqual(names(device([...two, ...counters])), [
    ['Power l1', 'Energy l1'],
    ['Power l2', 'Energy l2'],
  ]);
  assert.deepEqual(names(device([...two, counters[0]])), [['Power l1', 'Energy l1'], ['Power l2']]);
});

test('of several counters the one that never begins anew is with the power', () => {
  const values = [
    value('YieldDay', 'energy', 'yieldday', 'Wh'),
    value('YieldTotal', 'energy', 'yieldtotal', 'kWh'),
    value('Power', 'power', 'power', 'W'),
  ];
  assert.deepEqual(names(device(values)), [['Power', 'YieldTotal'], ['YieldDay']]);
});

test('what cannot be read cannot be ticked', () => {
  assert.deepEqual(choicesOf(device([value('Energy', 'energy', null, null, { reason: 'template' })])), []);
});

test('what makes power is production: by its name, its maker, or a power below zero', () => {
  const kind = (more, power = null) => {
    const [choice] = choicesOf(device([value('Power', 'power', 'power', 'W', { value: power })], more));
    return withChoice([], choice, true)[0].kind;
  };
  assert.equal(kind({ name: 'Panneaux balcon' }), 'production');
  assert.equal(kind({ maker: 'OpenDTU', model: 'HM-400' }), 'production');
  assert.equal(kind({}, -287), 'production');
  assert.equal(kind({ name: 'Lave-linge' }, 61), 'device');
});

test('where there are several meters, the one that is looked at has the device', () => {
  const [choice] = choicesOf(PLUG);
  assert.equal(withChoice([], choice, true, '031961123456')[0].meter, '031961123456');
});
