import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { Problem } from '../../../monitor/page/base/api.js';
import { away, came, FAILED } from '../../../monitor/page/parts/block.js';

test('an answer that did not come is told from one that says that there is nothing', () => {
  for (const status of [0, 500, 503]) assert.equal(away(new Problem(status)), FAILED, String(status));
  for (const status of [400, 404]) assert.equal(away(new Problem(status)), null, String(status));
  assert.deepEqual([came(FAILED), came(null), came(undefined), came({})], [false, false, false, true]);
});

test('a fault of the page itself is none of the server', () => {
  assert.throws(() => away(new TypeError('x is not a function')), TypeError);
});
