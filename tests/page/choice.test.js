import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, chosen } from '../../monitor/page/choice.js';

const HOUSE = { id: '031961123456', replaced: ['021861999999'] };
const SHED = { id: '041961555555', replaced: [] };
const METERS = [HOUSE, SHED];

test('without a word the first meter is shown, or the one that was chosen last', () => {
  assert.deepEqual(chosen(METERS, null, null, 'day'), { meter: HOUSE, all: false, unknown: null });
  assert.equal(chosen(METERS, null, SHED.id, 'day').meter, SHED);
  assert.equal(chosen(METERS, null, 'sold since', 'day').meter, HOUSE);
});

test('the address of the page goes before what was chosen last', () => {
  assert.equal(chosen(METERS, HOUSE.id, SHED.id, 'day').meter, HOUSE);
});

test('the address of a meter that was replaced shows its house', () => {
  assert.equal(chosen(METERS, '021861999999', null, 'day').meter, HOUSE);
});

test('an unknown meter is said to be unknown, and no other one is shown in its place', () => {
  assert.deepEqual(chosen(METERS, '999', SHED.id, 'now'), { meter: null, all: false, unknown: '999' });
  assert.equal(chosen([HOUSE], '999', null, 'day').unknown, '999');
});

test('while no meter is known at all none is missed', () => {
  assert.deepEqual(chosen([], '999', null, 'now'), { meter: null, all: false, unknown: null });
});

test('all meters are together on the first place only; the others show one', () => {
  assert.deepEqual(chosen(METERS, ALL, null, 'now'), { meter: HOUSE, all: true, unknown: null });
  assert.equal(chosen(METERS, null, ALL, 'now').all, true);
  assert.deepEqual(chosen(METERS, ALL, SHED.id, 'day'), { meter: SHED, all: false, unknown: null });
  assert.deepEqual(chosen(METERS, null, ALL, 'day'), { meter: HOUSE, all: false, unknown: null });
  assert.deepEqual(chosen([HOUSE], ALL, null, 'now'), { meter: HOUSE, all: false, unknown: null });
});
