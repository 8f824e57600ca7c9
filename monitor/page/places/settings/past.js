// The past from files of Enedis, EDF, Home Assistant or a table, or from Home Assistant itself: what is in them, what would be added, then adding it;
// each import can be taken back.
import * as api from '../../base/api.js';
import { h, icon, id } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { language, T } from '../../base/i18n.js';
import { dateOf } from '../../base/time.js';
import { refusal } from '../../parts/refusal.js';
import { select } from '../../parts/controls.js';
import { begun, ended, FETCHED, problemOf } from './requests.js';
import { countedThere } from './counted_there.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */

const PIECE = 1 << 20,
  MOST = 64 << 20, // bytes
  INJECTED = 'EAIT';

/** @type {(size: number) => [number, number][]} */
export function pieces(size) {
  const count = Math.max(1, Math.ceil(size / PIECE));
  return Array.from({ length: count }, (_, i) => [i * PIECE, Math.min(size, (i + 1) * PIECE)]);
}

/**
 * told: that a file was added.
 * @type {(context: {meter: Meter | null, meters: Meter[], told?: () => void}) => HTMLElement[]}
 */
export function pastGroup({ meter, meters, told = () => {} }) {
  let chosen = meter?.id ?? null;
  const list = h('ul', { class: 'entries', 'aria-live': 'polite' }),
    before = imports(meters);
  const added = () => {
    before.look();
    told();
  };
  const take = (files) => {
    for (const file of files) {
      const send = (dryRun, series, progress) =>
        sent(
          file,
          { kind: null, name: file.name, meter: chosen || point.value.trim() || null, dry_run: dryRun, series },
          progress,
        );
      list.append(entry(file.name, file.size > MOST ? null : send, added));
    }
  };
  // A home without a meter stands under its delivery point, which files of Enedis name.
  const point = h('input', { type: 'text', inputmode: 'numeric', autocomplete: 'off', maxlength: 14, id: id('point') });
  const input = h('input', {
    type: 'file',
    multiple: true,
    class: 'hidden',
    id: 'files',
    onchange: () => {
      take(input.files ?? []);
      input.value = '';
    },
  });
  const drop = h(
    'div',
    {
      class: 'drop',
      ondragover: (event) => {
        event.preventDefault();
        drop.classList.add('over');
      },
      ondragleave: () => drop.classList.remove('over'),
      ondrop: (event) => {
        event.preventDefault();
        drop.classList.remove('over');
        take(event.dataTransfer?.files ?? []);
      },
    },
    h('p', null, W.past.drop),
    input,
    h('label', { class: 'button', for: 'files' }, icon('plus'), W.past.choose),
  );
  before.look();
  return [
    h('p', { class: 'note' }, W.past.help),
    meters.length > 1 &&
      h(
        'label',
        { class: 'inline' },
        T.meterChoice,
        select({ options: meters.map(({ id, name }) => [id, name]), value: chosen, onpick: (id) => (chosen = id) }),
      ),
    !meters.length && h('label', { class: 'inline', for: point.id }, W.past.point, point),
    !meters.length && h('p', { class: 'note' }, W.past.pointHelp),
    drop,
    countedThere((series) => {
      const send = async (dryRun) =>
        (await api.importFromThere({ series, meter: chosen || point.value.trim() || null, dry_run: dryRun })).id;
      list.append(entry(W.past.there.name, send, added));
    }),
    list,
    before.node,
  ].filter((one) => one !== false);
}

/**
 * What may be imported: it is looked at first; nothing is added before its owner says so.
 * send: makes a request and answers its number; null: it is too large.
 * @typedef {(dryRun: boolean, series: string[], progress: (share: number) => void) => Promise<number>} Send
 * @type {(name: string, send: Send | null, added: () => void) => HTMLElement}
 */
function entry(name, send, added) {
  /** @type {string[]} */
  let chosen = [];
  const state = h('div', null),
    node = h('li', null, h('strong', null, name), state);
  const show = (...parts) => state.replaceChildren(...parts.filter((part) => part !== false && part != null));
  const close = h('button', { class: 'link-button', type: 'button', onclick: () => node.remove() }, T.close);
  /** @param {string[]} [series] */
  async function run(dryRun, series = chosen) {
    if (!send) return;
    chosen = series;
    const bar = h('progress', { max: 1, 'aria-label': W.past.reading });
    show(h('p', null, dryRun ? W.past.reading : W.past.adding), bar);
    try {
      const made = await send(dryRun, series, (share) => {
        bar.value = share / 2;
      });
      const end = await ended(made, (progress) => {
        bar.value = 0.5 + (progress ?? 0) / 2;
      });
      if (end.state !== 'done') show(wrong(problemOf(end) ?? W.past.failed), ask(end.result?.series), close);
      else if (dryRun) show(found(end.result), act(end.result), close);
      else {
        show(h('p', null, icon('ok'), W.past.added), found(end.result), close);
        added();
      }
    } catch (error) {
      if (error.status === undefined) throw error;
      show(
        ...refusal(error).map(wrong),
        h('button', { class: 'button', type: 'button', onclick: () => run(dryRun) }, T.notices.retry),
        close,
      );
    }
  }
  /** A database of Home Assistant may have several series. */
  const ask = (names) =>
    names &&
    h(
      'label',
      { class: 'inline' },
      W.past.series,
      select({
        options: [['', W.choose], ...Object.keys(names).map((name) => [name, name])],
        value: '',
        onpick: (name) => name && run(true, [name]),
      }),
    );
  const act = (result) =>
    hasNew(result) && h('button', { class: 'button', type: 'button', onclick: () => run(false) }, W.past.add);
  if (!send) show(wrong(W.past.tooBig(f.bytes(MOST))), close);
  else run(true);
  return node;
}

