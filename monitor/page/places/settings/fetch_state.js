// What came of asking a service: when it last worked, what failed and what to do, when it is asked next; and a try now.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import { refusal } from '../../parts/refusal.js';
import { when } from './access.js';
import { W } from './words.js';

/** @import {Fetched} from '../../base/api.js' */

/** @type {(name: string, label: string, look: () => Promise<void>) => {node: HTMLElement, show: (entry: Fetched) => void}} */
export function stateOf(name, label, look) {
  const said = h('div', { 'aria-live': 'polite' }),
    status = h('span', { role: 'status' });
  const button = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: async () => {
        button.disabled = true;
        status.replaceChildren(W.fetch.asking);
        try {
          show(await api.tryFetch(name));
          status.replaceChildren();
          await look();
        } catch (error) {
          if (error.status === undefined) throw error;
          status.replaceChildren(icon('warn'), ...refusal(error));
        }
        button.disabled = false;
      },
    },
    W.fetch.now,
    h('span', { class: 'hidden' }, ` ${label}`),
  );
  /** @param {Fetched} entry */
  function show(entry) {
    said.replaceChildren(
      ...lines(entry).map(([kind, text]) => h('p', { class: 'said' }, kind && icon(kind), h('span', null, text))),
    );
  }
  return { node: h('div', null, said, h('p', { class: 'status-line' }, button, status)), show };
}

/**
 * What there is to say, each with its icon.
 * @type {(entry: Fetched) => ['ok' | 'warn' | 'info' | null, string][]}
 */
export function lines(entry) {
  const { on, running, asked_at: asked, worked_at: worked, said, failed_at: failed, problem, next_at: next } = entry;
  /** @type {['ok' | 'warn' | 'info' | null, string][]} */
  const found = [];
  if (worked) found.push(['ok', [W.fetch.worked(when(worked)), said].filter(Boolean).join(' ')]);
  if (problem) found.push(['warn', failed ? W.fetch.failed(when(failed), problem) : problem]);
  if (running) found.push(['info', W.fetch.asking]);
  else if (on && !asked) found.push(['info', W.fetch.notYet]);
  if (on && next) found.push([null, W.fetch.next(when(next))]);
  return found;
}
