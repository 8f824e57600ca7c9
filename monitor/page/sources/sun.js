// What a roof made, in figures: production, its use at home, and what both are worth.
import * as f from '../base/format.js';
import { dateOf, MINUTE } from '../base/time.js';
import { notice } from '../parts/notice.js';
import { W } from './words.js';

/** @import {Fact, Sun} from '../../../deploy/page/types' */
/** @import {Status} from '../../../deploy/page/answers' */

/** A home that makes or exports has more than one kind of kWh: those that it drew are called so. */
export const drawnText = (sun, text) => (sun ? W.sun.drawnOf(text) : text);
/** The head of a column of what was drawn. */
export const drawnColumn = (sun, name) => (sun ? W.sun.columns.drawn : name);

/**
 * Production and self-sufficiency of a range; nothing of a home without a source.
 * @param {Sun | undefined} sun
 * @param {boolean} [partly] production is known of a part of the range only
 * @param {number} [wh] what was drawn
 * @returns {(Fact | false)[]}
 */
export function madeFacts(sun, partly = false, wh = undefined) {
  if (sun?.production_wh == null) return [];
  const { since, self_consumed_wh: own, self_consumption: used, self_sufficiency: share } = sun,
    note =
      own == null ? W.sun.notCounted : own >= 0 && W.sun.ofWhichOwn(f.energy(own), used != null && f.percent(used)),
    known = partly && since && W.sun.since(f.fullDate(dateOf(Date.parse(since))));
  return [
    {
      name: W.sun.made,
      value: f.energy(sun.production_wh),
      note: f.joined([note, known], ', '),
    },
    share != null && { name: W.sun.sufficiency, value: f.percent(share), note: W.sun.sufficiencyNote },
    !partly && wh != null && own != null && own >= 0 && { name: W.sun.house, value: f.energy(wh + own) },
  ];
}

/**
 * What it was worth, and how often there was a surplus: of a home that injects, also without a source.
 * @param {Sun | undefined} sun
 * @param {number | null} injected
 * @returns {(Fact | false | undefined)[]}
 */
export function worthFacts(sun, injected) {
  if (!sun) return [];
  const { saved, earned, self_consumed_wh: own, surplus_hours: hours } = sun,
    sells = Boolean(injected);
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
 * @param {Sun | undefined} sun
 */
export function contradiction(sun) {
  const wrong = sun?.contradiction;
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
 * @param {Status['unseen_export']} found
 */
export const unseen = (found) =>
  found &&
  notice(
    'info',
    W.sun.unseen,
    W.sun.unseenMore(f.power(found.power, 'VA'), f.duration(found.minutes * MINUTE), f.number(found.days)),
  );

/** The use at home on top of what was drawn: both are what the home used. Less than nothing is not drawn. */
export const ownOf = ({ own }) => ({ css: 'own', value: Math.max(own ?? 0, 0) / 1000 });

/** @type {(rows: {own?: number | null}[]) => [css: string, name: string][]} */
export const ownLegend = (rows) => (rows.some(({ own }) => own) ? [['own', W.sun.own]] : []);

/** 'Production 2,10 kWh, dont 0,86 kWh autoconsommés'; nothing where no production is known. */
export const madeText = ({ made, own }) =>
  made > 0 &&
  f.joined([`${W.sun.made} ${f.energy(made)}`, own != null && own >= 0 && W.sun.ofWhichOwn(f.energy(own))], ', ');
