import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { joined } = await import('../../../../monitor/page/places/settings/join.js');
const PRM = '12345678901234',
  METER = '031961123456';

test('a delivery point can be parted while something of it stands under a meter', () => {
  const imports = [PRM, null, PRM].map((point, i) => ({ id: i + 1, meter: METER, point }));
  assert.deepEqual(joined(imports), [{ prm: PRM, meter: METER }]);
  assert.deepEqual(joined([imports[1]]), []);
});
