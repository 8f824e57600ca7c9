// Follows the newest values: a stream of events, and where that does not come through, reading `live` again and again.
//
// Some proxies open the stream and hold its events back, so an open stream says nothing: only an event does. The server
// sends what it knows as soon as a stream opens.
const PATIENCE = 5000; // until the first event
const RETRY = 3000; // the browser opens a broken stream again after this time, as the server asks
const SILENCE = 5000; // the server repeats itself every two seconds: the stream or the server is dead
const POLL = 5000;
const AGAIN = 60000; // while polling: how often the stream is tried

const CLOSED = 2; // EventSource.CLOSED: refused, and the browser will not try again

/** @import {Alerts, Live} from '../../../deploy/page/answers' */
/**
 * open: makes a stream; poll: asks for `live`; onState: an answer of `live`, or a part of it, as it comes; onAlerts:
 * what is active, when it changes.
 * @typedef {'live' | 'slow' | 'reconnecting' | 'ended'} Mode   slow: by polling; reconnecting: the server does not
 *   answer; ended: the session of Home Assistant has
 * @typedef {{open: () => EventSource, poll: () => Promise<Live>, onState: (news: Partial<Live>) => void,
 *   onAlerts?: (active: Alerts['active']) => void, onMode: (mode: Mode) => void}} Asked
 * @typedef {{setTimeout: (what: () => void, ms: number) => any, clearTimeout: (timer: any) => void}} Clock
 * delivered: by the stream that is open, or was open last; turn: an answer of an older one is dropped.
 * @typedef {Asked & {clock: Clock, timers: Map<'patience' | 'again' | 'poll', any>, source: EventSource | null,
 *   delivered: boolean, mode: Mode | null, turn: number}} Link
 */

/**
 * Returns what ends it. Nothing is open while the page is hidden.
 * @param {Asked & {clock?: Clock, screen?: Document}} options
 */
export function follow({ clock = globalThis, screen = document, ...asked }) {
  /** @type {Link} */
  const link = { ...asked, clock, timers: new Map(), source: null, delivered: false, mode: null, turn: 0 };
  const show = () => {
    stop(link);
    if (!screen.hidden) resume(link);
  };
  screen.addEventListener('visibilitychange', show);
  if (!screen.hidden) connect(link);
  return () => {
    screen.removeEventListener('visibilitychange', show);
    stop(link);
  };
}

/** @type {(link: Link, name: 'patience' | 'again' | 'poll', ms: number, what: (link: Link) => void) => void} */
function after(link, name, ms, what) {
  cancel(link, name);
  link.timers.set(
    name,
    link.clock.setTimeout(() => what(link), ms),
  );
}
/** @type {(link: Link, name: 'patience' | 'again' | 'poll') => void} */
function cancel({ clock, timers }, name) {
  clock.clearTimeout(timers.get(name));
  timers.delete(name);
}
/** @type {(link: Link, mode: Mode) => void} */
function tell(link, mode) {
  if (mode !== link.mode) link.onMode(mode);
  link.mode = mode;
}

// ---- the stream ----------------------------------------------------------------------------------
/** @param {Link} link */
function connect(link) {
  disconnect(link);
  link.delivered = false;
  const source = link.open();
  link.source = source;
  source.addEventListener('state', ({ data }) => heard(link, source, JSON.parse(data)));
  source.addEventListener('link', ({ data }) => heard(link, source, { links: JSON.parse(data) }));
  source.addEventListener('alerts', ({ data }) => link.source === source && link.onAlerts?.(JSON.parse(data)));
  source.addEventListener('error', () => broken(link, source));
  after(link, 'patience', PATIENCE, lost);
}
/** @param {Link} link */
function disconnect(link) {
  link.source?.close();
  link.source = null;
  cancel(link, 'patience');
}
/** @type {(link: Link, source: EventSource, news: Partial<Live>) => void} */
function heard(link, source, news) {
  if (link.source !== source) return;
  link.delivered = true;
  cancel(link, 'poll');
  after(link, 'patience', SILENCE, lost);
  tell(link, 'live');
  link.onState(news);
}
/** @type {(link: Link, source: EventSource) => void} */
function broken(link, source) {
  if (link.source !== source) return;
  if (source.readyState === CLOSED) return lost(link);
  if (!link.timers.has('poll')) tell(link, 'reconnecting');
  after(link, 'patience', RETRY + PATIENCE, lost);
}
/**
 * No events: ask. An answer tells whether it is the stream or the server that is away.
 * @param {Link} link
 */
function lost(link) {
  disconnect(link);
  if (link.delivered) tell(link, 'reconnecting');
  else after(link, 'again', AGAIN, connect);
  if (!link.timers.has('poll')) ask(link);
}

// ---- polling -------------------------------------------------------------------------------------
/** @param {Link} link */
async function ask(link) {
  const { turn, timers } = link,
    isOld = () => turn !== link.turn || !timers.has('poll');
  timers.set('poll', null); // under way
  try {
    const state = await link.poll();
    if (isOld()) return;
    link.onState(state);
    if (link.delivered) {
      // The stream came through before: the server was away, and is back.
      timers.delete('poll');
      return connect(link);
    }
    tell(link, 'slow');
  } catch (error) {
    if (isOld()) return;
    tell(link, error.status === 401 ? 'ended' : 'reconnecting');
  }
  after(link, 'poll', POLL, ask);
}

// ---- while nobody looks --------------------------------------------------------------------------
/** @param {Link} link */
function stop(link) {
  link.turn++;
  disconnect(link);
  for (const name of link.timers.keys()) cancel(link, name);
}
/** @param {Link} link */
async function resume(link) {
  const { turn } = link;
  connect(link);
  // The minutes in which nobody looked.
  try {
    const state = await link.poll();
    if (turn === link.turn) link.onState(state);
  } catch {
    // The stream, or its absence, says so.
  }
}
