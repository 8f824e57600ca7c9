import * as api from '../../base/api.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { HOUR, dayStart, daysBetween, plusDays, wall } from '../../base/time.js';
import { figures } from '../../parts/table.js';
import { notice } from '../../parts/notice.js';
import { heatmap, quantiles } from '../../chart/heatmap.js';
import { W } from './words.js';

const MOST = 400; // days of an answer of `profile`

/**
 * The hours of each day. What is not shown is not asked for. drawn: the name of what was drawn,
 * where it is not all that was used.
 */
export function maps({ meter, data, drawn: name, range }) {
  const days = daysBetween(range.from, range.to) + 1;
  if (!data || days <= 100 || days > MOST) return null;
  const body = h('div', { class: 'map' });
  heat(meter, range, name)
    .catch(() => notice('warn', T.notices.database, T.notices.databaseMore))
    .then((content) => body.replaceChildren(...[content].flat()));
  return h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, W.heat, name && [' ', h('span', { class: 'muted unit' }, name)])),
    body,
  );
}

const openDay = (date) => go(href(`jour/${date}`));

function scale(limits) {
  return h(
    'p',
    { class: 'heat-scale' },
    h('span', null, W.less),
    Array.from({ length: limits.length + 1 }, (_, i) => h('span', { class: `scale-cell heat-${i}` })),
    h('span', null, W.more),
    h('span', { class: 'muted' }, ` (${f.kwh(limits[0])}–${f.kwh(limits.at(-1))}${f.THIN}kWh)`),
  );
}

/** A drawing with what is read of it, its scale, and its figures. */
function drawn({ title, chart, limits, columns, rows }) {
  return [
    ...chart.nodes,
    scale(limits),
    figures({
      caption: title,
      columns,
      rows,
    }),
  ];
}

const nothing = (text) => h('p', { class: 'muted' }, text);

const isEmpty = (rows) => !rows.some((hours) => hours.some((wh) => wh != null));

async function heat(meter, range, name) {
  const { first, rows } = await api.profile(meter.id, range.from, range.to);
  if (!first || isEmpty(rows)) return nothing(T.noData);
  const limits = quantiles(rows.flat()),
    days = hoursOf(first, rows);
  return drawn({
    title: W.heat,
    chart: heatmap({ first, rows, limits, label: name ? W.heatDrawn : W.heatSummary, open: openDay }),
    limits,
    columns: [
      [T.columns.date, ({ day }) => f.tableDate(day), 'words'],
      ...CLOCK.map((hour) => [f.hourOnly(hour), ({ hours }) => atClock(hours, hour)]),
    ],
    rows: days,
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
