import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { hoursOf, isWithin } from '../../../../monitor/page/places/now/wall.js';

test('hours in which a wall is dark may have minutes and go over midnight', () => {
  assert.deepEqual(hoursOf('22-6'), [1320, 360]);
  assert.deepEqual(hoursOf('22:30-06:15'), [1350, 375]);
  assert.deepEqual(hoursOf('0-24'), [0, 1440]);
});

test('what is no range of hours is none', () => {
  for (const text of [null, '', '22', 'nuit', '22-', '25-6', '22:7-6', '6-6', '22-6-7', '-1-6', '24-6'])
    assert.equal(hoursOf(text), null, text);
});

test('a range over midnight has its evening and its morning', () => {
  for (const minute of [1320, 1439, 0, 359]) assert.ok(isWithin([1320, 360], minute), minute);
  for (const minute of [360, 720, 1319]) assert.ok(!isWithin([1320, 360], minute), minute);
  assert.ok(isWithin([60, 120], 60));
  assert.ok(!isWithin([60, 120], 120));
  assert.ok(isWithin([0, 1440], 1439));
});
