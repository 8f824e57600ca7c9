import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { inOne } from '../../../../monitor/page/places/day/hours.js';

test('energy that was imported for a whole day is that of no hour', () => {
  assert.equal(inOne([{ across: 0 }, { across: 15_943 }]), true);
  assert.equal(inOne([{ across: 0 }, { across: 0 }]), false);
  assert.equal(inOne([]), false);
});
