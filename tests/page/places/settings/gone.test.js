import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { isSame } = await import('../../../../monitor/page/places/settings/gone.js');

test('a name is typed as it is written, whatever the letters', () => {
  assert.equal(isSame(' ancien Compteur ', 'Ancien compteur'), true);
  assert.equal(isSame('Ancien', 'Ancien compteur'), false);
  assert.equal(isSame('', 'Ancien compteur'), false);
});
