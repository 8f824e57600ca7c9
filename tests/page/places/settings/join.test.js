import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { joined } = await import('../../../../monitor/page/places/settings/join.js');
const PRM = '12345678901234',
  METER = '031961123456';
const request = (id, apart, state = 'done') => ({
  id,
  kind: 'join',
  state,
  arguments: { prm: PRM, meter: METER, apart },
});

test('what was joined last can be parted; what was parted last cannot', () => {
  assert.deepEqual(joined([request(4, false)]), [{ prm: PRM, meter: METER }]);
  assert.deepEqual(joined([request(5, true), request(4, false)]), []);
  assert.deepEqual(joined([request(6, false), request(5, true), request(4, false)]), [{ prm: PRM, meter: METER }]);
});

test('what failed or waits has joined nothing', () => {
  assert.deepEqual(joined([request(4, false, 'failed'), request(5, false, 'waiting')]), []);
});
