import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keeping, level, staleDays, troubles } from '../../monitor/page/view/status/verdict.js';

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

test('an audit with differences and a disk for less than a year are to be looked at', () => {
  const bad = status({ audit: { ok: false }, disk: { years: 0.5 } });
  assert.deepEqual(troubles(bad, NOW), [
    ['facts', 'audit'],
    ['facts', 'disk'],
  ]);
});

test('a day is complete, has a gap, a gap whose energy is known, or nothing', () => {
  assert.equal(level({ hours: 24, coverage: 1 }), 'complete');
  assert.equal(level({ hours: 24, coverage: 0.9, recovered: 0 }), 'gap');
  assert.equal(level({ hours: 24, coverage: 0, recovered: 1200 }), 'recovered');
  // In the middle of a long hole: its energy is counted on the day that ends it.
  assert.equal(level({ hours: 24, coverage: 0, recovered: 0, total: 0 }), 'gap');
  assert.equal(level(undefined), 'none');
});

test('a backup that was not repeated for more than a week is to be looked at, with its age', () => {
  const of = (at) => ({ at, rows: 5 });
  assert.equal(staleDays(of('2026-11-19T03:17:00Z'), NOW), null);
  assert.equal(staleDays(of('2026-11-14T03:17:00Z'), NOW), 12);
  assert.deepEqual(troubles(status({ backup: of('2026-11-14T03:17:00Z') }), NOW), [['facts', 'backup']]);
});

test('of all that is wrong, what is kept is told apart from the links', () => {
  const bad = status({ audit: { ok: false }, disk: { years: 0.5 } }, { storer: 'down' });
  assert.deepEqual(keeping(bad, NOW), ['audit', 'disk']);
  assert.deepEqual(keeping(status(), NOW), []);
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

test('a day is complete from 99.95 % on', () => {
  assert.equal(level({ hours: 24, coverage: 0.9995 }), 'complete');
  assert.equal(level({ hours: 24, coverage: 0.9994 }), 'gap');
  assert.equal(level({ hours: 0, coverage: 1 }), 'none');
});
