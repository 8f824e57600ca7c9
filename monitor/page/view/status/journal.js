// What happened, newest first: overloads, outages, gaps, voltage, other meters, other prices.
import * as api from '../../api.js';
import { h, say } from '../../dom.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { table } from '../../part/figures.js';
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
  const list = h('div', { class: 'table-plain', tabindex: 0, role: 'region', 'aria-label': S.journal }),
    more = h('button', { class: 'button', onclick: () => load(true) }, S.older);
  let kind = null,
    rows = [],
    next = null,
    turn = 0;

  function show(answer, add) {
    rows = [...(add ? rows : []), ...answer.events.map((event) => line(event, meter))];
    next = answer.next ?? null;
    more.hidden = next == null;
    const columns = S.journalColumns.map((text, i) => ({ text, number: i === 2 }));
    list.replaceChildren(
      rows.length ? table({ caption: S.journal, columns, rows, stacks: true }) : h('p', { class: 'muted' }, S.nothing),
    );
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
  const pick = (event) => {
    kind = event.target.value || null;
    load(false);
  };
  const node = h('section', { class: 'block journal' }, head(pick), list, more);
  /** What is new, unless somebody reads the older ones, or those of a kind. */
  const refresh = () => {
    if (!kind && rows.length === first?.events.length) return load(false, true);
  };
  return { node, refresh };
}

function head(onchange) {
  const kinds = [['', S.all], ...KINDS.map((name) => [name, S.kinds[name]])];
  return h(
    'div',
    { class: 'block-head' },
    h('h2', null, S.journal),
    h(
      'select',
      { 'aria-label': S.journalColumns[0], onchange },
      kinds.map(([value, text]) => h('option', { value }, text)),
    ),
  );
}

async function page(meter, kind, cursor) {
  for (let look = 1; ; look++) {
    const answer = await api.events(meter.id, { kind, limit: LIMIT, cursor });
    if (answer.events.length || answer.next == null || look === LOOKS) return answer;
    cursor = answer.next;
  }
}

function line(event, meter) {
  const at = Date.parse(event.at),
    day = dateOf(at);
  const link = h('a', { href: href(`jour/${day}`) }, `${f.numericDate(day)} ${f.clock(at)}`);
  return [S.kinds[event.kind] ?? event.kind, link, lasts(event), detail(event, meter)];
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
  return words.filter(Boolean).join(', ');
}
