import * as api from '../../api.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, href, note } from '../../router.js';
import { HOUR, dayStart, daysBetween, plusDays, wall } from '../../time.js';
import { choice } from '../../part/tabs.js';
import { csvFile, figures } from '../../part/figures.js';
import { notice } from '../../part/notice.js';
import { calendar } from '../../chart/calendar.js';
import { heatmap } from '../../chart/heatmap.js';
import { levelOf, quantiles } from '../../chart/levels.js';
import { picture } from '../../chart/picture.js';
import { isKnown } from './groups.js';
import { week } from '../../chart/week.js';

const R = T.review,
  F = T.file;
const MOST = 400; // days of an answer of `profile`

/** Calendar of days, hours of each day, and an ordinary week. What is not shown is not asked for. */
export function maps({ meter, data, range, query }) {
  const days = daysBetween(range.from, range.to) + 1,
    long = days > 100 && data;
  if (days < 14) return null;
  const kinds = {
    ...(long && { calendar: () => calendarMap(meter, data, range) }),
    ...(long && days <= MOST && { heat: () => heat(meter, range) }),
    ...(days <= MOST && { weekday: () => ordinary(meter, range) }),
  };
  const names = Object.keys(kinds);
  if (!names.length) return null;
  const asked = query.get('m'),
    first = names.includes(asked) ? asked : names[0],
    body = h('div', { class: 'map' });
  let turn = 0;
  async function draw(kind) {
    const mine = ++turn,
      content = await Promise.resolve(kinds[kind]()).catch(() =>
        notice('warn', T.notices.database, T.notices.databaseMore),
      );
    if (mine === turn) body.replaceChildren(...[content].flat());
  }
  draw(first);
  return h(
    'section',
    { class: 'block' },
    h(
      'div',
      { class: 'block-head' },
      h('h2', null, names.length > 1 ? R.map : R.week1),
      names.length > 1 &&
        choice({
          label: R.map,
          options: names.map((kind) => [kind, R[kind]]),
          value: first,
          onpick: (kind) => {
            note({ m: kind === names[0] ? null : kind });
            draw(kind);
          },
        }),
    ),
    body,
  );
}

const openDay = (date) => go(href(`jour/${date}`));

function scale(limits) {
  return h(
    'p',
    { class: 'heat-scale' },
    h('span', null, R.less),
    Array.from({ length: limits.length + 1 }, (_, i) => h('span', { class: `scale-cell heat-${i}` })),
    h('span', null, R.more),
    h('span', { class: 'muted' }, ` (${f.kwh(limits[0])}–${f.kwh(limits.at(-1))}${f.THIN}kWh)`),
  );
}

function png(meter, name, title, range, node) {
  return () =>
    picture({
      name: `${name}-${range.text}`,
      notes: [meter.name],
      title: `${title} (kWh), ${R.range(f.fullDate(range.from), f.fullDate(range.to))}`,
      drawing: node.querySelector('svg'),
    });
}

function calendarMap(meter, data, range) {
  // A day in the middle of a hole used an amount that nobody knows: it is not a day without use.
  const known = data.rows.filter((r) => isKnown(r) && !r.across),
    byDate = new Map(known.map((r) => [r.start, r])),
    values = known.map((r) => r.total),
    limits = quantiles(values),
    reading = h('p', { class: 'reading' });
  if (!known.length) return h('p', { class: 'muted' }, R.noDays);
  const cell = (date) => {
    const row = byDate.get(date);
    if (!row) return { css: 'none', text: `${f.fullDate(date)}${T.colon}${R.noData}` };
    return {
      css: `heat-${levelOf(row.total, limits)}${row.coverage < 0.9 ? ' holed' : ''}`,
      text: [`${f.capital(f.longDate(date))}${T.colon}${f.energy(row.total)}`, row.cost != null && f.euro(row.cost)]
        .filter(Boolean)
        .join(', '),
    };
  };
  const map = calendar({
    from: range.from,
    to: range.to,
    reading,
    resting: '',
    open: openDay,
    label: R.calendarSummary(f.energy(Math.min(...values)), f.energy(Math.max(...values))),
    cell,
  });
  return [
    reading,
    map,
    scale(limits),
    figures({
      caption: R.calendar,
      columns: [{ text: R.columns.date, number: false }, R.columns.energy, R.columns.coverage],
      rows: () => known.map((r) => [f.numericDate(r.start), f.kwh(r.total), f.coverage(r.coverage)]),
      csv: {
        name: `jours-${range.text}.csv`,
        href: () =>
          csvFile(
            [F.day, F.wh(F.total), R.columns.coverage],
            known.map((r) => [r.start, r.total, r.coverage]),
          ),
      },
      png: png(meter, 'jours', R.calendar, range, map),
    }),
  ];
}

