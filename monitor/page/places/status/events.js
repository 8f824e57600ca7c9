// What happened, newest first: overloads, outages, gaps, voltage, other meters, other prices.
import * as api from '../../base/api.js';
import { h, say } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { select } from '../../parts/controls.js';
import { href } from '../../base/router.js';
import { dateOf } from '../../base/time.js';
import { W } from './words.js';

const KINDS = ['overload', 'outage', 'gap', 'voltage', 'epoch', 'tariff'];
const FEW = 5; // that are shown at once
const LIMIT = 20;
const LOOKS = 5; // a page looks back about a year, and may have found nothing in it

/** {node, refresh}; null when the events cannot be read. */
export async function eventsBlock(meter) {
  let first = await page(meter, null, null).catch(() => null);
  if (!first) return null;
  const list = h('div'),
    more = h('button', { class: 'button', onclick: () => (isShort ? lengthen() : load(true)) }, W.older);
  let kind = null,
    rows = [],
    isShort = true,
    next = null,
    turn = 0;

  function show(answer, add) {
    rows = [...(add ? rows : []), ...answer.events];
    next = answer.next ?? null;
    draw();
  }
  function draw() {
    const shown = isShort ? rows.slice(0, FEW) : rows;
    more.hidden = next == null && shown.length === rows.length;
    list.replaceChildren(rows.length ? listOf(shown, meter) : h('p', { class: 'muted' }, W.nothing));
  }
  function lengthen() {
    isShort = false;
    draw();
  }
  async function load(add, quietly = false) {
    const mine = ++turn;
    try {
      const answer = await page(meter, kind, add ? next : null);
      if (mine !== turn) return;
      if (quietly) {
        if (JSON.stringify(answer) === JSON.stringify(first)) return;
        first = answer;
      }
      show(answer, add);
    } catch {
      if (mine === turn && !quietly) say(T.notices.failed);
    }
  }
  show(first, false);
  const pick = (name) => {
    kind = name || null;
    isShort = true;
    load(false);
  };
  const node = h('section', { class: 'block event-list' }, head(pick), list, more);
  /** What is new, unless somebody reads the older ones, or those of a kind. */
  const refresh = () => {
    if (!kind && rows.length === first?.events.length) return load(false, true);
  };
  return { node, refresh };
}

function head(onpick) {
  return h(
    'div',
    { class: 'block-head' },
    h('h2', null, W.events),
    select({
      'aria-label': W.eventKinds,
      options: [['', W.all], ...KINDS.map((name) => [name, W.kinds[name]])],
      onpick,
    }),
  );
}

async function page(meter, kind, cursor) {
  for (let look = 1; ; look++) {
    const answer = await api.events(meter.id, { kind, limit: LIMIT, cursor });
    if (answer.events.length || answer.next == null || look === LOOKS) return answer;
    cursor = answer.next;
  }
}

/** A line an event: what, when, how long and how much. */
const listOf = (rows, meter) =>
  h(
    'ul',
    { class: 'events', 'aria-label': W.events },
    rows.map((event) =>
      h(
        'li',
        null,
        h('strong', null, W.kinds[event.kind] ?? event.kind),
        linkOf(event),
        h('span', null, f.joined([lasts(event), detail(event, meter)], ', ')),
      ),
    ),
  );

function linkOf(event) {
  const at = Date.parse(event.at),
    day = dateOf(at);
  return h('a', { href: href(`jour/${day}`) }, `${f.tableDate(day)} ${f.clock(at)}`);
}

export function lasts({ at, until, seconds }) {
  if (seconds) return f.duration(seconds * 1000);
  return until ? f.duration(Date.parse(until) - Date.parse(at)) : '';
}

function detail({ kind, power, volts, phase, wh, why, text, offer, subscribed }, meter) {
  const phases = phase && meter.phases > 1 && T.phase(phase);
  const words = [
    kind === 'overload' && power != null && f.power(power, meter.unit),
    kind === 'voltage' && volts != null && `${f.number(volts)}${f.THIN}V`,
    phases,
    W.why[why ?? text],
    wh && W.recoveredNote(f.energy(wh)).replace(/\.$/, ''),
    offer,
    subscribed && f.kva(subscribed),
  ];
  return f.joined(words, ', ');
}
