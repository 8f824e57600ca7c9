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

/** A drawing with what is read of it, its scale, and its figures, which are also a file; name: what files are called. */
function drawn({ meter, range, name, title, drawing, reading, limits, table, file }) {
  return [
    reading,
    drawing,
    scale(limits),
    figures({
      caption: title,
      ...table,
      csv: { name: `${name}-${range.text}.csv`, href: () => csvFile(...file()) },
      png: () =>
        picture({
          name: `${name}-${range.text}`,
          notes: [meter.name],
          title: `${title} (kWh), ${R.range(f.fullDate(range.from), f.fullDate(range.to))}`,
          drawing: drawing.querySelector('svg'),
        }),
    }),
  ];
}

const nothing = (text) => h('p', { class: 'muted' }, text);
const readingLine = () => h('p', { class: 'reading' });

function calendarMap(meter, data, range) {
  // A day in the middle of a hole used an amount that nobody knows: it is not a day without use.
  const known = data.rows.filter((r) => isKnown(r) && !r.across);
  if (!known.length) return nothing(R.noDays);
  const byDate = new Map(known.map((r) => [r.start, r])),
    values = known.map((r) => r.total),
    limits = quantiles(values),
    reading = readingLine();
  const drawing = calendar({
    from: range.from,
    to: range.to,
    reading,
    resting: '',
    open: openDay,
    label: R.calendarSummary(f.energy(Math.min(...values)), f.energy(Math.max(...values))),
    cell: (date) => dayCell(date, byDate.get(date), limits),
  });
  return drawn({
    meter,
    range,
    name: F.names.calendar,
    title: R.calendar,
    drawing,
    reading,
    limits,
    table: {
      columns: [{ text: R.columns.date, number: false }, R.columns.energy, R.columns.coverage],
      rows: () => known.map((r) => [f.numericDate(r.start), f.kwh(r.total), f.coverage(r.coverage)]),
    },
    file: () => [[F.day, F.wh(F.total), R.columns.coverage], known.map((r) => [r.start, r.total, r.coverage])],
  });
}

function dayCell(date, row, limits) {
  if (!row) return { css: 'none', text: `${f.fullDate(date)}${T.colon}${R.noData}` };
  return {
    css: `heat-${levelOf(row.total, limits)}${row.coverage < 0.9 ? ' holed' : ''}`,
    text: [`${f.capital(f.longDate(date))}${T.colon}${f.energy(row.total)}`, row.cost != null && f.euro(row.cost)]
      .filter(Boolean)
      .join(', '),
  };
}

const isEmpty = (rows) => !rows.some((hours) => hours.some((wh) => wh != null));
const kwh = (wh) => (wh == null ? '–' : f.kwh(wh, 2));

async function heat(meter, range) {
  const { first, rows } = await api.profile(meter.id, range.from, range.to);
  if (!first || isEmpty(rows)) return nothing(R.noData);
  const limits = quantiles(rows.flat()),
    reading = readingLine(),
    list = hoursOf(first, rows);
  return drawn({
    meter,
    range,
    name: F.names.heat,
    title: R.heat,
    drawing: heatmap({ first, rows, limits, label: R.heatSummary, reading, resting: '', open: openDay }),
    reading,
    limits,
    table: {
      columns: [{ text: R.columns.date, number: false }, ...CLOCK.map((hour) => f.hourOnly(hour))],
      rows: () => rows.map((_, day) => [f.numericDate(plusDays(first, day)), ...byClock(list, day)]),
    },
    file: () => [
      [F.day, F.hour, F.utc, F.wh(F.total)],
      list.map((x) => [plusDays(first, x.day), x.hour, `${new Date(x.at).toISOString().slice(0, 19)}Z`, x.wh ?? '']),
    ],
  });
}

const CLOCK = [...Array(24).keys()];

/** Each hour of the rows with its place: {day, hour of the clock, at, wh}. */
function hoursOf(first, rows) {
  return rows.flatMap((hours, day) => {
    const start = dayStart(plusDays(first, day));
    return hours.map((wh, i) => ({ day, hour: wall(start + i * HOUR).hour, at: start + i * HOUR, wh }));
  });
}

/** The 24 hours of a day; the one that comes twice on the day of a change of clocks has both amounts. */
function byClock(list, day) {
  const hours = list.filter((x) => x.day === day);
  return CLOCK.map((hour) =>
    hours
      .filter((x) => x.hour === hour)
      .map((x) => kwh(x.wh))
      .join(' + '),
  );
}

async function ordinary(meter, range) {
  const { rows } = await api.profile(meter.id, range.from, range.to, 'weekday');
  if (isEmpty(rows)) return nothing(R.noData);
  const limits = quantiles(rows.flat()),
    reading = readingLine(),
    nameOf = (day) => f.weekdayName(day, 'long');
  return drawn({
    meter,
    range,
    name: F.names.weekday,
    title: R.weekday,
    drawing: week({ rows, limits, label: R.weekday, reading, resting: R.weekSummary }),
    reading,
    limits,
    table: {
      columns: [{ text: R.weekColumn, number: false }, ...CLOCK.map((hour) => f.hourOnly(hour))],
      rows: () => rows.map((list, day) => [f.capital(nameOf(day)), ...list.map(kwh)]),
    },
    file: () => [
      [F.day, ...CLOCK.map(F.hourOf)],
      rows.map((list, day) => [nameOf(day), ...list.map((wh) => wh ?? '')]),
    ],
  });
}
