import * as api from '../../api.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h, icon, id, say } from '../../dom.js';
import { note } from '../../router.js';
import { HOUR, MINUTE, SECOND, at, dateOf, dayEnd, dayStart } from '../../time.js';
import { piece } from '../../part/alive.js';
import { notice } from '../../part/notice.js';
import { csvFile, figures } from '../../part/figures.js';
import { line } from '../../chart/line.js';
import { picture } from '../../chart/picture.js';
import { padded } from '../../chart/span.js';
import { compared } from '../../compared.js';
import { filled } from '../../chart/values.js';
import { compareChoice } from './compare.js';
import { fileOf, quarters } from './numbers.js';
import { ofStretch, sameTime } from './other.js';

const D = T.day;
const RAW_BELOW = 2 * HOUR;
const KEPT = 6; // stretches of single frames
const LATE = 10 * MINUTE; // what is newer may not have been complete

/**
 * The curve of a day with its tools. compare: the series of the day `other` on the grid of this one, or null; sums(): of
 * the day, in words.
 */
export async function power({ meter, date, series, sums, other, compare, query, keys }) {
  const first = dayStart(date),
    last = dayEnd(date),
    coarse = matchMedia('(pointer: coarse)').matches;
  const resting = h('span', { class: 'muted' }, coarse ? D.touchHint : D.selectHint),
    reading = h('p', { class: 'reading' }, resting),
    describe = id('about');
  let measured = null,
    left = false, // the view is no longer there: what comes late must not write into the next one's address
    measuring = null, // what a drag does: null: the mouse measures and a finger pans
    shown = series,
    visible = { from: first, to: last };

  const chart = await line({
    day: { start: first, end: last },
    series,
    compare,
    limit: meter.subscribed,
    label: `${D.chart}, ${f.fullDate(date)}`,
    describedby: describe,
    height: innerWidth < 820 ? 280 : 340,
    selecting: (event) => (measuring ?? event.pointerType !== 'touch') !== event.shiftKey,
    onRange: debounce(ranged, 120),
    onSelect: debounce(select, 60),
    onCursor: (text) => reading.replaceChildren(text ?? measured ?? resting),
  }).catch((error) => {
    if (error.status != null) throw error;
    console.error(error);
    return null;
  });
  if (!chart) return undrawn(date, series, compare);

  // ---- a selected stretch ------------------------------------------------------------------
  let asked = 0,
    chosen = null;
  async function select(from, to, quietly = false) {
    const mine = ++asked;
    if (left) return;
    chosen = from == null ? null : [from, to];
    if (from == null) {
      measured = null;
      reading.replaceChildren(resting);
      note({ t: null });
      return;
    }
    note({ t: `${clockOf(from)}..${clockOf(to)}` });
    const part = await api.stretch(meter.id, from, to).catch(() => null);
    if (mine !== asked || left) return;
    // Where frames are no longer kept, readings are of minutes or hours: what is said is what was measured.
    const [low, high] = part ? [Date.parse(part.from), Date.parse(part.to)] : [from, to];
    const then = other && part && (await thenText(part, low, high));
    if (mine !== asked || left) return;
    measured = h(
      'span',
      { class: 'measured' },
      h('strong', null, `${clockOf(low)}–${clockOf(high)}`),
      ` · ${part ? stretchText(part) : T.unknown} `,
      h('button', { class: 'link-button', onclick: () => chart.select(null) }, D.clear),
      then && h('span', { class: 'compare-text' }, then),
    );
    reading.replaceChildren(measured);
    if (!quietly) say(measured.textContent);
  }
  function stretchText(part) {
    return [
      f.energy(part.wh),
      part.cost != null && D.bareCost(f.euro(part.cost)),
      part.partial_cost && D.costIncomplete,
      part.injected_wh > 0 && `${T.tariff.injected} ${f.energy(part.injected_wh)}`,
      part.mean != null && D.meanPower(f.power(part.mean, 'W')),
      part.max && D.maxPower(f.power(part.max.power, part.unit), f.clock(Date.parse(part.max.at), true)),
    ]
      .filter(Boolean)
      .join(' · ');
  }
  /** The same hours of the day that is compared: 'jeu 19 nov : 0,50 kWh, +24 % · 0,10 €, +30 %'. */
  async function thenText(part, low, high) {
    const [a, b] = [low, high].map((t) => sameTime(t, other, date));
    const found = await api.stretch(meter.id, a, b).catch(() => null);
    const name = `${f.shortDate(other)}${T.colon}`;
    if (!found || !(found.coverage > 0)) return name + T.review.noData;
    // A stretch has no part of the subscription.
    const [now, before] = [part, found].map((one) => ofStretch({ ...one, subscription: 0 })),
      change = before.wh > 0 ? compared(now, before) : {},
      amount = (text, ratio) => [text, ratio != null && f.signedPercent(ratio)].filter(Boolean).join(', ');
    return `${name}${[
      amount(f.energy(before.wh), change.energy),
      before.cost != null && amount(f.euro(before.cost), change.money),
      before.peak && D.maxPower(f.power(before.peak.power, found.unit), f.clock(before.peak.at, true)),
    ]
      .filter(Boolean)
      .join(' · ')}`;
  }
  // 24:00 is the end of the day, so that an address says on which side of midnight it is.
  const clockOf = (t) => (t === last ? '24:00' : f.clock(t, t % MINUTE !== 0));

  // ---- what is on screen: minutes, or single frames below two hours -----------------------------
  const second = (t) => Math.round(t / SECOND) * SECOND;
  let windows = [],
    turn = 0;
  async function ranged(from, to) {
    if (left) return;
    const mine = ++turn,
      whole = to - from >= (last - first) * 0.99;
    visible = { from, to };
    fit.disabled = whole;
    note({ z: whole ? null : `${clockOf(second(from))}..${clockOf(second(to))}` });
    const data = to - from <= RAW_BELOW ? await framesOf(from, to) : null;
    if (mine !== turn || left) return;
    const next = data ?? series;
    if (next !== shown) {
      shown = next;
      chart.use(shown);
    }
    step.textContent = D.step[data ? (data.partly ? 'partly' : 'frames') : 'minutes'];
    band.hidden = Boolean(data); // seconds have no envelope
  }
  async function framesOf(from, to) {
    const known = windows.find((w) => w.from <= second(from) && w.to >= second(to));
    if (known) return known.data;
    const wide = padded({ min: first, max: last }, { min: from, max: to }, RAW_BELOW),
      min = second(wide.min),
      max = Math.min(second(wide.max), min + RAW_BELOW);
    /** @type {import('../../../../deploy/page/types').Curve | {source: 'none'} | null} */
    const answer = await api
      .frames(meter.id, min, max, RAW_BELOW / SECOND)
      .catch((error) => (error.status === 404 ? { source: 'none' } : null)); // no frames are kept: that need not be asked again
    const data = answer?.source === 'frames' && answer.mean.some((v) => v != null) ? filled(answer, series) : null;
    if (answer) windows.unshift({ from: min, to: max, data });
    windows = windows.slice(0, KEPT);
    return data;
  }

  // ---- tools ---------------------------------------------------------------------------------------
  const step = h('span', { class: 'note' }, D.step.minutes);
  const tool = (name, label, onclick, extra) =>
    h('button', { class: 'round', 'aria-label': label, title: label, onclick, ...extra }, icon(name));
  const fit = tool('fit', D.fit, () => chart.fit(), { disabled: true });
  const mode = tool(
    'select',
    D.select,
    () => {
      measuring = !(measuring ?? !coarse);
      mode.setAttribute('aria-pressed', measuring);
      chart.panning(!measuring);
    },
    { 'aria-pressed': String(!coarse) },
  );
  const choice = compareChoice(date, other, dateOf(api.now()));
  Object.assign(keys, { zoom: chart.zoom, fit: chart.fit, compare: choice.focus });

  const band = h('li', null, h('span', { class: 'key-band', 'aria-hidden': 'true' }), D.band);
  const key = (css, text) => h('li', null, h('span', { class: css, 'aria-hidden': 'true' }), text);
  const legend = piece(() =>
    h(
      'ul',
      { class: 'legend' },
      h(
        'li',
        null,
        h('span', { class: 'key-line', 'aria-hidden': 'true' }),
        h('span', null, step, ` (${series.unit})`),
      ),
      series.min && band,
      other &&
        key('key-compare', compare ? f.capital(f.longDate(other)) : `${f.fullDate(other)}${T.colon}${T.review.noData}`),
      series.injected && key('key-inj', T.tariff.injected),
      series.gaps.length > 0 && key('key-hole', gapsText(series.gaps)),
      series.gaps.some((gap) => gap[3]) && key('key-recovered', T.tariff.recovered),
    ),
  );
  const title = `${D.chart}, ${f.fullDate(date)}`;
  const table = piece(() =>
    figures({
      caption: title,
      ...quarters(series, compare),
      note: D.figuresNote,
      csv: { name: `puissance-${date}.csv`, href: () => csvFile(...fileOf(shown, visible, compare)) },
      png: () =>
        picture({
          name: `puissance-${date}`,
          notes: [meter.name, fit.disabled && sums()],
          title: fit.disabled ? title : `${title}, ${f.clock(visible.from)}–${f.clock(visible.to)}`,
          drawing: chart.canvas(),
          legend: legend.node,
        }),
    }),
  );
  const summary = h('p', { id: describe, class: 'hidden' }),
    tops = piece((series) => series.p1_max && phases(series));
  function write() {
    summary.textContent = summaryOf(date, series);
    legend.show(series.gaps, Boolean(compare));
    tops.show(series);
    table.show(series);
  }
  write();
  const node = h(
    'section',
    { class: 'chart-block', 'aria-label': D.chart },
    h(
      'div',
      { class: 'chart-bar' },
      reading,
      h(
        'div',
        { class: 'tools' },
        choice.node,
        h(
          'span',
          { class: 'tool-row' },
          mode,
          tool('plus', D.zoomIn, () => chart.zoom(0.5)),
          tool('minus', D.zoomOut, () => chart.zoom(2)),
          fit,
          tool('help', D.help, () => keys.toggle(), { class: 'round desk-only' }),
        ),
      ),
    ),
    summary,
    chart.node,
    legend.node,
    tops.node,
    table.node,
  );

  async function entered() {
    await chart.ready;
    if (left) return;
    const span = (name) => spanOf(date, query.get(name));
    const zoomed = span('z'),
      wanted = span('t');
    if (zoomed) chart.show(...zoomed);
    if (wanted) chart.select(...wanted);
  }
  /** The day has gone on. */
  function refresh(next, other) {
    if (left) return;
    const known = series.t0 + series.mean.length * series.step;
    if (shown === series) shown = next;
    [series, compare] = [next, other];
    chart.renew(series, compare);
    write();
    windows = windows.filter((w) => w.to < known - LATE);
    if (shown !== series) ranged(visible.from, visible.to);
    if (chosen?.[1] > known - LATE) select(...chosen, true);
  }
  const leave = () => {
    left = true;
    chart.leave();
  };
  return { node, entered, refresh, leave };
}

