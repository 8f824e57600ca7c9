// The base load by month, and what of it never stops.
import { plusDays, yearBefore } from '../../base/time.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { figures } from '../../parts/table.js';
import { bars } from '../../chart/bars.js';
import { block, emptyBlock } from '../../parts/block.js';
import { notesAt } from '../../parts/notes.js';
import { W } from './words.js';

/** Months in a row: one that is not there is one of which nothing is known, not one that never was. */
export function withHoles(months) {
  const known = new Map(months.map((m) => [m.month, m])),
    last = months.at(-1)?.month,
    list = [];
  for (let month = months[0]?.month; month <= last; month = plusDays(`${month}-01`, 31).slice(0, 7))
    list.push(known.get(month) ?? { month, watts: null });
  return list;
}

const SUMMER = ['05', '06', '07', '08', '09'];

/** The lowest month, in which nothing heats: what never stops. Null: of no summer month anything is known. */
export function standby(list) {
  const known = list.filter((m) => m.watts != null);
  if (!known.some((m) => SUMMER.includes(m.month.slice(5)))) return null;
  return known.reduce((least, m) => (m.watts < least.watts ? m : least));
}

const YEAR = 8766; // hours
const ABOVE = 1.1; // times the standby: what is less is no heating

/**
 * The base load of the period, and that of the months up to its end, of which the lowest is what never stops.
 * watts: of the period; year: the whole of the last twelve months' energy, or undefined; written: all notes.
 */
export function baseLoadBlock({ range, title, watts: ofPeriod, months, year, written }) {
  const list = withHoles(months).slice(-13),
    last = list.at(-1);
  if (!last) return emptyBlock(W.baseLoad, T.noData);
  const before = range.kind === 'month' && months.find((m) => m.month === yearBefore(range.from).slice(0, 7))?.watts,
    least = standby(list),
    watts = list.map((m) => m.watts).filter((w) => w != null),
    name = (m) => f.capital(f.monthYear(`${m.month}-01`));
  const chart = bars({
    bars: list.map((m) => ({
      label: f.monthName(`${m.month}-01`, 'narrow'),
      segments: m.watts == null ? [] : parts(m.watts, least?.watts),
      flag: Boolean(notesAt(written, m.month)),
      text: f.joined([
        `${name(m)}${T.colon}${m.watts == null ? T.noData : f.power(m.watts, 'W')}`,
        notesAt(written, m.month),
      ]),
    })),
    label: W.baseLoadSummary(f.power(Math.min(...watts), 'W'), f.power(Math.max(...watts), 'W')),
    format: (v, digits) => (v ? f.number(v, digits) : f.power(0, 'W')),
    height: 180,
    level: least?.watts,
  });
  return block(
    W.baseLoad,
    h('p', { class: 'pair' }, h('span', { class: 'figure-l' }, f.power(ofPeriod, 'W'))),
    h('p', { class: 'note' }, W.baseLoadOf(title, ofPeriod && before ? f.change(ofPeriod, before) : null)),
    h('p', { class: 'note' }, least ? standbyText(least, ofPeriod, year) : W.baseLoadWinter),
    chart.nodes,
    figures({
      caption: T.baseLoad,
      columns: [
        [T.month, name, 'words'],
        [W.columns.watts, (m) => f.known(m.watts, f.number)],
      ],
      rows: list,
    }),
  );
}

/** Up to the standby, and what is above it. */
function parts(watts, least = watts) {
  return [
    { css: 'base', value: Math.min(watts, least) },
    { css: 'above', value: Math.max(0, watts - least) },
  ];
}

/** What could be saved is what never stops, at the price that a kWh really cost on average: it runs at every price. */
function standbyText({ month, watts }, ofPeriod, year) {
  const cost = year?.cost && year.total_wh ? (watts * YEAR * year.cost.energy) / year.total_wh : null;
  return [
    W.standby,
    h('strong', null, f.joined([f.power(watts, 'W'), cost != null && W.standbyCost(f.euro(cost, 0))], ', ')),
    ` (${f.monthYear(`${month}-01`)}${cost == null ? '' : W.standbyPrice}).`,
    ofPeriod > watts * ABOVE && ` ${W.aboveStandby}`,
  ];
}
