import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { gestures } from '../../monitor/page/chart/gestures.js';

const DAY = { min: 0, max: 86400 },
  HOUR = 3600;
let shown, selected, tapped, surface, measuring, clock;

beforeEach(() => {
  shown = { ...DAY };
  selected = null;
  tapped = [];
  clock = 1000;
  measuring = () => false;
  surface = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 0, width: 1000 }),
    setPointerCapture: () => {},
  });
  gestures(
    surface,
    {
      get: () => shown,
      set: (min, max) => {
        shown = { min, max };
      },
      bounds: DAY,
      least: 60,
    },
    {
      selecting: (event) => measuring(event),
      select: (a, b) => {
        selected = [a, b];
      },
      tap: (t) => tapped.push(t),
    },
  );
});

/** share: where on the surface, from 0 to 1. Events come 20 ms apart, however slow this machine is. */
function send(type, share, more = {}) {
  const event = new Event(type, { cancelable: true });
  clock += 20;
  Object.defineProperty(event, 'timeStamp', { value: clock });
  Object.assign(event, { pointerId: 1, pointerType: 'touch', button: 0, clientX: share * 1000, clientY: 50, ...more });
  surface.dispatchEvent(event);
  return event;
}
function drag(from, to, more) {
  send('pointerdown', from, more);
  send('pointermove', (from + to) / 2, more);
  send('pointermove', to, more);
  send('pointerup', to, more);
}

test('a finger that goes up or down is scrolling the page', () => {
  shown = { min: 8 * HOUR, max: 16 * HOUR };
  send('pointerdown', 0.5);
  const move = send('pointermove', 0.51, { clientY: 140 });
  send('pointermove', 0.2, { clientY: 160 });
  assert.equal(move.defaultPrevented, false);
  assert.deepEqual(shown, { min: 8 * HOUR, max: 16 * HOUR });
});

test('the mouse measures or moves, as it is told when it goes down', () => {
  const mouse = { pointerType: 'mouse' };
  measuring = (event) => !event.shiftKey;
  drag(0.25, 0.5, mouse);
  assert.deepEqual(selected, [6 * HOUR, 12 * HOUR]);
  assert.deepEqual(shown, DAY);
  selected = null;
  shown = { min: 8 * HOUR, max: 16 * HOUR };
  drag(0.75, 0.25, { ...mouse, shiftKey: true });
  assert.equal(selected, null);
  assert.deepEqual(shown, { min: 12 * HOUR, max: 20 * HOUR });
});

test('the middle button moves, the right one is the menu', () => {
  measuring = () => true;
  shown = { min: 8 * HOUR, max: 16 * HOUR };
  drag(0.75, 0.25, { pointerType: 'mouse', button: 1 });
  assert.deepEqual(shown, { min: 12 * HOUR, max: 20 * HOUR });
  drag(0.25, 0.75, { pointerType: 'mouse', button: 2 });
  assert.deepEqual(shown, { min: 12 * HOUR, max: 20 * HOUR });
  assert.equal(selected, null);
});

test('a tap reads, a second one zooms in, and another two show the day again', () => {
  const tap = () => drag(0.5, 0.5);
  tap();
  assert.deepEqual(tapped, [12 * HOUR]);
  tap();
  assert.deepEqual(shown, { min: 9 * HOUR, max: 15 * HOUR });
  tap();
  tap();
  assert.deepEqual(shown, DAY);
});

test('the wheel zooms with Ctrl, moves sideways, and otherwise scrolls the page', () => {
  const wheel = (share, more) => send('wheel', share, { deltaX: 0, deltaY: 0, ...more });
  assert.equal(wheel(0.5, { deltaY: 100 }).defaultPrevented, false);
  assert.deepEqual(shown, DAY);
  assert.equal(wheel(0.5, { deltaY: -200, ctrlKey: true }).defaultPrevented, true);
  assert.ok(shown.max - shown.min < 13 * HOUR);
  assert.ok(Math.abs((shown.min + shown.max) / 2 - 12 * HOUR) < 1);
  shown = { min: 8 * HOUR, max: 16 * HOUR };
  wheel(0.5, { deltaX: 500 });
  assert.deepEqual(shown, { min: 12 * HOUR, max: 20 * HOUR });
});
