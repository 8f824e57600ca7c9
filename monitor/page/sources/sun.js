// What a roof makes, in figures: production, its use at home, and what both are worth.
import { h } from '../base/dom.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { dateOf, MINUTE } from '../base/time.js';
import { notice } from '../parts/notice.js';
import { W } from './words.js';

/** @import {KeyValue} from '../../../deploy/page/types' */
/** @import {Status} from '../../../deploy/page/answers' */

/**
 * Whether a home makes or exports: it has more than one kind of kWh, and those that it drew are called so.
 * data: an answer of `energy`, of days or of an interval.
 */
const isDrawn = ({ sun, injected_wh: injected, production_wh: production }) =>
  Boolean(sun) || typeof production === 'number' || (typeof injected === 'number' && injected > 0);

/** 'soutirés': the name of what was drawn; nothing where it is all that there is. */
export const drawnName = (data) => data && isDrawn(data) && W.sun.drawn;
export const drawnText = (data, text) => (isDrawn(data) ? W.sun.drawnOf(text) : text);
/** The head of a column of what was drawn. */
export const drawnColumn = (data, name) => (isDrawn(data) ? W.sun.columns.drawn : name);

/** Whether production is known of a part of the range only. */
const isPartly = ({ sun, whole }) => Date.parse(sun.since) > Date.parse(whole.from);

/**
 * Production and self-sufficiency of a range; nothing of a home without a source.
 * @returns {(KeyValue | false)[]}
 */
export function madeFacts(data) {
  if (data?.sun?.production_wh == null) return [];
  const { since, self_consumed_wh: own, self_consumption: used, self_sufficiency: share } = data.sun,
    wh = data.whole.total_wh,
    partly = isPartly(data),
    note =
      own == null ? W.sun.notCounted : own >= 0 && W.sun.ofWhichOwn(f.energy(own), used != null && f.percent(used)),
    known = partly && W.sun.since(f.fullDate(dateOf(Date.parse(since))));
  return [
    {
      name: W.sun.made,
      value: f.energy(data.sun.production_wh),
      note: f.joined([note, known], ', '),
    },
    share != null && { name: W.sun.sufficiency, value: f.percent(share), note: W.sun.sufficiencyNote },
    !partly && wh != null && own != null && own >= 0 && { name: W.sun.house, value: f.energy(wh + own) },
  ];
}

/**
 * What it was worth, and how often there was a surplus: of a home that injects, also without a source.
 * @returns {(KeyValue | false | undefined)[]}
 */
export function worthFacts({ sun, whole }) {
  if (!sun) return [];
  const { saved, earned, self_consumed_wh: own, surplus_hours: hours } = sun,
    sells = Boolean(whole.injected_wh);
  return [
    saved != null && own != null && own > 0 && { name: W.sun.saved, value: f.euro(saved), note: W.sun.savedNote },
    sells && {
      name: W.sun.sold,
      value: f.known(earned, f.euro),
      note: earned == null && W.sun.soldUnknown,
    },
    hours > 0 && { name: W.sun.surplus, value: `${f.number(hours)}${f.THIN}h`, note: W.sun.surplusNote },
  ];
}

/**
 * Where the two counters contradict, both figures; else nothing.
 */
export function contradiction(data) {
  const wrong = data?.sun?.contradiction;
  return (
    wrong &&
    notice(
      'warn',
      W.sun.contradiction(f.energy(wrong.production_wh), f.energy(wrong.injected_wh)),
      W.sun.contradictionMore,
    )
  );
}

/**
 * What a meter that counts no injection shows of it; else nothing.
 * @param {Status['unseen_export']} signs
 */
export const unseenExport = (signs) =>
  signs &&
  notice(
    'info',
    W.sun.unseen,
    W.sun.unseenMore(f.power(signs.power, 'VA'), f.duration(signs.minutes * MINUTE), f.number(signs.days)),
  );

/** The use at home on top of what was drawn: both are what the home used. Less than nothing is not drawn. */
export const ownOf = ({ own }) => ({ css: 'own', value: Math.max(own ?? 0, 0) / 1000 });

