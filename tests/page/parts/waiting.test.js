import '../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { deletions } = await import('../../../monitor/page/parts/waiting.js');

test('only a deletion that was asked for and still waits can be cancelled', () => {
  const one = { kind: 'forget-meter', state: 'waiting', not_before: '2026-11-25T15:32:00Z' };
  const list = [
    one,
    { ...one, state: 'cancelled' },
    { ...one, state: 'running' },
    { ...one, not_before: null },
    { ...one, kind: 'import' },
  ];
  assert.deepEqual(deletions(list), [one]);
});
