import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow } from '../../../monitor/page/base/live.js';

class Clock {
  now = 0;
  waiting = [];
  setTimeout = (what, ms) => {
    const timer = { what, at: this.now + ms };
    this.waiting.push(timer);
    return timer;
  };
  clearTimeout = (timer) => {
    this.waiting = this.waiting.filter((other) => other !== timer);
  };
  async pass(ms) {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const next = this.waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      this.clearTimeout(next);
      next.what();
    }
    this.now = end;
  }
}

class Stream extends EventTarget {
  readyState = 0;
  close() {
    this.readyState = 2;
  }
  send(kind, value) {
    this.readyState = 1;
    this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(value) }));
  }
  breaks(readyState) {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
}

const settle = () => new Promise((done) => setImmediate(done));
const REFUSED = 2,
  RETRYING = 0;

function watched({ answer = async () => ({ power: 1 }) } = {}) {
  const w = { clock: new Clock(), screen: new EventTarget(), streams: [], states: [], modes: [], polls: 0, answer };
  w.screen.hidden = false;
  w.stop = follow({
    clock: w.clock,
    screen: w.screen,
    open: () => w.streams[w.streams.push(new Stream()) - 1],
    poll: () => {
      w.polls++;
      return w.answer();
    },
    onState: (state) => w.states.push(state),
    onMode: (mode) => w.modes.push(mode),
  });
  w.look = (hidden) => {
    w.screen.hidden = hidden;
    w.screen.dispatchEvent(new Event('visibilitychange'));
  };
  return w;
}
const away = async () => {
  throw new Error('no server');
};
/** Answers that come when the test says so. */
function later() {
  const waiting = [];
  return { answer: () => new Promise((done) => waiting.push(done)), come: (state) => waiting.shift()(state) };
}

const ANSWERS = {
  away,
  back: async () => ({ power: 7 }),
  401: async () => {
    throw Object.assign(new Error('401'), { status: 401 });
  },
};
/**
 * Plays steps such as `5000 > 2 1 live reconnecting`: what is done, then how many streams were opened, how many answers
 * asked for (* for any), and the modes that were told. Done is: time in ms; `state 5` of the newest stream, `old 5` of
 * the first one, which then breaks; the newest `refused` or `retrying`; a server that is `away`, `back`, or answers `401`.
 */
async function play(script) {
  const w = watched();
  let last; // what is to be shown in the end
  for (const step of script.split('; ')) {
    const [done, told] = step.split(' > '),
      [what, power] = done.split(' ');
    if (what in ANSWERS) w.answer = ANSWERS[what];
    else if (what === 'refused' || what === 'retrying')
      w.streams.at(-1).breaks(what === 'refused' ? REFUSED : RETRYING);
    else if (power) w.streams.at(what === 'old' ? 0 : -1).send('state', { power: +power });
    else await w.clock.pass(+what);
    if (what === 'old') w.streams[0].breaks(REFUSED);
    else if (what === 'state' || what === 'back') last = +(power ?? 7);
    await settle();
    if (!told) continue;
    const [streams, polls, ...modes] = told.split(' ');
    assert.equal(w.streams.length, +streams, step);
    if (polls !== '*') assert.equal(w.polls, +polls, step);
    assert.deepEqual(w.modes, modes, step);
    const replaced = w.streams.slice(0, w.streams.length === 1 && modes.at(-1) === 'slow' ? 1 : -1);
    for (const stream of replaced) assert.equal(stream.readyState, REFUSED, 'it is closed');
  }
  if (last) assert.deepEqual(w.states.at(-1), { power: last });
  return w;
}

