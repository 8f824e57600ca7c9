import * as api from '../../base/api.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h, icon, id } from '../../base/dom.js';
import { MINUTE, dateOf, dayEnd, dayStart } from '../../base/time.js';
import { piece } from '../../parts/refresh.js';
import { notice } from '../../parts/notice.js';
import { figures } from '../../parts/table.js';
import { line } from '../../chart/line.js';
import { spanOf, selection } from './selection.js';
import { compareChoice } from './compared_day.js';
import { highest, quarters } from './numbers.js';
import { visibleRange } from './visible_range.js';
import { curveName } from '../../sources/sources.js';
import { W } from './words.js';

const LATE = 10 * MINUTE; // what is newer may not have been complete

/**
 * The curve of a day with its tools. compare: the series of the day `other` on the grid of this one, or null; why(from, to): says why an interval was different.
 */
export async function power({ meter, date, series, other, compare, query, keys, why }) {
  const title = `${T.power}, ${f.fullDate(date)}`,
    about = id('about'),
    clear = () => chart?.select(null),
    selected = selection({ meter, date, other, hint: W.selectHint, clear, why }),
    visible = visibleRange({
      meter,
      date,
      series,
      onRange: ({ whole }) => (tools.fit.disabled = whole),
      onUse: (shown) => chart?.use(shown),
      onFrames: (frames) => words.tell(frames),
    });
  const wanted = spanOf(date, query.get('t')),
    told = wanted && selected.select(...wanted, true);
  let left = false;

  const chart = await drawn({
    day: { start: dayStart(date), end: dayEnd(date) },
    series,
    compare,
    limit: meter.subscribed,
    made: curveName(series) ?? '',
    label: title,
    describedby: about,
    height: innerWidth < 820 ? 280 : 340,
    onRange: debounce(visible.range, 120),
    onSelect: debounce(selected.select, 60),
    onCursor: selected.point,
  });
  await told; // its lines stand above the curve, which must not move when they come
  if (!chart) return undrawn(title, series, compare);

  const choice = compareChoice(date, other, dateOf(api.now())),
    tools = toolbar({ chart, keys, choice }),
    words = wordsOf({ date, other, title, about });
  words.show(series, compare);
  const bar = h('div', { class: 'chart-bar' }, selected.node, tools.node);
  return {
    node: chartBlock(bar, words.summary, chart.node, words.nodes()),
    async entered() {
      await chart.ready;
      if (!left) enter(chart, date, query);
    },
    /** The day has gone on. */
    refresh(next, other) {
      if (left) return;
      const settled = series.t0 + series.mean.length * series.step - LATE;
      series = next;
      chart.renew(next, other);
      words.show(next, other);
      visible.renew(next, settled);
      selected.renew(settled);
    },
    leave() {
      left = true;
      for (const part of [visible, selected, chart]) part.leave();
    },
  };
}

/** Show and select what the address says. */
function enter(chart, date, query) {
  const [zoomed, wanted] = ['z', 't'].map((name) => spanOf(date, query.get(name)));
  if (zoomed) chart.show(...zoomed);
  if (wanted) chart.select(...wanted);
}

const chartBlock = (...content) => h('section', { class: 'chart-block', 'aria-label': T.power }, content);

/** The chart; null where this browser cannot draw it. */
const drawn = (options) =>
  line(options).catch((error) => {
    if (error.status != null) throw error;
    console.error(error);
    return null;
  });

/** In place of a curve that this browser cannot draw: its figures. */
function undrawn(title, series, compare) {
  const table = piece((series, compare) => tableOf(title, series, compare));
  table.show(series, compare);
  return { node: chartBlock(notice('warn', W.undrawn), table.node), refresh: table.show, leave() {} };
}