/** In place of a curve that this browser cannot draw: its figures. */
function undrawn(date, series, compare) {
  const table = piece((series, compare) =>
    figures({
      caption: `${D.chart}, ${f.fullDate(date)}`,
      ...quarters(series, compare),
      csv: {
        name: `puissance-${date}.csv`,
        href: () => csvFile(...fileOf(series, { from: dayStart(date), to: dayEnd(date) }, compare)),
      },
    }),
  );
  table.show(series, compare);
  const node = h('section', { class: 'chart-block', 'aria-label': D.chart }, notice('warn', D.undrawn), table.node);
  return { node, refresh: table.show, leave() {} };
}

/** '07:10..07:25' → two instants; null for anything else. */
function spanOf(date, text) {
  if (!/^\d\d:\d\d(:\d\d)?\.\.\d\d:\d\d(:\d\d)?$/.test(text ?? '')) return null;
  const [from, to] = text.split('..').map((clock) => at(date, clock));
  return to > from ? [from, to] : null;
}

function gapsText(gaps) {
  const first = D.gap(f.clock(gaps[0][0]), f.clock(gaps[0][1]));
  return gaps.length > 1 ? `${first} ${D.gapsMore(gaps.length - 1)}` : first;
}

function summaryOf(date, series) {
  const least = (series.min ?? series.mean).reduce((low, v) => (v != null && v < low ? v : low), Infinity),
    { power: most, at: when } = highest(series, series.max ?? series.mean);
  if (most == null) return f.fullDate(date);
  return D.summary(f.fullDate(date), f.power(least, series.unit), f.power(most, series.unit), f.clock(when));
}

function highest(series, column) {
  const i = column.reduce((best, v, k) => (v != null && (best < 0 || v > column[best]) ? k : best), -1);
  return i < 0 ? { power: null, at: null } : { power: column[i], at: series.t0 + i * series.step };
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
        h('span', { class: 'muted' }, `${D.phasePeak(n)} `),
        h('strong', null, f.power(top.power, series.unit)),
        top.at != null && h('span', { class: 'muted' }, ` ${D.peakAt(f.clock(top.at))}`),
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
