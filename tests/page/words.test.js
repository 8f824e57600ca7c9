import assert from 'node:assert/strict';
import { test } from 'node:test';
import en from '../../monitor/page/en.js';
import fr from '../../monitor/page/fr.js';

/** 'now.left(2)' for a function of two parameters, 'now.title' for a text. */
function* leaves(words, path = '') {
  for (const [name, value] of Object.entries(words)) {
    const here = path ? `${path}.${name}` : name;
    if (typeof value === 'function') yield `${here}(${value.length})`;
    else if (typeof value === 'object') yield* leaves(value, here);
    else yield here;
  }
}

test('French and English say the same things, with the same gaps to fill', () => {
  assert.deepEqual([...leaves(en)].sort(), [...leaves(fr)].sort());
});

test('no text is empty', () => {
  const empty = (words) =>
    Object.entries(words).flatMap(([name, value]) =>
      value === '' && !Array.isArray(words) ? [name] : value && typeof value === 'object' ? empty(value) : [],
    );
  assert.deepEqual(empty(fr), []);
  assert.deepEqual(empty(en), []);
});
