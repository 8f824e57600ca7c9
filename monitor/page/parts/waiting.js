// What will be deleted soon, said on every place as long as it can be cancelled.
import * as api from '../base/api.js';
import { h } from '../base/dom.js';
import * as f from '../base/format.js';
import { piece } from './refresh.js';
import { notice } from './notice.js';
import { refusal } from './refusal.js';
import { W } from './words.js';

const DELETES = ['forget-meter', 'forget-source', 'forget-program'];

/** @type {(requests: any[]) => any[]} */
export const deletions = (requests) =>
  requests.filter(({ kind, state, not_before }) => DELETES.includes(kind) && state === 'waiting' && not_before);

const shown = piece(
  /** @param {any[]} list */
  (list) => list.length > 0 && h('div', { class: 'notices waiting' }, list.map(one)),
);

function one({ id, kind, arguments: args, not_before: at }) {
  const status = h('span', { class: 'note', role: 'status' });
  const cancel = async () => {
    try {
      await api.cancelRequest(id);
      await waiting.look();
    } catch (error) {
      if (error.status === undefined) throw error;
      status.textContent = refusal(error).join(' ');
    }
  };
  return notice(
    'warn',
    W.waiting[kind](args.name ?? args.meter, f.hour(Date.parse(at))),
    W.waiting.until,
    h('button', { class: 'button', type: 'button', onclick: cancel }, W.waiting.cancel),
    status,
  );
}

export const waiting = {
  /** To be put below the head of a place. */
  get node() {
    return shown.node;
  },
  /** Ask again; what was said stays while nobody answers. */
  async look() {
    const answer = await api.requests().catch(() => null);
    if (answer) shown.show(deletions(answer.requests));
  },
};
