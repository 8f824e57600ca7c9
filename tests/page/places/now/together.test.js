import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { together } from '../../../../monitor/page/places/now/together.js';

const live = (power, wh, cost, more) => ({
  power,
  fresh: true,
  links: { meter: 'up', mqtt: 'up' },
  today: wh == null ? null : { wh, cost },
  ...more,
});

test('power, energy and euros of all houses are added', () => {
  const { rows, sum } = together([live(800, 5000, 12000), live(1200, 700, 1500)]);
  assert.deepEqual(rows, [
    { power: 800, wh: 5000, cost: 12000 },
    { power: 1200, wh: 700, cost: 1500 },
  ]);
  assert.deepEqual(sum, { power: 2000, wh: 5700, cost: 13500 });
});

test('what is not known of one house is not known of all', () => {
  assert.deepEqual(together([live(800, 5000, null), live(1200, 700, 1500)]).sum, { power: 2000, wh: 5700, cost: null });
  assert.deepEqual(together([live(800, null), live(1200, 700, 1500)]).sum, { power: 2000, wh: null, cost: null });
  assert.equal(together([live(800, 1, 1), null]).sum.power, null);
});

test('the last power of a silent meter is not the power of now', () => {
  const silent = live(800, 5000, 12000, { fresh: false });
  const away = live(800, 5000, 12000, { links: { meter: 'up', mqtt: 'down' } });
  for (const one of [silent, away]) assert.deepEqual(together([one]).rows, [{ power: null, wh: 5000, cost: 12000 }]);
});
