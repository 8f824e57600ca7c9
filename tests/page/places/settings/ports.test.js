import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { withPort } = await import('../../../../monitor/page/places/settings/ports.js');

test('a chosen port comes to those of its reader; of another reader it is the first', () => {
  const one = withPort({}, 'cave', '/dev/a', true);
  assert.deepEqual(one, { reader: 'cave', ports: ['/dev/a'] });
  assert.deepEqual(withPort(one, 'cave', '/dev/b', true).ports, ['/dev/a', '/dev/b']);
  assert.deepEqual(withPort(one, 'cave', '/dev/a', false).ports, []);
  assert.deepEqual(withPort(one, 'toit', '/dev/b', true), { reader: 'toit', ports: ['/dev/b'] });
});
