import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headroom, merged, standing, tooMuch } from '../../monitor/page/view/now/standing.js';

const UP = { meter: 'up', reader: 'up', mqtt: 'up', storer: 'up', database: 'up' };
const live = (links = {}, more = {}) => ({
  power: 1840,
  fresh: true,
  overload: false,
  links: { ...UP, ...links },
  ...more,
});
const now = 1_000_000;

test('all well: the power is known and nothing is said', () => {
  assert.deepEqual(standing(live(), 'live', now, now), { known: true, word: 'live', wrong: [] });
  assert.equal(standing(live(), 'slow', now, now).word, 'slow');
});

test('a silent meter is unknown, not zero, and its overload is over', () => {
  const silent = live({ meter: 'down' }, { fresh: false, overload: true });
  assert.deepEqual(standing(silent, 'live', now, now), { known: false, word: 'stopped', wrong: ['silent'] });
});

test('of a broken chain only its first broken link is told, beside the database', () => {
  const cut = live({ mqtt: 'down', meter: 'unknown', reader: 'unknown', storer: 'unknown' }, { fresh: false });
  assert.deepEqual(standing(cut, 'live', now, now).wrong, ['mqtt']);
  const gone = live({ reader: 'down', meter: 'down', database: 'down', storer: 'stalled' }, { fresh: false });
  assert.deepEqual(standing(gone, 'live', now, now).wrong, ['silent', 'database']);
});

test('without the database the power stays known', () => {
  assert.deepEqual(standing(live({ database: 'down' }), 'live', now, now), {
    known: true,
    word: 'live',
    wrong: ['database'],
  });
});

test('a storer that waits is told', () => {
  assert.deepEqual(standing(live({ storer: 'stalled' }), 'live', now, now).wrong, ['storer']);
});

test('while the server is away the last value stays for a moment, then it is unknown', () => {
  assert.deepEqual(standing(live(), 'reconnecting', now, now + 9000), { known: true, word: 'reconnecting', wrong: [] });
  assert.deepEqual(standing(live(), 'reconnecting', now, now + 11000), {
    known: false,
    word: 'reconnecting',
    wrong: ['away'],
  });
});

test('of a server that is away nothing older is told: it may be over', () => {
  const before = live({ database: 'down', storer: 'down' }, { overload: true });
  assert.deepEqual(standing(before, 'reconnecting', now, now + 11000).wrong, ['away']);
});

test('an event changes what it names and no more; the ten minutes come only with the whole answer', () => {
  const first = { power: 1, price: 1612, ring: { t0: 0 }, links: UP };
  const next = merged(merged(first, { power: 2 }), { links: { mqtt: 'down' } });
  assert.deepEqual(next, { power: 2, price: 1612, ring: null, links: { ...UP, mqtt: 'down' } });
});

test('what is left is the subscribed power less that of now, and negative when it is too much', () => {
  assert.deepEqual(headroom(9000, { power: 1840, phases: null }), { left: 7160, phase: null, near: false });
  assert.deepEqual(headroom(9000, { power: 9500 }), { left: -500, phase: null, near: false });
  assert.equal(headroom(null, { power: 1840 }), null);
});

test('of three phases the tightest one counts: it is the one that opens the breaker', () => {
  const phases = [
    { power: 300, limit: 4000 },
    { power: 3900, limit: 4000 },
    { power: 0, limit: 4000 },
  ];
  assert.deepEqual(headroom(12000, { power: 4200, phases }), { left: 100, phase: 2, near: true });
});

test('from nine tenths of the subscribed power the limit is near, by the tightest phase', () => {
  assert.equal(headroom(9000, { power: 8099 }).near, false);
  assert.equal(headroom(9000, { power: 8100 }).near, true);
  assert.equal(headroom(9000, { power: 9000 }).near, true);
  const phases = [300, 3590, 0].map((power) => ({ power, limit: 4000 }));
  assert.equal(headroom(12000, { power: 3890, phases }).near, false);
  phases[1].power = 3600;
  assert.deepEqual(headroom(12000, { power: 3900, phases }), { left: 400, phase: 2, near: true });
});

test('what must not be switched on is an appliance that takes more than what is left', () => {
  assert.equal(tooMuch(300), 'dryer');
  assert.equal(tooMuch(2499), 'dryer');
  assert.equal(tooMuch(2500), 'car');
  assert.equal(tooMuch(7400), null);
});

test('in a house of three phases of 9 kVA each phase has 3 kVA, and 8 kVA are never what is left', () => {
  const phases = (...powers) => powers.map((power) => ({ power, limit: 3000 }));
  assert.deepEqual(headroom(9000, { power: 1000, phases: phases(1000, 0, 0) }), { left: 2000, phase: 1, near: false });
  assert.deepEqual(headroom(9000, { power: 1000, phases: phases(300, 300, 400) }), {
    left: 2600,
    phase: 3,
    near: false,
  });
  assert.deepEqual(headroom(9000, { power: 0, phases: phases(0, 0, 0) }), { left: 3000, phase: 1, near: false });
  assert.deepEqual(headroom(9000, { power: 3200, phases: phases(0, 3200, 0) }), { left: -200, phase: 2, near: false });
});

test('where one of three phases is not known, nobody can tell what is left', () => {
  const phases = [
    { power: 300, limit: 3000 },
    { power: null, limit: 3000 },
    { power: 0, limit: 3000 },
  ];
  assert.equal(headroom(9000, { power: 1000, phases }), null);
  const without = [100, 200, 700].map((power) => ({ power, limit: null }));
  assert.equal(headroom(null, { power: 1000, phases: without }), null);
});

test('an event that is higher than the peak of the day is the new peak, before the server says so', () => {
  const before = live({}, { peak: { power: 2470, at: 'a' } });
  assert.deepEqual(merged(before, { power: 2510, at: 'b', fresh: true }).peak, { power: 2510, at: 'b' });
  assert.deepEqual(merged(before, { power: 2000, at: 'b', fresh: true }).peak, { power: 2470, at: 'a' });
  assert.deepEqual(merged(before, { power: 2470, at: 'b', fresh: true }).peak, { power: 2470, at: 'a' }, 'the first');
  assert.deepEqual(merged(before, { power: 9999, at: 'b', fresh: false }).peak, { power: 2470, at: 'a' });
});

test('ten seconds without the server, and not one, make the power unknown; a stream that works needs no answer', () => {
  assert.equal(standing(live(), 'reconnecting', now, now + 10000).known, true);
  assert.equal(standing(live(), 'reconnecting', now, now + 10001).known, false);
  assert.equal(standing(live(), 'live', now, now + 60000).known, true);
  assert.equal(standing(live(), 'slow', now, now + 60000).known, true);
});

test('that the page looks for the server is told before that the meter is silent', () => {
  const silent = live({ meter: 'down' }, { fresh: false });
  assert.equal(standing(silent, 'reconnecting', now, now).word, 'reconnecting');
  assert.equal(standing(silent, 'slow', now, now).word, 'stopped');
});

test('an overload is the first to be told, while the meter speaks', () => {
  const over = live({ storer: 'down' }, { overload: true });
  assert.deepEqual(standing(over, 'live', now, now).wrong, ['overload', 'storer']);
});

test('a power of zero is known', () => {
  assert.equal(standing(live({}, { power: 0 }), 'live', now, now).known, true);
  assert.equal(standing(live({}, { power: null }), 'live', now, now).known, false);
  assert.deepEqual(headroom(9000, { power: 0 }), { left: 9000, phase: null, near: false });
});
