// The token of Conso API, which is never shown again, and the imports that its answers become.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { toSettings } from '../../parts/block.js';
import { refusal } from '../../parts/refusal.js';
import { confirmed } from './confirm.js';
import { asked, FETCHED, problemOf } from './requests.js';
import { smallForm } from './small_form.js';
import { W } from './words.js';

const EACH = 2000; // ms between two looks at what is being imported
const LONGEST = 4000; // characters of a token

/** Where the token comes from. */
export const tokenSite = () =>
  h('a', { href: 'https://conso.boris.sh/', target: '_blank', rel: 'noreferrer' }, 'conso.boris.sh');

/** @param {() => Promise<void>} look what to do when it has changed */
export function tokenBlock(look) {
  const node = h('div', { class: 'token' });
  let isThere = /** @type {boolean | null} */ (null);
  const form = () =>
    smallForm({
      at: 'fetch.enedis.token',
      text: W.fetch.token.keep,
      fields: [
        {
          kind: 'text',
          widget: 'secret',
          name: 'token',
          label: W.fetch.token.label,
          help: W.fetch.token.help(tokenSite()),
          required: true,
          longest: LONGEST,
        },
      ],
      async act({ token }) {
        await api.keepToken(token.trim());
        draw(true);
        await look();
        return '';
      },
    });
  const button = (text, onclick) =>
    h(
      'button',
      { class: 'link-button', type: 'button', onclick },
      text,
      h('span', { class: 'hidden' }, ` (${W.fetch.token.label})`),
    );
  const status = h('span', { role: 'status' });
  async function remove() {
    try {
      await api.removeToken();
      draw(false);
      await look();
    } catch (error) {
      if (error.status === undefined) throw error;
      status.replaceChildren(icon('warn'), ...refusal(error));
    }
  }
  /** What is being typed stays. @param {boolean} next */
  const show = (next) => {
    if (next !== isThere) draw(next);
  };
  /** @param {boolean} next */
  function draw(next) {
    isThere = next;
    node.replaceChildren(
      isThere
        ? h(
            'p',
            { class: 'status-line' },
            icon('ok'),
            W.fetch.token.kept,
            button(W.fetch.token.replace, () => {
              node.replaceChildren(form());
              node.querySelector('input')?.focus();
            }),
            confirmed({ text: W.remove, of: W.fetch.token.label, yes: W.fetch.token.removeYes, act: remove }),
            status,
          )
        : form(),
    );
  }
  return { node, show };
}

/** Of the last fetch: how far its import is, or why it failed; it is taken back where all imports are. */
export function importsOf() {
  const node = h('div', { 'aria-live': 'polite' });
  let timer = 0;
  async function look() {
    clearTimeout(timer);
    const { requests } = await api.requests().catch(() => ({ requests: [] })),
      all = fetchedImports(requests),
      running = all.filter(({ state }) => ['waiting', 'running'].includes(state)),
      last = all[0];
    if (running.length)
      node.replaceChildren(
        h('p', null, W.fetch.importing(f.number(running.length))),
        h('progress', {
          max: 1,
          'aria-label': W.fetch.importing(f.number(running.length)),
          value: running.at(-1)?.progress,
        }),
      );
    else if (last?.state === 'failed')
      node.replaceChildren(h('p', { class: 'wrong' }, icon('warn'), h('span', null, problemOf(last) ?? W.past.failed)));
    else if (last)
      node.replaceChildren(h('p', { class: 'note' }, W.fetch.imported, ' ', toSettings('passe', W.fetch.takeBack)));
    else node.replaceChildren();
    if (running.length && node.isConnected) timer = setTimeout(look, EACH);
  }
  return { node, look };
}

/** Newest first. @type {(requests: any[]) => any[]} */
export const fetchedImports = (requests) =>
  asked(requests, 'import')
    .filter((one) => one.arguments?.kind === FETCHED)
    .sort((one, other) => other.id - one.id);
