import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { below, freePlace, highest } from '../../../monitor/page/chart/line_paint.js';

const [upper, lower] = [
  { x: 0, y: 0, wide: 100, tall: 20 },
  { x: 0, y: 22, wide: 100, tall: 20 },
];
test('words take the first place where no others are, or their usual one', () => {
  assert.equal(freePlace([upper, lower], []), upper);
  assert.equal(freePlace([upper, lower], [{ x: 90, y: 10, wide: 50, tall: 12 }]), lower);
  assert.equal(freePlace([upper, lower], [{ x: 100, y: 0, wide: 50, tall: 20 }]), upper);
});

test('the most between two instants is that of what is drawn there, holes aside', () => {
  const series = { t0: 1000, step: 10, mean: [1, 2, 3, 4], max: [5, null, 9, 7] };
  assert.equal(highest(series, 1000, 1010), 5);
  assert.equal(highest(series, 900, 5000), 9);
  assert.equal(highest({ ...series, max: undefined }, 1030, 1040), 4);
  assert.equal(highest(series, 2000, 3000), 0);
});

/** A canvas that notes what each rectangle is filled with; a pattern is a 'hatch'. */
function canvas() {
  const filled = [];
  const ctx = new Proxy(
    {
      filled,
      fillRect: () => filled.push(ctx.fillStyle),
      measureText: () => ({ width: 1e9 }),
      createPattern: () => 'hatch',
    },
    { get: (noted, name) => noted[name] ?? (() => {}) },
  );
  return ctx;
}

test('below a white day peak hours are hatched, and off-peak hours are not: as in every other drawing', () => {
  globalThis.document.createElement = () => ({ getContext: canvas });
  const ctx = canvas();
  const u = { ctx, bbox: { left: 0, top: 0, width: 1000, height: 100 }, valToPos: (seconds) => seconds };
  const registers = [
    [0, 300_000, 'BBRHCJW'],
    [300_000, 900_000, 'BBRHPJW'],
    [900_000, 990_000, 'BBRHCJB'],
  ];
  below(u, { series: { gaps: [], registers }, colour: (name) => name, ratio: 1, big: 1 });
  assert.deepEqual(ctx.filled, ['hc-white', 'hatch', 'hc-blue']);
});
