import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, href } from '../../router.js';
import { daysBetween, weekday } from '../../time.js';
import { columnOf, ORDER, register } from '../../tariff.js';
import { choice } from '../../part/tabs.js';
import { csvFile, figures, sumsOf } from '../../part/figures.js';
import { registerLegend } from '../../part/legend.js';
import { bars } from '../../chart/bars.js';
import { picture } from '../../chart/picture.js';
import { complete, groupBy, groups } from './groups.js';
import { emptyBlock } from '../block.js';

const R = T.review,
  F = T.file;

/** Bars by day, month or year, stacked by register; in kWh or in euros. */
export function stack({ meter, data, range, today, unit, query, stop }) {
  const by = groupBy(daysBetween(range.from, range.to)),
    places = groups(data, by, range),
    known = places.filter((g) => !g.unknown),
    title = R.chart[by];
  if (!known.length) return emptyBlock(title, R.noDays);
  const { priced } = data,
    inEuro = unit === 'euro' && priced,
    used = registersOf(data, known),
    reading = h('p', { class: 'reading' });
  const chart = bars({
    bars: places.map((g) => bar(g, { by, range, today, used, inEuro, priced, count: places.length })),
    label: R.summary(title, f.energy(sum(known, (g) => g.total))),
    format: f.number,
    every: 1,
    height: 260,
    reading,
    resting: meanAndMost(known, { by, range, today, inEuro }),
    open: (i) =>
      places[i].unknown ||
      go(href(by === 'day' ? `jour/${places[i].key}` : `bilan/${places[i].key}`, { u: query.get('u') })),
  });
  stop.push(chart.leave);
  const legend = legendOf(places, known, used, inEuro),
    told = places.filter((g) => !g.unknown || g.missing), // a day that is missing is listed, too
    name = `${T.file.names.energy}-${range.text}`;
  return h(
    'section',
    { class: 'block' },
    h('div', { class: 'block-head' }, h('h2', null, title), priced && unitChoice(range, unit, query)),
    reading,
    chart.node,
    legend,
    figures({
      caption: title,
      ...table(told, { by, used, priced }),
      csv: { name: `${name}.csv`, href: () => csvFile(...file(told, { used, priced })) },
      png: () =>
        picture({
          name,
          notes: [meter.name, sumsOf(data.whole)],
          title: `${title} (${inEuro ? '€' : 'kWh'}), ${R.range(f.fullDate(range.from), f.fullDate(range.to))}`,
          drawing: chart.svg,
          legend,
        }),
    }),
  );
}

const sum = (list, of) => list.reduce((total, g) => total + of(g), 0);

const registersOf = ({ registers }, list) =>
  [...ORDER, ...registers.filter((r) => !ORDER.includes(r))].filter((r) => list.some((g) => g.wh[r] || g.costBy[r]));

/** The mean of what is over, and the most, in words. */
function meanAndMost(list, { by, range, today, inEuro }) {
  const over = complete(list, by, range, today),
    of = (g) => (inEuro ? g.cost : g.total),
    say = inEuro ? f.euro : f.energy,
    most = list.reduce((best, g) => (of(g) > of(best) ? g : best));
  return R.resting(say(sum(over, of) / over.length), say(of(most)), nameOf(most, by));
}

/** Each register with its share of the whole; partial marks stand on groups of which an hour or more is missing. */
function legendOf(places, list, used, inEuro) {
  const all = sum(list, (g) => (inEuro ? g.cost : g.total));
  const share = (r) => {
    if (r === 'inj') return f.energy(sum(list, (g) => g.injected));
    const part = sum(list, (g) => (r === 'sub' ? g.subscription : inEuro ? g.costBy[r] : g.wh[r]));
    return all ? f.percent(part / all) : '';
  };
  return registerLegend(used, {
    injected: !inEuro && list.some((g) => g.injected),
    subscription: inEuro,
    partial: places.some((g) => g.missing > 1),
    text: share,
  });
}

const unitChoice = (range, unit, query) =>
  choice({
    label: R.unit,
    options: [
      ['kwh', 'kWh'],
      ['euro', '€'],
    ],
    value: unit,
    onpick: (u) => go(href(`bilan/${range.text}`, { ...Object.fromEntries(query), u: u === 'euro' ? 'eur' : null })),
  });

function nameOf({ key }, by) {
  if (by === 'year') return key;
  return by === 'month' ? f.monthYear(`${key}-01`) : f.shortDate(key);
}

function labelOf({ key }, { by, range, count }) {
  if (by === 'year') return key;
  if (by === 'month') return f.monthName(`${key}-01`, count > 7 && innerWidth < 820 ? 'narrow' : 'short');
  if (range.kind !== 'week') return String(+key.slice(8));
  return innerWidth < 820 ? f.weekdayName(weekday(key)) : f.shortDate(key).replace(/ [^ ]+$/, '');
}

function bar(g, { by, range, today, used, inEuro, priced, count }) {
  const label = labelOf(g, { by, range, count }),
    name = f.capital(nameOf(g, by));
  const mark = g.missing > 1;
  if (g.unknown) return { label, segments: [], mark, text: `${name}${T.colon}${g.key > today ? R.future : R.noData}` };
  const segments = inEuro
    ? [
        { css: 'sub', value: g.subscription / 1e4 },
        ...used.map((r) => ({ css: register(r).css, value: g.costBy[r] / 1e4 })),
      ]
    : used.map((r) => ({ css: register(r).css, value: g.wh[r] / 1000 }));
  return {
    label,
    segments,
    below: g.injected && !inEuro ? { css: 'inj', value: g.injected / 1000 } : null,
    mark,
    text: [
      `${name}${T.colon}${f.energy(g.total)}`,
      priced && f.euro(g.cost),
      ...used.filter((r) => g.wh[r]).map((r) => `${register(r).short} ${f.energy(g.wh[r])}`),
      g.injected && `${T.tariff.injected} ${f.energy(g.injected)}`,
    ]
      .filter(Boolean)
      .join(' · '),
  };
}

function table(list, { by, used, priced }) {
  const injected = list.some((g) => g.injected);
  return {
    columns: [
      { text: R.columns.date, number: false },
      ...used.map((r) => f.capital(register(r).short)),
      R.columns.total,
      ...(injected ? [R.columns.injected] : []),
      R.columns.cost,
    ],
    rows: () =>
      list.map((g) => [
        f.capital(nameOf(g, by)),
        ...[...used.map((r) => g.wh[r]), g.total, ...(injected ? [g.injected] : [])].map((wh) =>
          g.unknown ? '–' : f.kwh(wh),
        ),
        priced && !g.unknown ? costText(g) : '–',
      ]),
  };
}

/** As in `teleinfo-monitor report`: what lacks something is marked, of what nothing is known is no zero. */
const costText = (g) => (!g.partialCost ? f.amount(g.cost) : g.cost ? `${f.amount(g.cost)}*` : '–');

function file(list, { used, priced }) {
  return [
    [F.start, ...used.map(columnOf), F.wh(F.total), F.wh(F.injected), F.subscription, F.cost, F.partial, F.missing],
    list.map((g) => [
      g.key,
      ...[...used.map((r) => g.wh[r]), g.total, g.injected].map((wh) => (g.unknown ? '' : wh)),
      priced && costText(g) !== '–' ? g.subscription / 1e4 : '',
      priced && costText(g) !== '–' ? g.cost / 1e4 : '',
      g.partialCost ? F.yes : '',
      Math.round(g.missing * 100) / 100,
    ]),
  ];
}
