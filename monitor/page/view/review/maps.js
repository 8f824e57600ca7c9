import * as api from '../../api.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, href, note } from '../../router.js';
import { HOUR, dayStart, daysBetween, plusDays, wall } from '../../time.js';
import { choice } from '../../part/tabs.js';
import { figures } from '../../part/figures.js';
import { notice } from '../../part/notice.js';
import { calendar } from '../../chart/calendar.js';
import { heatmap } from '../../chart/heatmap.js';
import { levelOf, quantiles } from '../../chart/levels.js';
import { drawnColumn, drawnText } from '../../part/sun.js';
import { picture } from '../../chart/picture.js';
import { isKnown } from './groups.js';
import { week } from '../../chart/week.js';

const R = T.review,
  F = T.file;
const MOST = 400; // days of an answer of `profile`

/**
 * Calendar of days, hours of each day, and an ordinary week. What is not shown is not asked for. sun: whether the home
 * has a roof, so that what it drew is not what it used.
 */
export function maps({ meter, data, sun, range, query }) {
  const days = daysBetween(range.from, range.to) + 1,
    long = days > 100 && data;
  if (days < 14) return null;
  const kinds = {
    ...(long && { calendar: () => calendarMap(meter, data, range) }),
    ...(long && days <= MOST && { heat: () => heat(meter, range, sun) }),
    ...(days <= MOST && { weekday: () => ordinary(meter, range, sun) }),
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
      h('h2', null, names.length > 1 ? R.map : R.week1, sun && [' ', h('span', { class: 'muted unit' }, T.sun.drawn)]),
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
function drawn({ meter, range, name, title, chart, limits, columns, rows, file }) {
  return [
    ...chart.nodes,
    scale(limits),
    figures({
      caption: title,
      columns,
      rows,
      csv: () => ({ name: `${name}-${range.text}`, rows, ...file }),
      png: () =>
        picture({
          name: `${name}-${range.text}`,
          notes: [meter.name],
          title: `${title} (kWh), ${R.range(f.fullDate(range.from), f.fullDate(range.to))}`,
          drawing: chart.svg,
        }),
    }),
  ];
}

const nothing = (text) => h('p', { class: 'muted' }, text);

function calendarMap(meter, data, range) {
  // A day in the middle of a hole used an amount that nobody knows: it is not a day without use.
  const known = data.rows.filter((r) => isKnown(r) && !r.across);
  if (!known.length) return nothing(R.noDays);
  const byDate = new Map(known.map((r) => [r.start, r])),
    values = known.map((r) => r.total),
    limits = quantiles(values);
  const chart = calendar({
    from: range.from,
    to: range.to,
    open: openDay,
    label: R.calendarSummary(f.energy(Math.min(...values)), f.energy(Math.max(...values))),
    cell: (date) => dayCell(date, byDate.get(date), limits, data.sun),
  });
  return drawn({
    meter,
    range,
    name: F.names.calendar,
    title: R.calendar,
    chart,
    limits,
    columns: [
      [R.columns.date, (r) => f.tableDate(r.start), 'words'],
      [drawnColumn(data.sun, T.day.columns.energy), (r) => f.kwh(r.total)],
      [R.columns.coverage, (r) => f.coverage(r.coverage)],
    ],
    rows: known,
    file: {
      columns: [
        [F.day, (r) => r.start],
        [F.wh(F.total), (r) => r.total],
        [R.columns.coverage, (r) => r.coverage],
      ],
    },
  });
}

function dayCell(date, row, limits, sun) {
  if (!row) return { css: 'none', text: `${f.fullDate(date)}${T.colon}${R.noData}` };
  return {
    css: `heat-${levelOf(row.total, limits)}${row.coverage < 0.9 ? ' holed' : ''}`,
    text: f.joined(
      [
        `${f.capital(f.longDate(date))}${T.colon}${drawnText(sun, f.energy(row.total))}`,
        row.cost != null && f.euro(row.cost),
      ],
      ', ',
    ),
  };
}

const isEmpty = (rows) => !rows.some((hours) => hours.some((wh) => wh != null));

async function heat(meter, range, sun) {
  const { first, rows } = await api.profile(meter.id, range.from, range.to);
  if (!first || isEmpty(rows)) return nothing(R.noData);
  const limits = quantiles(rows.flat()),
    days = hoursOf(first, rows);
  return drawn({
    meter,
    range,
    name: F.names.heat,
    title: R.heat,
    chart: heatmap({ first, rows, limits, label: sun ? R.heatDrawn : R.heatSummary, open: openDay }),
    limits,
    columns: [
      [R.columns.date, ({ day }) => f.tableDate(day), 'words'],
      ...CLOCK.map((hour) => [f.hourOnly(hour), ({ hours }) => atClock(hours, hour)]),
    ],
    rows: days,
    file: {
      columns: [
        [F.day, (x) => x.day],
        [F.hour, (x) => x.hour],
        [F.utc, (x) => `${new Date(x.at).toISOString().slice(0, 19)}Z`],
        [F.wh(F.total), (x) => x.wh],
      ],
      rows: days.flatMap(({ hours }) => hours),
    },
  });
}

const CLOCK = [...Array(24).keys()];

/** Each day with its hours: {day, hour of the clock, at, wh}. */
function hoursOf(first, rows) {
  return rows.map((hours, i) => {
    const day = plusDays(first, i),
      start = dayStart(day);
    const placed = (wh, n) => ({ day, hour: wall(start + n * HOUR).hour, at: start + n * HOUR, wh });
    return { day, hours: hours.map(placed) };
  });
}

/** An hour of a day; the one that comes twice on the day of a change of clocks has both amounts. */
const atClock = (hours, hour) =>
  hours
    .filter((x) => x.hour === hour)
    .map((x) => f.kwh(x.wh, 2))
    .join(' + ');

async function ordinary(meter, range, sun) {
  const { rows } = await api.profile(meter.id, range.from, range.to, 'weekday');
  if (isEmpty(rows)) return nothing(R.noData);
  const limits = quantiles(rows.flat()),
    nameOf = (hours) => f.weekdayName(rows.indexOf(hours), 'long');
  return drawn({
    meter,
    range,
    name: F.names.weekday,
    title: R.weekday,
    chart: week({ rows, limits, label: R.weekday, resting: sun ? R.weekDrawn : R.weekSummary }),
    limits,
    columns: [
      [R.weekColumn, (hours) => f.capital(nameOf(hours)), 'words'],
      ...CLOCK.map((hour) => [f.hourOnly(hour), (hours) => f.kwh(hours[hour], 2)]),
    ],
    rows,
    file: { columns: [[F.day, nameOf], ...CLOCK.map((hour) => [F.hourOf(hour), (hours) => hours[hour]])] },
  });
}
