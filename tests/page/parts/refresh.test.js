import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import { keepOpen } from '../../../monitor/page/parts/refresh.js';

/** A part of a page that has such tables: a name, and whether it is open. */
const part = (...tables) => {
  const list = tables.map(([key, open]) => ({ dataset: { key }, open }));
  return {
    querySelectorAll: (selector) => (selector === 'details' ? list : []),
    opened: () => list.filter(({ open }) => open).map(({ dataset }) => dataset.key),
  };
};

test('what was open stays open when a part is drawn again, also where something else now stands before it', () => {
  const next = part(['alert', false], ['figures', false], ['rules', false]);
  keepOpen(part(['figures', true], ['rules', false]), next);
  assert.deepEqual(next.opened(), ['figures']);
});

test('what was closed stays closed, although it is drawn open', () => {
  const next = part(['refused', true], ['new', true]);
  keepOpen(part(['refused', false]), next);
  assert.deepEqual(next.opened(), ['new']);
});

test('what is gone leaves nothing open', () => {
  const next = part(['rules', false]);
  keepOpen(part(['older', true], ['rules', false]), next);
  assert.deepEqual(next.opened(), []);
});
