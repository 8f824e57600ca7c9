import { alerts } from '../../parts/alerts.js';
import * as api from '../../base/api.js';
import { calendar } from '../../chart/calendar.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { piece } from '../../parts/refresh.js';
import { swatch } from '../../parts/legend.js';
import { keyValues, figures } from '../../parts/table.js';
import { notice, wrongSettings } from '../../parts/notice.js';
import { again, go, href } from '../../base/router.js';
import { dateOf, daysBetween, plusDays } from '../../base/time.js';
import { alertList } from './alerts.js';
import { storage, versions } from './facts.js';
import { eventsBlock } from './events.js';
import { level, toDo, troubles } from '../../parts/summary.js';
import { block, page, toSettings } from '../../parts/block.js';
import { W as PARTS } from '../../parts/words.js';
import { unseenExport } from '../../sources/sources.js';
import { W } from './words.js';

/** @import {Context, Meter} from '../../../../deploy/page/types' */
/** @import {Forgettable} from '../../../../deploy/page/answers' */
/** @param {Context<Meter | null>} context */
export default async function status({ meter, now }) {
  const today = dateOf(now()),
    from = plusDays(today, -364);
  const ask = () =>
    Promise.all([
      api.status(meter?.id),
      meter && api.energy(meter.id, { by: 'day', from, to: today }).catch(() => null),
      alerts.latest,
    ]);
  const [first, events, gone] = await Promise.all([
    ask(),
    meter && eventsBlock(meter),
    api.forgettable().catch(() => []),
  ]);
  let [data, days, told] = first;
  const summary = piece((data, told) => health(data, told, now())),
    way = piece((links) => chain(links, now())),
    counts = piece((day) => day && yesterday(day)),
    map = piece((days) => days?.rows.length > 0 && coverage(days, from, today)),
    list = piece((told) => told && alertList(told)),
    trouble = piece((missing) => missing && notice('warn', T.notices.database, W.databaseMore)),
    wrong = piece((data) => wrongSettings(data)),
    injects = piece((signs) => unseenExport(signs)),
    kept = piece((data) => storage(data, now())),
    parts = piece((data) => versions(data, meter));
  function show() {
    summary.show(data, told);
    wrong.show({ prices_error: data.prices_error, unused: data.unused, refused_topics: data.refused_topics });
    injects.show(data.unseen_export);
    way.show(data.links);
    counts.show(data.yesterday);
    list.show(told);
    map.show(days);
    trouble.show(meter && (!days || !events));
    kept.show(data);
    parts.show(data.versions);
  }
  show();
  const node = page(
    'status',
    T.places.status,
    summary.node,
    wrong.node,
    injects.node,
    silentMeters(gone),
    way.node,
    counts.node,
    list.node,
    map.node,
    trouble.node,
    h('div', { class: 'two' }, events ? [h('div', null, kept.node, parts.node), events.node] : [kept.node, parts.node]),
    // The server says so in index.html.
    'session' in document.documentElement.dataset && sessions(),
  );
  async function refresh() {
    const [next, later] = await Promise.all([ask(), meter && (events?.refresh() ?? eventsBlock(meter))]);
    if (!events && later) return again(); // the database is back
    data = next[0];
    days = next[1] ?? days;
    told = next[2] ?? told;
    show();
  }
  return { title: T.places.status, node, refresh };
}

function sessions() {
  return h(
    'form',
    { method: 'post', action: 'logout' },
    h('button', { class: 'button', name: 'everywhere', value: '1' }, W.everywhere),
    h('p', { class: 'note' }, W.everywhereNote),
  );
}

/** Meters that have said nothing for long, and the way to have them forgotten. @param {Forgettable['gone']} gone */
const silentMeters = (gone) =>
  gone.map(
    ({ kind, label, last }) =>
      kind === 'forget-meter' &&
      last &&
      notice('info', W.gone(label, f.fullDate(dateOf(Date.parse(last)))), toSettings('oubli', W.forget)),
  );