/** @type {(rows: {own?: number | null}[]) => [css: string, name: string][]} */
export const ownLegend = (rows) => (rows.some(({ own }) => own) ? [['own', W.sun.own]] : []);

/** 'Production 2,10 kWh, dont 0,86 kWh autoconsommés'; nothing where no production is known. */
export const madeText = ({ made, own }) =>
  made > 0 &&
  f.joined([`${W.sun.made} ${f.energy(made)}`, own != null && own >= 0 && W.sun.ofWhichOwn(f.energy(own))], ', ');

/** The columns of a table: of each row what was made, and what of it was used at home. kwh: writes an amount of a row. */
export const madeColumns = (rows, kwh) =>
  rows.some((row) => row.made != null)
    ? [
        [W.sun.columns.made, kwh((row) => row.made)],
        [W.sun.columns.own, kwh((row) => row.own)],
      ]
    : [];

/** The curve of what is made, beside that of the meter: its name, and the head of its column; nothing where there is none. */
export const curveName = ({ production }) => production && W.sun.made;
export const curveColumn = ({ production }) => production && W.sun.columns.power;

/** What was made today so far, what the home used, and the share of that which it made itself. */
export function todayTexts({ wh, production_wh: production, injected_wh: injected }) {
  if (!(production > 0) || injected == null) return [];
  const own = Math.max(production - injected, 0); // production is a minute behind
  return [
    W.sun.today(f.energy(production), f.energy(own)),
    wh != null && own + wh > 0
      ? h('span', { class: 'house-today' }, W.sun.todayHouse(f.energy(own + wh), f.percent(own / (own + wh))))
      : '',
  ];
}

const SILENT = 5 * 60000; // a mean of a minute, which is known a minute or two later

/**
 * Of a home with a roof: {house, roof, grid}, W; null: not known, as what the house uses while its source is silent;
 * roof is undefined where no source tells it. The grid is below 0 while the home exports. Null for a home that neither
 * makes nor exports.
 */
export function flows({ at, power, injected, production, today }) {
  const source = production != null || today?.production_wh != null;
  if (injected == null && !source) return null;
  const fresh = production != null && Date.parse(at) - Date.parse(production.at) < SILENT,
    roof = fresh ? production.power : source ? null : undefined,
    grid = power == null ? null : power - (injected ?? 0);
  return { house: roof == null || grid == null ? null : Math.max(0, roof + grid), roof, grid };
}

/**
 * The large figure first: [name, value, unit] of house, roof and grid; the grid where the house is not known; null where
 * the meter's power is all that there is. A roof has its line at night, too, so that nothing moves in the morning.
 * @returns {[string, number | null, string][] | null}
 */
export function powersOf(live, known, unit) {
  const flow = flows(live);
  if (!flow) return null;
  const { house, roof, grid } = flow,
    all = house != null && known,
    ofRoof = /** @type {[string, number | null, string]} */ ([W.power.roof, roof, 'W']),
    ofGrid = /** @type {[string, number | null, string]} */ ([W.power.grid, grid, all ? 'W' : unit]);
  if (all) return [[W.power.house, house, 'W'], ofRoof, ofGrid];
  return roof === undefined ? [ofGrid] : [ofGrid, ofRoof];
}

export const powerText = ([name, value, unit]) => `${name} ${value == null ? T.unknown : f.power(value, unit)}`;

/** The name of what was drawn today; nothing where it is all that there is. */
export const drawnToday = (live) => flows(live) && W.sun.drawn;

/**
 * What a use of so many watts costs while the home exports: what it takes is not sold. Amounts and what they hold for.
 * others: the cheaper moments to come; null where nothing is exported.
 * @type {(later: {price: number | null, surplus: {power: number, price: number} | null}, watts: number, others: string[][]) =>
 *   string[][] | null}
 */
export const surplusChoices = ({ price, surplus }, watts, others) =>
  surplus && [
    [f.euro(surplus.price), W.surplus.now(f.power(surplus.power, 'W'), surplus.power < watts)],
    ...(others.length ? others : [[f.euro(price), W.surplus.without]]),
  ];
