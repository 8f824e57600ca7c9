import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, chosen } from '../../../monitor/page/base/choice.js';

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