const wrong = (text) => h('p', { class: 'wrong' }, icon('warn'), h('span', null, text));

/** Makes a request of a file, sends it piece by piece, and lets it begin. */
async function sent(file, args, progress) {
  const { id } = await api.makeRequest('import', args),
    parts = pieces(file.size);
  for (const [i, [from, to]] of parts.entries()) {
    await api.sendPiece(id, i, file.slice(from, to));
    progress((i + 1) / parts.length);
  }
  await api.startRequest(id);
  return id;
}

const total = (counts) => Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
const counted = (list) => (list ?? []).reduce((sum, { count }) => sum + count, 0);

/** Whether there is something to add. */
export const hasNew = (result) => total(result.new) > 0;

/** What is in a file, what would be added or was, what overlaps, what is missing: sentences. */
const found = (result) =>
  h(
    'ul',
    { class: 'found' },
    sentences(result).map((text) => h('li', null, text)),
  );

/** The local days of an instant, or a day; the end is that of a period. */
const days = (from, to) => (from.length === 10 ? [from, to] : [dateOf(Date.parse(from)), dateOf(Date.parse(to) - 1)]);

/** @type {(result: any) => string[]} */
export function sentences(result) {
  const P = W.past,
    { new: added, new_wh: wh, gaps } = result,
    lengths = Object.entries(added ?? {}).map(([length, count]) => P.lengths[length](count)),
    kwh = wh && total(Object.fromEntries(Object.entries(wh).filter(([register]) => register !== INJECTED))),
    counts = {
      same: result.same,
      read: result.read,
      finer: result.finer,
      different: counted(result.different),
      overlaps: counted(result.overlaps),
    };
  return [
    result.from && P.range(...days(result.from, result.to).map(f.fullDate)),
    result.meter_is_new && P.newMeter(result.meter),
    lengths.length ? P.new(lengths.join(', '), wh ? f.energy(kwh) : '') : P.nothingNew,
    ...Object.entries(counts).map(([name, count]) => count > 0 && P.counts[name](f.number(count))),
    gaps?.hours > 0 && P.missing(P.lengths.hours(gaps.hours)),
    gaps?.days > 0 && P.missing(P.lengths.days(gaps.days)),
    ...(result.left_out ?? []).map((one) => `${one[language]}${T.colon}${f.number(one.count)}`),
  ].filter(Boolean);
}

/** What was imported, each with the way back. @param {Meter[]} meters */
function imports(meters) {
  const node = h('div', null),
    whose = (id) => (meters.length > 1 ? `, ${meters.find((meter) => meter.id === id)?.name ?? id}` : '');
  async function look() {
    const { imports } = await api.imports().catch(() => ({ imports: [] }));
    node.replaceChildren(
      ...(imports.length
        ? [
            h('h3', null, W.past.imports),
            h(
              'ul',
              { class: 'lines' },
              imports.map((one) => line(one)),
            ),
          ]
        : []),
    );
  }
  function line({ id, meter, kind, file, taken_at: at }) {
    const state = h('span', { class: 'note', role: 'status' });
    const back = h(
      'button',
      {
        class: 'link-button',
        type: 'button',
        onclick: async () => {
          back.disabled = true;
          try {
            const stopped = kind === FETCHED && (await stopFetching(meter)),
              end = await ended(await begun('import-forget', { id }), () => {});
            if (end.state === 'done') {
              await look();
              if (stopped) node.append(h('p', { class: 'note', role: 'status' }, W.past.fetchOff));
            } else {
              back.disabled = false;
              state.textContent = [problemOf(end) ?? W.past.failed, stopped && W.past.fetchOff]
                .filter(Boolean)
                .join(' ');
            }
          } catch (error) {
            if (error.status === undefined) throw error;
            back.disabled = false;
            state.textContent = refusal(error).join(' ');
          }
        },
      },
      W.remove,
      h('span', { class: 'hidden' }, ` ${file}${whose(meter)}`),
    );
    return h(
      'li',
      null,
      h('span', null, file, ' ', h('span', { class: 'note' }, f.tableDate(dateOf(Date.parse(at))), whose(meter))),
      back,
      state,
    );
  }
  return { node, look };
}

/** What is fetched for a meter would come again: turns that off; whether it was on. */
async function stopFetching(meter) {
  const { value, version } = await api.section('fetch');
  if (!value.enedis.on || (value.enedis.meter ?? meter) !== meter) return false;
  await api.saveSection('fetch', { ...value, enedis: { ...value.enedis, on: false } }, version);
  return true;
}
