// When something is asked for. What is shown of today does not grow old: it is asked for again each minute, and at once
// when somebody looks again. What is folded away is asked for once somebody opens it.
import { h } from '../base/dom.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { dateOf, MINUTE, SECOND } from '../base/time.js';

/** @import {Child} from '../../../deploy/page/types' */
const TICK = 5 * SECOND;

/**
 * now: the server's clock; tick(): what passes by itself, each five seconds; refresh(): asks again; midnight(): it is
 * another day. Nothing happens while nobody looks. Returns what ends it.
 */
export function keepFresh({ now, tick, refresh, midnight }) {
  const day = dateOf(now());
  let asked = now();
  function look(patience) {
    if (document.hidden) return;
    if (dateOf(now()) !== day) return midnight();
    if (Math.abs(now() - asked) >= patience) {
      asked = now();
      refresh?.();
    }
    tick?.();
  }
  const returned = () => look(TICK);
  // A timer stands still while a computer sleeps: what counts is the clock.
  const timer = setInterval(() => look(MINUTE), TICK);
  document.addEventListener('visibilitychange', returned);
  for (const event of ['pageshow', 'focus', 'online']) addEventListener(event, returned);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', returned);
    for (const event of ['pageshow', 'focus', 'online']) removeEventListener(event, returned);
  };
}

/** Beside a total that grows: when it was asked for. */
export function stamp(now) {
  const node = h('time', { class: 'note stamp' });
  const set = () => {
    node.textContent = T.updated(f.clock(now()));
  };
  set();
  return { node, set };
}

/**
 * A part of a view, drawn again when what it is given has changed. Tables that are open stay open, and what has the
 * focus or is being read keeps it.
 * @param {(...given: any[]) => ChildNode | false | null | undefined} make
 */
export function piece(make) {
  /** @type {ChildNode} */
  let node = document.createComment('');
  let known = '';
  return {
    get node() {
      return node;
    },
    /** @param {any[]} given */
    show(...given) {
      const text = JSON.stringify(given);
      if (text === known) return;
      known = text;
      const next = make(...given) || document.createComment('');
      if (node.parentNode) replace(node, next);
      node = next;
    },
  };
}

/**
 * Tables stay as somebody left them: each has a name in its part, whatever stands before it.
 * @param {ParentNode} old
 * @param {ParentNode} next
 */
export function keepOpen(old, next) {
  const left = new Map([...old.querySelectorAll('details')].map(({ dataset, open }) => [dataset.key, open]));
  for (const table of next.querySelectorAll('details')) table.open = left.get(table.dataset.key) ?? table.open;
}

const ACTIVE = 'a, button, input, select, summary, [tabindex]';

function replace(old, next) {
  if (!(old instanceof Element && next instanceof Element)) return old.replaceWith(next);
  const both = (selector) => [old, next].map((node) => [...node.querySelectorAll(selector)]);
  keepOpen(old, next);
  const [active, newActive] = both(ACTIVE),
    focused = active.indexOf(document.activeElement),
    read = active.findIndex((node) => node.reading?.at >= 0);
  const at = active[read]?.reading.at;
  old.replaceWith(next);
  if (focused >= 0) newActive[focused]?.focus({ preventScroll: true });
  if (read >= 0) newActive[read]?.reading?.show(at);
}

/**
 * What is asked for only once somebody opens it.
 * @param {{title: string, waiting: string, failed: string, css?: string, ask: () => Promise<Child>}} options
 */
export function lazy({ title, waiting, failed, css = 'figures', ask }) {
  const content = h('div', { 'aria-live': 'polite' });
  let turn = 0;
  async function fill() {
    const mine = ++turn;
    content.replaceChildren(h('p', { class: 'muted' }, waiting));
    const answer = await ask().catch(() => h('p', { class: 'muted' }, failed));
    if (mine === turn) content.replaceChildren(h('div', null, answer));
  }
  const node = h(
    'details',
    { class: css, 'data-key': title, ontoggle: () => node.open && !turn && fill() },
    h('summary', null, title),
    content,
  );
  return {
    node,
    /** Opens it, and asks again. */
    open() {
      node.open = true;
      fill();
      node.scrollIntoView({ block: 'nearest' });
    },
  };
}
