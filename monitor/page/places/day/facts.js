import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { compared, reasonOf } from '../../parts/compared.js';
import { keyValues } from '../../parts/table.js';
import { ofWhole } from './compared_day.js';
import { peakOf } from './numbers.js';
import { drawnName, madeFacts } from '../../sources/sources.js';
import { W } from './words.js';

/**
 * The figures of a day. All of them are the server's: power is never added up here.
 * other: {date, side, sameHour} of the day that is compared, or null; updated: when it was asked for.
 */
export function factsOf({ meter, series, energy, baseLoad, peaks, soFar, other }, updated) {
  const whole = energy?.whole,
    cost = whole?.cost,
    newest = soFar?.wh >= (whole?.total_wh ?? 0) ? soFar : null, // of today
    peak = peakOf(peaks?.peaks[0], series),
    base = baseLoad?.watts.at(-1),
    over = series?.overloads[0],
    side = ofWhole(energy, null),
    versus =
      other &&
      side &&
      against(newest ? { ...side, wh: newest.wh, cost: newest.cost ?? side.cost } : side, peak, other, meter.unit);
  return keyValues([
    {
      name: drawnName(energy) || T.energy,
      value: newest ? f.energy(newest.wh) : whole ? f.energy(whole.total_wh) : '–',
      note: updated,
      other: versus?.energy,
    },
    whole?.injected_wh > 0 && { name: T.tariff.injected, value: f.energy(whole.injected_wh), tone: 'inj-text' },
    ...madeFacts(energy),
    {
      name: T.cost,
      value: cost ? f.euro(newest?.cost ?? cost.total) : '–',
      note: costNote(whole, energy?.prices),
      other: versus?.cost,
    },
    {
      name: W.peak,
      value: peak ? f.power(peak.power, meter.unit) : '–',
      note: peak ? W.peakAt(f.clock(peak.at, peak.exact)) : series?.decoded && T.notMeasurable,
      other: versus?.peak,
    },
    { name: T.baseLoad, value: f.power(base, 'W'), note: W.baseLoadNote },
    // Historic mode does not tell it.
    series?.volts && {
      name: W.voltage,
      value: `${series.volts.min}–${series.volts.max}${f.THIN}V`,
      note: W.voltageNote,
    },
    {
      name: W.overloads,
      value: series ? series.overloads.length || (series.decoded ? '–' : W.none) : '–',
      note: over
        ? W.overloadAt(
            f.clock(Date.parse(over.at), true),
            f.duration(over.seconds * 1000),
            f.power(over.power, series.unit),
          )
        : series?.decoded && T.notMeasurable,
      tone: over && 'warn-text',
    },
  ]);
}

/** 'jeu 19 nov : 36,0 kWh, +25 %' for energy, cost and peak. */
function against(side, peak, { date, side: other, sameHour }, unit) {
  const change = compared(side, other),
    name = sameHour ? W.sameHour(f.shortDate(date)) : f.shortDate(date),
    line = (...parts) => `${name}${T.colon}${f.joined(parts, ', ')}`;
  return {
    energy: line(f.energy(other.wh), other.wh > 0 && f.signedPercent(change.energy)),
    cost:
      other.cost != null &&
      line(
        f.euro(other.cost),
        change.money == null ? W.costIncomplete : f.signedPercent(change.money),
        change.money != null && colours(side, other, change),
      ),
    peak: other.peak && line(f.power(other.peak.power, unit), peak && f.change(peak.power, other.peak.power)),
  };
}

/** Why: 'rouge contre bleu', or what else moved the price of a kWh. */
function colours(side, other, change) {
  if (side.colour && other.colour && side.colour !== other.colour)
    return W.colours(...[side, other].map(({ colour }) => T.tariff[colour].toLowerCase()));
  return change.why && reasonOf(change.why);
}

function costNote(whole, prices) {
  if (!whole) return null;
  if (!whole.cost) return T.prices.none;
  if (prices?.old?.length) return T.prices.old(f.fullDate(prices.old[0].since));
  return whole.cost.missing.length ? T.prices.missing : W.ofWhichSub(f.euro(whole.cost.subscription));
}
