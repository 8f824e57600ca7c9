import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { energyFile } from '../../base/api.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { daysBetween, weekday } from '../../base/time.js';
import { ORDER, register } from '../../base/tariff.js';
import { choice } from '../../parts/controls.js';
import { figures } from '../../parts/table.js';
import { registerLegend } from '../../parts/legend.js';
import { bars } from '../../chart/bars.js';
import { complete, groupBy, groups } from './groups.js';
import { emptyBlock } from '../../parts/block.js';
import { notesAt } from '../../parts/notes.js';
import { drawnColumn, drawnText, madeColumns, madeText, ownLegend, ownOf, usedBlock } from '../../sources/sources.js';
import { W } from './words.js';

/** Bars by day, month or year, stacked by register; in kWh or in euros. */
export function energyBars({ meter, data, range, today, unit, query, written }) {
  const by = groupBy(daysBetween(range.from, range.to)),
    places = groups(data, by, range),
    known = places.filter((g) => !g.unknown),
    title = W.chart[by];
  if (!known.length) return emptyBlock(title, W.noDays);
  const { priced } = data,
    inEuro = unit === 'euro' && priced,
    used = ORDER.filter((r) => known.some((g) => g.wh[r] || g.costBy[r]));
  const chart = bars({
    bars: places.map((g) => bar(g, { by, range, today, used, inEuro, data, written, count: places.length })),
    label: W.summary(title, drawnText(data, f.energy(sum(known, (g) => g.total)))),
    format: f.number,
    height: 260,
    resting: meanAndMost(known, { by, range, today, inEuro, data }),
    open: opening(places, by, query),
  });
  const legend = legendOf(places, known, used, inEuro),
    told = places.filter((g) => !g.unknown || g.missing); // a day that is missing is listed, too
  return h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, title), priced && unitChoice(range, unit, query)),
    chart.nodes,
    legend,
    figures({
      caption: title,
      columns: columnsOf(told, { by, used, data }),
      rows: told,
      csv: energyFile(meter.id, by, range.from, range.to),
    }),
  );
}

const sum = (list, of) => list.reduce((total, g) => total + of(g), 0);

/** The mean of what is over, and the most, in words. */
function meanAndMost(list, { by, range, today, inEuro, data }) {
  const over = complete(list, by, range, today),
    of = (g) => (inEuro ? g.cost : g.total),
    say = inEuro ? f.euro : (wh) => drawnText(data, f.energy(wh)),
    most = list.reduce((best, g) => (of(g) > of(best) ? g : best));
  return W.resting(say(sum(over, of) / over.length), say(of(most)), nameOf(most, by));
}

/** Each register with its share of the whole; partial marks stand on groups of which an hour or more is missing. */
function legendOf(places, list, used, inEuro) {
  const all = sum(list, (g) => (inEuro ? g.cost : g.total));
  const share = (r) => {
    if (r === 'inj') return f.energy(sum(list, (g) => g.injected));
    if (r === 'own') return f.energy(sum(list, (g) => g.own ?? 0));
    const part = sum(list, (g) => (r === 'sub' ? g.subscription : inEuro ? g.costBy[r] : g.wh[r]));
    return all ? f.percent(part / all) : '';
  };
  return registerLegend(used, {
    injected: !inEuro && list.some((g) => g.injected),
    more: inEuro ? [] : ownLegend(list),
    subscription: inEuro,
    partial: places.some((g) => g.missing > 1),
    text: share,
  });
}

const unitChoice = (range, unit, query) =>
  choice({
    label: W.unit,
    options: [
      ['kwh', 'kWh'],
      ['euro', '€'],
    ],
    value: unit,
    onpick: (u) => go(href(`bilan/${range.text}`, { ...Object.fromEntries(query), u: u === 'euro' ? 'eur' : null })),
  });

/** Opens the day, or the period, of a bar. */
export const opening = (places, by, query) => (i) =>
  places[i].unknown || go(href(`${by === 'day' ? 'jour' : 'bilan'}/${places[i].key}`, { u: query.get('u') }));

export function nameOf({ key }, by) {
  if (by === 'year') return key;
  return by === 'month' ? f.monthYear(`${key}-01`) : f.shortDate(key);
}

export function labelOf({ key }, { by, range, count }) {
  if (by === 'year') return key;
  if (by === 'month') return f.monthName(`${key}-01`, count > 7 && innerWidth < 820 ? 'narrow' : 'short');
  if (range.kind !== 'week') return String(+key.slice(8));
  return innerWidth < 820 ? f.weekdayName(weekday(key)) : f.shortDate(key).replace(/ [^ ]+$/, '');
}

function bar(g, { by, range, today, used, inEuro, data, written, count }) {
  const label = labelOf(g, { by, range, count }),
    name = f.capital(nameOf(g, by));
  const mark = g.missing > 1,
    note = notesAt(written, g.key),
    flag = Boolean(note);
  if (g.unknown) {
    const text = f.joined([`${name}${T.colon}${g.key > today ? T.future : T.noData}`, note]);
    return { label, segments: [], mark, flag, text };
  }
  const segments = inEuro
    ? [
        { css: 'sub', value: g.subscription / 1e4 },
        ...used.map((r) => ({ css: register(r).css, value: g.costBy[r] / 1e4 })),
      ]
    : [...used.map((r) => ({ css: register(r).css, value: g.wh[r] / 1000 })), ownOf(g)];
  return {
    label,
    segments,
    below: g.injected && !inEuro ? { css: 'inj', value: g.injected / 1000 } : null,
    mark,
    flag,
    text: f.joined([
      `${name}${T.colon}${drawnText(data, f.energy(g.total))}`,
      data.priced && f.euro(g.cost),
      ...used.filter((r) => g.wh[r]).map((r) => `${register(r).short} ${f.energy(g.wh[r])}`),
      g.injected && `${T.tariff.injected} ${f.energy(g.injected)}`,
      madeText(g),
      note,
    ]),
  };
}

function columnsOf(list, { by, used, data }) {
  const kwh = (of) => (g) => f.kwh(g.unknown ? null : of(g));
  return [
    [T.columns.date, (g) => f.capital(nameOf(g, by)), 'words'],
    ...used.map((r) => [f.capital(register(r).short), kwh((g) => g.wh[r])]),
    [drawnColumn(data, W.columns.total), kwh((g) => g.total)],
    list.some((g) => g.injected) && [T.columns.injected, kwh((g) => g.injected)],
    ...madeColumns(list, kwh),
    [T.columns.cost, (g) => (data.priced && !g.unknown ? costText(g) : '–')],
  ];
}

/** As in `teleinfo-monitor report`: what lacks something is marked, of what nothing is known is no zero. */
const costText = (g) => (!g.partialCost ? f.amount(g.cost) : g.cost ? `${f.amount(g.cost)}*` : '–');

/** What other counters of the home say, by day, month or year, as the bars above. */
export function usedByPeriod({ data, range, query }) {
  const by = groupBy(daysBetween(range.from, range.to)),
    places = groups(data, by, range);
  return usedBlock({
    data,
    periods: places.map((g) => ({
      key: g.key,
      label: labelOf(g, { by, range, count: places.length }),
      name: f.capital(nameOf(g, by)),
      rows: data.rows.flatMap((row, i) => (row.start.startsWith(g.key) ? [i] : [])),
    })),
    column: T.columns.date,
    open: opening(places, by, query),
  });
}
