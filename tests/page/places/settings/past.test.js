import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { pieces } = await import('../../../../monitor/page/places/settings/past.js');

test('a file is sent in pieces of a megabyte, an empty one in one', () => {
  assert.deepEqual(pieces(0), [[0, 0]]);
  assert.deepEqual(pieces(1 << 20), [[0, 1 << 20]]);
  assert.deepEqual(pieces((1 << 20) + 1), [
    [0, 1 << 20],
    [1 << 20, (1 << 20) + 1],
  ]);
});
