import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headroom, merged, feedState, tooMuch } from '../../../../monitor/page/places/now/feed_state.js';

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
  assert.deepEqual(feedState(live(), 'live', now, now), { known: true, word: 'live', wrong: [] });
  assert.equal(feedState(live(), 'slow', now, now).word, 'slow');
});

test('a silent meter is unknown, not zero, and its overload is over', () => {
  const silent = live({ meter: 'down' }, { fresh: false, overload: true });
  assert.deepEqual(feedState(silent, 'live', now, now), { known: false, word: 'stopped', wrong: ['silent'] });
});

test('of a broken chain only its first broken link is told, beside the database', () => {
  const cut = live({ mqtt: 'down', meter: 'unknown', reader: 'unknown', storer: 'unknown' }, { fresh: false });
  assert.deepEqual(feedState(cut, 'live', now, now).wrong, ['mqtt']);
  const gone = live({ reader: 'down', meter: 'down', database: 'down', storer: 'stalled' }, { fresh: false });
  assert.deepEqual(feedState(gone, 'live', now, now).wrong, ['silent', 'database']);
});

test('without the database, or while a storer waits for it, the power stays known', () => {
  for (const [links, wrong] of [
    [{ database: 'down' }, 'database'],
    [{ storer: 'stalled' }, 'storer'],
  ])
    assert.deepEqual(feedState(live(links), 'live', now, now), { known: true, word: 'live', wrong: [wrong] });
});

test('where the session has ended nothing is known, and nothing else is told', () => {
  const ended = { known: false, word: 'stopped', wrong: ['ended'] };
  assert.deepEqual(feedState(live({ mqtt: 'down' }), 'ended', now, now), ended);
});

test('while the server is away the last value stays for ten seconds; then nothing older is told', () => {
  const away = (state, ms) => feedState(state, 'reconnecting', now, now + ms);
  assert.deepEqual(away(live(), 10000), { known: true, word: 'reconnecting', wrong: [] });
  const gone = { known: false, word: 'reconnecting', wrong: ['away'] };
  assert.deepEqual(away(live(), 10001), gone);
  assert.deepEqual(away(live({ database: 'down', storer: 'down' }, { overload: true }), 10001), gone);
  for (const mode of ['live', 'slow']) assert.equal(feedState(live(), mode, now, now + 60000).known, true, mode);
});

test('an event changes what it names and no more; the ten minutes come only with the whole answer', () => {
  const first = { power: 1, price: 1612, ring: { t0: 0 }, links: UP };
  const next = merged(merged(first, { power: 2 }), { links: { mqtt: 'down' } });
  assert.deepEqual(next, { power: 2, price: 1612, ring: null, links: { ...UP, mqtt: 'down' } });
});

test('what is left is the subscribed power less that of now; the limit is near from nine tenths on', () => {
  for (const [power, left, near] of [
    [0, 9000, false],
    [8099, 901, false],
    [8100, 900, true],
    [9000, 0, true],
    [9500, -500, false],
  ])
    assert.deepEqual(headroom(9000, { power, phases: null }), { left, phase: null, near });
  assert.equal(headroom(null, { power: 1840 }), null);
});

test('of a meter that arrives decoded neither the headroom nor a new peak can be told', () => {
  assert.equal(headroom(9000, { power: 8900, phases: null, interval: 60 }), null);
  const three = [1, 2, 3].map(() => ({ power: 2900, limit: 3000 }));
  assert.equal(headroom(9000, { power: 8700, phases: three, interval: 60 }), null);
  const before = live({}, { interval: 60, peak: { power: 5000, at: 'then' } });
  assert.deepEqual(merged(before, { fresh: true, power: 8000, at: 'now' }).peak, before.peak);
});

// A house of three phases of 9 kVA: 8 kVA are never what is left on a phase that trips at 3.
test('of three phases the tightest one counts: it is the one that opens the breaker', () => {
  for (const [powers, left, phase, near] of [
    [[0, 0, 0], 3000, 1, false],
    [[1000, 0, 0], 2000, 1, false],
    [[300, 300, 400], 2600, 3, false],
    [[300, 2699, 0], 301, 2, false],
    [[300, 2700, 0], 300, 2, true],
    [[0, 3200, 0], -200, 2, false],
  ]) {
    const phases = powers.map((power) => ({ power, limit: 3000 }));
    assert.deepEqual(headroom(9000, { power: 1000, phases }), { left, phase, near });
  }
});

test('what must not be switched on is an appliance that takes more than what is left', () => {
  assert.equal(tooMuch(300), 'dryer');
  assert.equal(tooMuch(2499), 'dryer');
  assert.equal(tooMuch(2500), 'car');
  assert.equal(tooMuch(7400), null);
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

test('that the page looks for the server is told before that the meter is silent', () => {
  const silent = live({ meter: 'down' }, { fresh: false });
  assert.equal(feedState(silent, 'reconnecting', now, now).word, 'reconnecting');
  assert.equal(feedState(silent, 'slow', now, now).word, 'stopped');
});

test('an overload is the first to be told, while the meter speaks', () => {
  const over = live({ storer: 'down' }, { overload: true });
  assert.deepEqual(feedState(over, 'live', now, now).wrong, ['overload', 'storer']);
});

test('a power of zero is known', () => {
  assert.equal(feedState(live({}, { power: 0 }), 'live', now, now).known, true);
  assert.equal(feedState(live({}, { power: null }), 'live', now, now).known, false);
});
