import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { onNow } from '../../../monitor/page/sources/running.js';

const device = (name, power, on = power > 0) => ({ name, power, on });
const names = (list) => list.map(({ name }) => name);

test('the device that takes most comes first', () => {
  const { first, others } = onNow([device('Box', 12), device('Four', 2100), device('TV', 90)]);
  assert.deepEqual(names(first), ['Four', 'TV', 'Box']);
  assert.deepEqual(others, []);
});

test('of many devices the first six are shown, and one more is not hidden alone', () => {
  const many = (count) => onNow(Array.from({ length: count }, (_, i) => device(`${i}`, 1 + i)));
  assert.deepEqual(names(many(19).first), ['18', '17', '16', '15', '14', '13']);
  assert.equal(many(19).others.length, 13);
  assert.deepEqual([many(7).first.length, many(7).others.length], [7, 0]);
  assert.deepEqual([many(8).first.length, many(8).others.length], [6, 2]);
});

test('what does not run, or says nothing, is in no list', () => {
  const { first } = onNow([device('Four', 0), device('TV', null, null), device('Box', 12)]);
  assert.deepEqual(names(first), ['Box']);
});