function health(data, told, now) {
  const wrong = troubles(data, now).map(([list, name]) => inSentence(PARTS.summary[list][name]));
  const lacking = toDo(data, told).map((name) => PARTS.summary.facts[name]),
    { yesterday: day } = data,
    well = told?.active.length > 0 ? W.works : lacking.length ? W.runs : W.allWell;
  return h(
    'section',
    { class: 'health' },
    h(
      'p',
      { class: `summary-line ${wrong.length ? 'warn-text' : ''}` },
      icon(wrong.length ? 'warn' : 'ok'),
      wrong.length ? PARTS.summary.notWell(wrong.join(', ')) : well,
      lacking.length > 0 && ` ${W.toDo(lacking.join(', '))}`,
    ),
    day &&
      h(
        'p',
        { class: 'note' },
        framesText(day),
        day.recovered_wh ? ` ${f.capital(W.recoveredNote(f.energy(day.recovered_wh)))}` : '',
      ),
  );
}

function framesText({ frames, expected, coverage }) {
  if (expected == null ? coverage === 1 : frames === expected) return W.complete(frames);
  return expected == null ? W.framesOnly(frames) : W.frames(frames, expected);
}

const inSentence = (word) => (word === word.toUpperCase() ? word : word.toLowerCase()); // MQTT stays

// The way of a frame, link by link, as on a line map: a full stop answers, an open one does not.
function chain(links, now) {
  const stops = links.map((link) => stop(link, now));
  return h('ol', { class: 'chain', 'aria-label': W.links }, stops);
}
function stop({ id, state, last, detail }, now) {
  const sign = last && W.last(f.recent(Date.parse(last), now));
  return h(
    'li',
    { class: state === 'up' ? 'up' : state === 'unknown' ? 'unknown' : 'down' },
    h(
      'span',
      { class: 'stop', 'aria-hidden': 'true' },
      icon(state === 'up' ? 'ok' : state === 'unknown' ? 'help' : 'off'),
    ),
    h('strong', null, PARTS.summary.link[id]),
    h('span', { class: 'note' }, W.states[id === 'meter' && state === 'up' ? 'received' : state] ?? state),
    h('span', { class: 'note' }, (state === 'up' ? detail : sign) ?? ''),
  );
}
// The hour alone would mislead when it was yesterday's.
function yesterday(day) {
  const known = ['expected', 'frames', 'lost', 'late_hours'].filter((key) => day[key] != null);
  const list = [
    ...known.map((key) => ({ name: f.capital(W.counts[key]), value: f.number(day[key]) })),
    day.coverage != null && { name: W.coverage, value: f.coverage(day.coverage) },
  ];
  return h('section', { class: 'frames' }, h('h2', null, W.yesterdayFrames), keyValues(list));
}

const CSS = { complete: 'full', recovered: 'recovered', gap: 'gap', none: 'none' };

/** How much of each day was measured, as a calendar. */
function coverage(days, from, today) {
  const byDate = new Map(days.rows.map((row) => [row.start, row])),
    levels = days.rows.map(level),
    count = (...names) => levels.filter((one) => names.includes(one)).length,
    text = W.coverageSummary(count('complete'), count('gap', 'recovered'));
  const isShown = (name) =>
    name === 'complete' || levels.includes(name) || (name === 'none' && levels.length <= daysBetween(from, today));
  return block(
    W.coverage,
    calendar({
      from,
      to: today,
      resting: text,
      label: text,
      open: (date) => go(href(`jour/${date}`)),
      cell: (date) => dayCell(date, byDate.get(date)),
    }).nodes,
    h(
      'ul',
      { class: 'legend' },
      Object.entries(W.levels)
        .filter(([name]) => isShown(name))
        .map(([name, word]) => h('li', null, swatch(CSS[name]), word)),
    ),
    figures({
      caption: W.coverage,
      columns: [
        [T.columns.date, (row) => f.longDate(row.start), 'words'],
        [T.columns.coverage, (row) => f.coverage(row.coverage)],
      ],
      rows: days.rows.filter((row) => level(row) !== 'complete'),
    }),
  );
}

function dayCell(date, row) {
  const name = level(row),
    share = name === 'none' ? '' : `, ${f.coverage(row.coverage)}`;
  return { css: CSS[name], text: `${f.capital(f.longDate(date))}${T.colon}${W.levels[name]}${share}` };
}
