import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow } from '../../monitor/page/live.js';

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

test('events of a stream are handed on, and nothing is polled', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1840 });
  w.streams[0].send('link', { mqtt: 'down' });
  await w.clock.pass(4999);
  assert.deepEqual(w.states, [{ power: 1840 }, { links: { mqtt: 'down' } }]);
  assert.deepEqual(w.modes, ['live']);
  assert.equal(w.polls, 0);
});

test('a stream that is open and silent for five seconds is replaced by polling every five seconds', async () => {
  const w = watched();
  await w.clock.pass(4999);
  assert.equal(w.polls, 0);
  await w.clock.pass(5000);
  assert.equal(w.polls, 1);
  await w.clock.pass(1);
  assert.equal(w.polls, 2);
  assert.deepEqual(w.modes, ['slow']);
  assert.equal(w.streams[0].readyState, REFUSED, 'it is closed');
});

test('while polling the stream is tried again, and polling ends with its first event', async () => {
  const w = watched();
  await w.clock.pass(66000);
  assert.equal(w.streams.length, 2);
  w.streams[1].send('state', { power: 5 });
  const polls = w.polls;
  await w.clock.pass(4999);
  assert.equal(w.polls, polls);
  assert.deepEqual(w.modes, ['slow', 'live']);
});

test('a refused stream is asked for again a minute later; until then the server is, every five seconds', async () => {
  const w = watched();
  w.streams[0].breaks(REFUSED);
  await w.clock.pass(59999);
  assert.deepEqual([w.streams.length, w.polls], [1, 12]);
  await w.clock.pass(1);
  assert.deepEqual([w.streams.length, w.polls], [2, 13]);
});

test('a session that has ended is no server that does not answer, and one that begins again is followed', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1 });
  w.answer = async () => {
    throw Object.assign(new Error('401'), { status: 401 });
  };
  w.streams[0].breaks(REFUSED);
  await w.clock.pass(20000);
  assert.equal(w.modes.at(-1), 'ended');
  w.answer = async () => ({ power: 2 });
  await w.clock.pass(5000);
  w.streams.at(-1).send('state', { power: 3 });
  assert.equal(w.modes.at(-1), 'live');
});

test('a server that goes and comes back is said and followed', async () => {
  const w = watched({ answer: away });
  w.streams[0].send('state', { power: 1 });
  w.streams[0].breaks(RETRYING);
  assert.deepEqual(w.modes, ['live', 'reconnecting']);
  await w.clock.pass(90000);
  assert.ok(w.polls > 5);
  assert.equal(w.streams.length, 1);
  w.answer = async () => ({ power: 2 });
  await w.clock.pass(5000);
  assert.equal(w.streams.length, 2);
  w.streams[1].send('state', { power: 3 });
  assert.deepEqual(w.modes, ['live', 'reconnecting', 'live']);
  assert.deepEqual(w.states.at(-1), { power: 3 });
});

test('the browser mends a short break by itself', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1 });
  w.streams[0].breaks(RETRYING);
  await w.clock.pass(3000);
  w.streams[0].send('state', { power: 2 });
  await w.clock.pass(4999);
  assert.deepEqual(w.modes, ['live', 'reconnecting', 'live']);
  assert.equal(w.polls, 0);
});

test('a stream that says nothing for five seconds is said to be dead at once, and opened again', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1 });
  await w.clock.pass(4999);
  assert.deepEqual([w.streams.length, w.polls, w.modes], [1, 0, ['live']]);
  await w.clock.pass(1);
  assert.deepEqual([w.streams.length, w.polls], [2, 1]);
  assert.deepEqual(w.modes, ['live', 'reconnecting']);
  assert.equal(w.streams[0].readyState, REFUSED);
});

test('a stream that came through before, and does no more, is replaced by polling', async () => {
  const w = watched();
  w.streams[0].send('state', { power: 1 });
  await w.clock.pass(5000 + 5000);
  assert.deepEqual([w.streams.length, w.modes], [2, ['live', 'reconnecting', 'slow']]);
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

test('a stream that breaks before its first event is given up eight seconds later', async () => {
  const w = watched();
  w.streams[0].breaks(RETRYING);
  assert.deepEqual(w.modes, ['reconnecting']);
  await w.clock.pass(7999);
  assert.equal(w.polls, 0);
  await w.clock.pass(1);
  assert.equal(w.polls, 1);
  await settle();
  assert.deepEqual(w.modes, ['reconnecting', 'slow']);
});

test('while answers come by polling, a stream that breaks again is not told', async () => {
  const w = watched();
  await w.clock.pass(65500);
  assert.equal(w.streams.length, 2);
  w.streams[1].breaks(RETRYING);
  const { polls } = w;
  await w.clock.pass(20000);
  assert.equal(w.polls, polls + 4);
  assert.deepEqual(w.modes, ['slow']);
});

test('while polling, a server that goes is told once, and told when it is back', async () => {
  const w = watched();
  await w.clock.pass(10000);
  w.answer = away;
  await w.clock.pass(20000);
  w.answer = async () => ({ power: 7 });
  await w.clock.pass(5000);
  assert.deepEqual(w.modes, ['slow', 'reconnecting', 'slow']);
  assert.deepEqual(w.states.at(-1), { power: 7 });
});

test('the events of a stream that was replaced count no more', async () => {
  const w = watched();
  await w.clock.pass(65500);
  w.streams[0].send('state', { power: 99 });
  w.streams[0].breaks(REFUSED);
  assert.ok(!w.states.some(({ power }) => power === 99));
  assert.deepEqual(w.modes, ['slow']);
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