/** What the curve says in words and figures: a summary for the ear, the legend, the peak of each phase, the table. */
function wordsOf({ date, other, title, about }) {
  const legend = legendOf(other),
    summary = h('p', { id: about, class: 'hidden' }),
    tops = piece((series) => series.p1_max && !series.decoded && phases(series)),
    table = piece((series, compare) => tableOf(title, series, compare));
  return {
    summary,
    nodes: () => [legend.part.node, tops.node, table.node],
    tell: legend.tell,
    show(series, compare) {
      summary.textContent = summaryOf(date, series);
      legend.show(series, compare);
      tops.show(series);
      table.show(series, compare);
    },
  };
}

/** The figures by quarter of an hour. */
const tableOf = (title, series, compare) => figures({ caption: title, ...quarters(series, compare) });

function toolbar({ chart, keys, choice }) {
  const tool = (name, label, onclick, extra) =>
    h('button', { class: 'round', 'aria-label': label, title: label, onclick, ...extra }, icon(name));
  const fit = tool('fit', W.fit, () => chart.fit(), { disabled: true });
  Object.assign(keys, { zoom: chart.zoom, fit: chart.fit, compare: choice.focus });
  const node = h(
    'div',
    { class: 'tools' },
    choice.node,
    h(
      'span',
      { class: 'tool-row' },
      tool('plus', W.zoomIn, () => chart.zoom(0.5)),
      tool('minus', W.zoomOut, () => chart.zoom(2)),
      fit,
      tool('help', W.help, () => keys.toggle(), { class: 'round desk-only' }),
    ),
  );
  return { node, fit };
}

/** What the colours are, and of what the curve is made: tell(frames) says so, null: minutes. */
function legendOf(other) {
  const item = (css, text) => h('li', null, h('span', { class: css, 'aria-hidden': 'true' }), text);
  const step = h('span', { class: 'note' }, W.step.minutes),
    band = item('key-band', W.band);
  const part = piece(({ unit, gaps, banded, injected, made }, compared) =>
    h(
      'ul',
      { class: 'legend' },
      item('key-line', h('span', null, step, ` (${unit})`)),
      banded && band,
      other &&
        item('key-compare', compared ? f.capital(f.longDate(other)) : `${f.fullDate(other)}${T.colon}${T.noData}`),
      made && item('key-own', made),
      injected && item('key-inj', T.tariff.injected),
      gaps.length > 0 && item('key-hole', gapsText(gaps)),
      gaps.some((gap) => gap[3]) && item('key-recovered', T.tariff.recovered),
    ),
  );
  return {
    part,
    show: ({ unit, gaps, min, injected, production }, compare) =>
      part.show(
        { unit, gaps, banded: Boolean(min), injected: Boolean(injected), made: curveName({ production }) },
        Boolean(compare),
      ),
    tell(frames) {
      step.textContent = W.step[frames ? (frames.partly ? 'partly' : 'frames') : 'minutes'];
      band.hidden = Boolean(frames); // seconds have no envelope
    },
  };
}

function gapsText(gaps) {
  const first = T.chart.gap(f.clock(gaps[0][0]), f.clock(gaps[0][1]));
  return gaps.length > 1 ? `${first} ${W.gapsMore(gaps.length - 1)}` : first;
}

function summaryOf(date, series) {
  const least = (series.min ?? series.mean).reduce((low, v) => (v != null && v < low ? v : low), Infinity),
    most = highest(series, series.max ?? series.mean);
  if (!most) return f.fullDate(date);
  return W.summary(f.fullDate(date), f.power(least, series.unit), f.power(most.power, series.unit), f.clock(most.at));
}

function phases(series) {
  return h(
    'ul',
    { class: 'phase-peaks' },
    [1, 2, 3].map((n) => {
      const top = highest(series, series[`p${n}_max`] ?? []);
      return h(
        'li',
        null,
        h('span', { class: 'muted' }, `${W.phasePeak(n)} `),
        h('strong', null, f.power(top?.power, series.unit)),
        top && h('span', { class: 'muted' }, ` ${W.peakAt(f.clock(top.at))}`),
      );
    }),
  );
}

function debounce(call, wait) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...args), wait);
  };
}