async function heat(meter, range) {
  const { first, rows } = await api.profile(meter.id, range.from, range.to);
  if (!rows.some((hours) => hours.some((wh) => wh != null))) return h('p', { class: 'muted' }, R.noData);
  const limits = quantiles(rows.flat()),
    reading = h('p', { class: 'reading' });
  const map = heatmap({ first, rows, limits, label: R.heatSummary, reading, resting: '', open: openDay });
  const list = hoursOf(first, rows);
  return [
    reading,
    map,
    scale(limits),
    figures({
      caption: R.heat,
      columns: [{ text: R.columns.date, number: false }, ...CLOCK.map((hour) => f.hourOnly(hour))],
      // The hour that comes twice on the day of a change of clocks has both amounts.
      rows: () =>
        rows.map((_, day) => {
          const hours = list.filter((x) => x.day === day);
          return [
            f.numericDate(plusDays(first, day)),
            ...CLOCK.map((hour) => amounts(hours.filter((x) => x.hour === hour))),
          ];
        }),
      csv: {
        name: `heures-${range.text}.csv`,
        href: () =>
          csvFile(
            [F.day, F.hour, F.utc, F.wh(F.total)],
            list.map((x) => [
              plusDays(first, x.day),
              x.hour,
              `${new Date(x.at).toISOString().slice(0, 19)}Z`,
              x.wh ?? '',
            ]),
          ),
      },
      png: png(meter, 'heures', R.heat, range, map),
    }),
  ];
}

const CLOCK = [...Array(24).keys()];

/** Each hour of the rows with its place: {day, hour of the clock, at, wh}. */
function hoursOf(first, rows) {
  return rows.flatMap((hours, day) => {
    const start = dayStart(plusDays(first, day));
    return hours.map((wh, i) => ({ day, hour: wall(start + i * HOUR).hour, at: start + i * HOUR, wh }));
  });
}

const amounts = (list) => list.map(({ wh }) => (wh == null ? '–' : f.kwh(wh, 2))).join(' + ');

async function ordinary(meter, range) {
  const { rows } = await api.profile(meter.id, range.from, range.to, 'weekday');
  if (!rows.some((hours) => hours.some((wh) => wh != null))) return h('p', { class: 'muted' }, R.noData);
  const limits = quantiles(rows.flat()),
    reading = h('p', { class: 'reading' });
  const map = week({ rows, limits, label: R.weekday, reading, resting: R.weekSummary });
  return [
    reading,
    map,
    scale(limits),
    figures({
      caption: R.weekday,
      columns: [{ text: R.weekColumn, number: false }, ...CLOCK.map((hour) => f.hourOnly(hour))],
      rows: () =>
        rows.map((list, day) => [
          f.capital(f.weekdayName(day, 'long')),
          ...list.map((wh) => (wh == null ? '–' : f.kwh(wh, 2))),
        ]),
      csv: {
        name: `semaine-${range.text}.csv`,
        href: () =>
          csvFile(
            [F.day, ...CLOCK.map(F.hourOf)],
            rows.map((list, day) => [f.weekdayName(day, 'long'), ...list.map((wh) => wh ?? '')]),
          ),
      },
      png: png(meter, 'semaine', R.weekday, range, map),
    }),
  ];
}
