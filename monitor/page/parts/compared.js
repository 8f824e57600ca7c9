// Two intervals against each other, in energy and in money, and why the two part. No drawing here.
import * as f from '../base/format.js';
import { register, registerOf } from '../base/tariff.js';
import { W } from './words.js';

const APART = 0.05; // of a change: more than this between energy and money is explained
const MOVED = 0.02; // of a share or a price: less than this explains nothing
const RED = registerOf('red', 'hp'); // a red day has its peak hours from 6:00 to 22:00, all of them on that day

/** What is compared: the whole of an answer of `energy`. */
export function sideOf({ by, rows, whole }) {
  const { cost } = whole;
  return {
    wh: whole.total_wh,
    cost: cost?.total ?? null,
    energy: cost?.energy ?? null, // of the cost, without the subscription
    partial: (cost?.missing.length ?? 0) > 0,
    registers: whole.wh,
    red: by === 'day' && RED in whole.wh ? rows.filter((row) => row.wh[RED] > 0).length : null,
  };
}

/**
 * Whether a period can be set against another. An index that jumped over a hole still counts: only days that are not
 * there at all make it another period, or what was imported as a whole for a longer one that ends in it.
 */
export const isWhole = ({ whole, expected }) =>
  whole?.total_wh > 0 && whole.hours >= expected * 0.97 && !whole.across_wh;

/** {energy, money}: changes, such as 0.02; partial: a cost is incomplete; price: of a kWh, now and before; why. */
export function compared(now, before) {
  const energy = now.wh / before.wh - 1,
    known = (side) => side.cost != null && !side.partial,
    partial = !known(now) || !known(before),
    money = partial ? null : now.cost / before.cost - 1;
  const apart = money != null && now.wh > 0 && Math.abs(money - energy) > APART;
  const perKwh = ({ wh }, amount) => (amount * 1000) / wh;
  return {
    energy,
    money,
    partial,
    price: apart ? [perKwh(now, now.cost), perKwh(before, before.cost)] : null,
    why: apart ? reason(now, before) : null,
  };
}

function reason(now, before) {
  if (now.red !== before.red && now.red != null && before.red != null)
    return { kind: 'red', now: now.red, before: before.red };
  const share = [now, before].map(peakShare);
  if (Math.abs(share[0] - share[1]) > MOVED) return { kind: 'peak', now: share[0], before: share[1] };
  const bare = now.energy / now.wh / (before.energy / before.wh);
  return Math.abs(bare - 1) < MOVED ? { kind: 'subscription' } : null;
}

/** Of the energy, what was drawn in peak hours. */
export function peakShare({ wh, registers }) {
  const peak = Object.keys(registers).filter((name) => ['hp', 'pm'].includes(register(name).hours));
  return peak.reduce((sum, name) => sum + registers[name], 0) / wh;
}

/** 'jours rouges : 6 contre 2': what moved the price of a kWh. */
export function reasonOf({ kind, now, before }) {
  if (kind === 'red') return W.reasons.red(f.number(now), f.number(before));
  return kind === 'peak' ? W.reasons.peak(f.percent(now), f.percent(before)) : W.reasons.subscription;
}
