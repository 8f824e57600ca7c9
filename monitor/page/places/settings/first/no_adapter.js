// Before any adapter is there: the past of a home from Enedis, by Conso API with the owner's token, or from files.
import * as api from '../../../base/api.js';
import { h, icon } from '../../../base/dom.js';
import { again } from '../../../base/router.js';
import { toSettings } from '../../../parts/block.js';
import { changed } from '../../../parts/changes.js';
import { fetchedImports, tokenSite } from '../fetch_enedis.js';
import { problemOf } from '../requests.js';
import { smallForm } from '../small_form.js';
import { W } from '../words.js';

/** @import {Tools} from './steps.js' */

const EACH = 1000, // ms between two looks
  LONGEST = 4000, // characters of a token
  PASSED = ['done', 'failed', 'cancelled'];

/** @type {(tools: Pick<Tools, 'forms'> & {files: string}) => HTMLElement} */
export function withoutAdapter({ forms, files }) {
  const S = W.first.noAdapter,
    what = h('div', { 'aria-live': 'polite' }),
    enedis = forms.fetch.fields?.find(({ name }) => name === 'enedis'),
    sent = enedis?.help || enedis?.fields?.find(({ name }) => name === 'on')?.help;
  const bar = h('progress', { max: 1, 'aria-label': S.asking });
  const show = (...parts) => what.replaceChildren(...parts.filter(Boolean));
  const wrong = (text) => show(h('p', { class: 'wrong' }, icon('warn'), h('span', null, text)));
  const form = smallForm({
    at: 'fetch.enedis.token',
    text: S.fetch,
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
      { kind: 'text', name: 'point', label: S.point, help: S.pointHelp, longest: 14 },
    ],
    async act({ token, point }) {
      const before = newest(await importsNow());
      await api.keepToken(token.trim());
      await changed('fetch', (value) => ({
        ...value,
        enedis: { on: true, meter: point?.trim() || value.enedis.meter },
      }));
      show(h('p', null, S.asking), bar);
      let entry = await api.tryFetch('enedis');
      while (entry.running) {
        await pause();
        entry = (await api.fetched()).providers.find(({ name }) => name === 'enedis') ?? entry;
      }
      const came = await settled(before);
      if (came?.state === 'done') again();
      else wrong((came && problemOf(came)) ?? entry.problem ?? S.nothing);
      return '';
    },
  });

  /** The import of what was fetched since; undefined: nothing came. */
  async function settled(before) {
    for (;;) {
      const found = (await importsNow()).filter(({ id }) => id > before),
        waits = found.find(({ state }) => !PASSED.includes(state));
      if (!waits) return found.find(({ state }) => state === 'done') ?? found[0];
      bar.value = waits.progress ?? 0;
      show(h('p', null, S.adding), bar);
      await pause();
    }
  }
  return h(
    'details',
    { class: 'other' },
    h('summary', null, S.title),
    h('p', null, S.help),
    sent && h('p', { class: 'note' }, sent),
    form,
    what,
    h('p', null, h('a', { href: files }, S.files)),
    h('p', { class: 'note' }, toSettings('exterieur', W.groups.fetch)),
  );
}

const importsNow = async () => fetchedImports((await api.requests()).requests);
const newest = (imports) => Math.max(0, ...imports.map(({ id }) => id));
const pause = () => new Promise((go) => setTimeout(go, EACH));
