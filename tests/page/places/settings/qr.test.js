import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsqr from 'jsqr';

const { modulesOf, pathOf } = await import('../../../../monitor/page/places/settings/qr.js');

const PIXELS = 4; // a module

/** What a camera reads of the drawn path. */
function decoded(path, size) {
  const width = size * PIXELS,
    image = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = y * PIXELS; row < (+y + 1) * PIXELS; row++)
      for (let column = x * PIXELS; column < (+x + +length) * PIXELS; column++)
        image.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
  return jsqr(image, width, width)?.data;
}

test('a camera reads the address that is drawn', async () => {
  for (const text of ['https://ntfy.sh/teleinfo-abcdefghjkmn2345', `http://192.168.1.4:8080/${'x'.repeat(64)}`]) {
    const rows = await modulesOf(text);
    assert.equal(decoded(pathOf(rows), rows.length), text);
  }
});
