import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keeping, level, staleDays, toDo, troubles } from '../../../monitor/page/parts/summary.js';

const NOW = Date.parse('2026-11-26T12:00:00Z');

const status = (more = {}, links = {}) => ({
  links: ['meter', 'reader', 'mqtt', 'storer', 'database'].map((id) => ({ id, state: links[id] ?? 'up' })),
  audit: { ok: true },
  backup: { at: '2026-11-25T03:17:00Z', rows: 5 },
  disk: { years: 61 },
  ...more,
});

test('all well is nothing to look at, also before the first audit and backup', () => {
  assert.deepEqual(troubles(status(), NOW), []);
  assert.deepEqual(troubles(status({ audit: null, backup: null, disk: null }), NOW), []);
});

test('a link that is down, stalled or was never seen is to be looked at; what cannot be known is not', () => {
  const links = { meter: 'never', reader: 'unknown', storer: 'stalled', database: 'down' };
  assert.deepEqual(troubles(status({}, links), NOW), [
    ['link', 'meter'],
    ['link', 'storer'],
    ['link', 'database'],
  ]);
});

test('a day is complete from 99.95 % on, has a gap, a gap whose energy is known, or nothing', () => {
  assert.equal(level({ hours: 24, coverage: 0.9995 }), 'complete');
  assert.equal(level({ hours: 24, coverage: 0.9994 }), 'gap');
  assert.equal(level({ hours: 24, coverage: 0, recovered: 1200 }), 'recovered');
  // In the middle of a long hole: its energy is counted on the day that ends it.
  assert.equal(level({ hours: 24, coverage: 0, recovered: 0, total: 0 }), 'gap');
  assert.equal(level({ hours: 0, coverage: 1 }), 'none');
  assert.equal(level(undefined), 'none');
});

test('a bad audit, a disk for less than a year and an old backup are to be looked at, after the links', () => {
  const old = { at: '2026-11-14T03:17:00Z', rows: 5 },
    bad = status({ audit: { ok: false }, disk: { years: 0.5 }, backup: old }, { storer: 'down' });
  assert.deepEqual(troubles(bad, NOW), [
    ['link', 'storer'],
    ['facts', 'audit'],
    ['facts', 'disk'],
    ['facts', 'backup'],
  ]);
  assert.deepEqual(keeping(bad, NOW), ['audit', 'disk', 'backup']);
});

test('a wrong file of prices and a line without effect are to be looked at, and are no matter of what is kept', () => {
  const bad = status({ prices_error: 'prices.yaml, line 3', unused: [{ section: 'contracts', meter: '0319' }] });
  assert.deepEqual(troubles(bad, NOW), [
    ['facts', 'prices'],
    ['facts', 'settings'],
  ]);
  assert.deepEqual(keeping(bad, NOW), []);
});

test('a backup is late after eight whole days, and not on the day of a weekly one', () => {
  const age = (ms) => staleDays({ at: new Date(NOW - ms).toISOString(), rows: 5 }, NOW),
    day = 86400e3;
  assert.equal(age(0), null);
  assert.equal(age(7 * day), null);
  assert.equal(age(8 * day - 1000), null);
  assert.equal(age(8 * day), 8);
  assert.equal(age(9 * day - 1000), 8);
  assert.equal(age(30 * day), 30);
  assert.equal(staleDays(null, NOW), null, 'none at all is no fault');
});

test('a disk for a year is enough, and so is one of which nothing is known', () => {
  const of = (years) => troubles(status({ disk: { years } }), NOW).length;
  assert.deepEqual([of(0), of(0.99), of(1), of(null)], [1, 1, 0, 0]);
});

test('a home without backup or messages has something to do, and one of which nothing is known has not', () => {
  const sends = { sends: true };
  assert.deepEqual(toDo(status({ backup: null }), { sends: false }), ['backup', 'alerts']);
  assert.deepEqual(toDo(status({ backup: null }), sends), ['backup']);
  assert.deepEqual(toDo(status(), sends), []);
  assert.deepEqual(toDo(status(), null), []);
  // Without the database nobody knows of backups.
  assert.deepEqual(toDo(status({ backup: null }, { database: 'down' }), sends), []);
});