for (const [name, script] of Object.entries({
  'a stream that is open and silent for five seconds is replaced by polling every five seconds':
    '4999 > 1 0; 5000 > 1 1 slow; 1 > 1 2 slow',
  'while polling the stream is tried again, and polling ends with its first event':
    '66000 > 2 * slow; state 5; 4999 > 2 13 slow live',
  'a refused stream is asked for again a minute later; until then the server is, every five seconds':
    'refused; 59999 > 1 12 slow; 1 > 2 13 slow',
  'a session that has ended is no server that does not answer, and one that begins again is followed':
    'state 1; 401; refused; 20000 > 1 * live reconnecting ended; back; 5000; state 3 > 2 * live reconnecting ended live',
  'a server that goes and comes back is said and followed':
    'away; state 1; retrying > 1 0 live reconnecting; 90000 > 1 * live reconnecting; back; 5000 > 2 *' +
    ' live reconnecting; state 3 > 2 * live reconnecting live',
  'the browser mends a short break by itself': 'state 1; retrying; 3000; state 2; 4999 > 1 0 live reconnecting live',
  'a stream that says nothing for five seconds is said to be dead at once, and opened again':
    'state 1; 4999 > 1 0 live; 1 > 2 1 live reconnecting',
  'a stream that came through before, and does no more, is replaced by polling':
    'state 1; 10000 > 2 * live reconnecting slow',
  'a stream that breaks before its first event is given up eight seconds later':
    'retrying > 1 0 reconnecting; 7999 > 1 0 reconnecting; 1 > 1 1 reconnecting slow',
  'while answers come by polling, a stream that breaks again is not told':
    '65500 > 2 13 slow; retrying; 20000 > 2 17 slow',
  'while polling, a server that goes is told once, and told when it is back':
    '10000; away; 20000; back; 5000 > 1 * slow reconnecting slow',
  'the events of a stream that was replaced count no more': '65500; old 99; 1 > 2 * slow',
}))
  test(name, async () => {
    const { states } = await play(script);
    assert.ok(!states.some(({ power }) => power === 99));
  });

test('events of a stream are handed on, and nothing is polled', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1840 });
  w.streams[0].send('link', { mqtt: 'down' });
  await w.clock.pass(4999);
  assert.deepEqual(w.states, [{ power: 1840 }, { links: { mqtt: 'down' } }]);
  assert.deepEqual(w.modes, ['live']);
  assert.equal(w.polls, 0);
});

test('nothing is open while the page is hidden; what was missed is read when it is shown', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1 });
  w.look(true);
  assert.equal(w.streams[0].readyState, REFUSED);
  await w.clock.pass(600000);
  assert.equal(w.polls, 0);
  assert.equal(w.streams.length, 1);
  w.look(false);
  await settle();
  assert.equal(w.polls, 1);
  assert.equal(w.streams.length, 2);
});

test('after its end nothing comes any more, not even a late answer', async () => {
  const { answer, come } = later();
  const w = watched({ answer });
  await w.clock.pass(5000);
  w.stop();
  come({ power: 9 });
  w.streams[0].send('state', { power: 8 });
  await w.clock.pass(100000);
  assert.deepEqual(w.states, []);
  assert.equal(w.clock.waiting.length, 0);
});

test('an answer that comes after the stream does is older than its events, and is dropped', async () => {
  const { answer, come } = later();
  const w = watched({ answer });
  await w.clock.pass(65500);
  assert.equal(w.streams.length, 2);
  w.streams[1].send('state', { power: 2 });
  come({ power: 1 });
  await settle();
  assert.deepEqual(w.states, [{ power: 2 }]);
  assert.deepEqual(w.modes, ['live']);
});

test('what is read for a page that is hidden again is dropped', async () => {
  const { answer, come } = later();
  const w = watched({ answer });
  w.look(true);
  w.look(false);
  w.look(true);
  come({ power: 1 });
  await settle();
  assert.deepEqual(w.states, []);
});

test('an answer that was asked for before the page was hidden is dropped, also while another one is asked for', async () => {
  const { answer, come } = later();
  const w = watched({ answer });
  await w.clock.pass(5000);
  w.look(true);
  w.look(false);
  await w.clock.pass(5000);
  come({ power: 1 });
  await settle();
  assert.deepEqual(w.states, []);
});
