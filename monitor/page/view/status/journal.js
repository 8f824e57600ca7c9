// What happened, newest first: overloads, outages, gaps, voltage, other meters, other prices.
import * as api from '../../api.js';
import { h, say } from '../../dom.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { plainTable } from '../../part/figures.js';
import { select } from '../../part/select.js';
import { href } from '../../router.js';
import { dateOf } from '../../time.js';

const S = T.status;
const KINDS = ['overload', 'outage', 'gap', 'voltage', 'epoch', 'tariff'];
const LIMIT = 20;
const LOOKS = 5; // a page looks back about a year, and may have found nothing in it

/** {node, refresh}; null when the events cannot be read. */
export async function journal(meter) {
  let first = await page(meter, null, null).catch(() => null);
  if (!first) return null;
  const list = h('div'),
    more = h('button', { class: 'button', onclick: () => load(true) }, S.older);
  let kind = null,
    rows = [],
    next = null,
    turn = 0;

  function show(answer, add) {
    rows = [...(add ? rows : []), ...answer.events];
    next = answer.next ?? null;
    more.hidden = next == null;
    list.replaceChildren(rows.length ? tableOf(rows, meter) : h('p', { class: 'muted' }, S.nothing));
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
    load(false);
  };
  const node = h('section', { class: 'block journal' }, head(pick), list, more);
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
    h('h2', null, S.journal),
    select({
      'aria-label': S.journalColumns[0],
      options: [['', S.all], ...KINDS.map((name) => [name, S.kinds[name]])],
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

function tableOf(rows, meter) {
  const [kind, date, duration, details] = S.journalColumns;
  return plainTable({
    caption: S.journal,
    columns: [
      [kind, (event) => S.kinds[event.kind] ?? event.kind, 'words'],
      [date, linkOf, 'words'],
      [duration, lasts],
      [details, (event) => detail(event, meter), 'words'],
    ],
    rows,
    stacks: true,
  });
}

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
  const phases = phase && meter.phases > 1 && T.now.phase(phase);
  const words = [
    kind === 'overload' && power != null && f.power(power, meter.unit),
    kind === 'voltage' && volts != null && `${f.number(volts)}${f.THIN}V`,
    phases,
    S.why[why ?? text],
    wh && S.recoveredNote(f.energy(wh)).replace(/\.$/, ''),
    offer,
    subscribed && f.kva(subscribed),
  ];
  return f.joined(words, ', ');
}
