import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { facts } from '../../part/facts.js';
import { peakOf } from './numbers.js';

const D = T.day;

/** The figures of a day. All of them are the server's: power is never added up here. */
export function factsOf({ meter, series, energy, talon, peaks, soFar }, updated) {
  const whole = energy?.whole,
    cost = whole?.cost,
    newest = soFar?.wh >= (whole?.total_wh ?? 0) ? soFar : null, // of today
    peak = peakOf(peaks?.peaks[0], series),
    base = talon?.watts.at(-1),
    over = series?.overloads[0];
  return facts([
    {
      name: D.energy,
      value: newest ? f.energy(newest.wh) : whole ? f.energy(whole.total_wh) : '–',
      note: updated,
    },
    whole?.injected_wh > 0 && { name: D.injected, value: f.energy(whole.injected_wh), tone: 'inj-text' },
    {
      name: D.cost,
      value: cost ? f.euro(newest?.cost ?? cost.total) : '–',
      note: costNote(whole),
    },
    {
      name: D.peak,
      value: peak ? f.power(peak.power, meter.unit) : '–',
      note: peak && D.peakAt(f.clock(peak.at, peak.exact)),
    },
    { name: D.talon, value: f.power(base, 'W'), note: D.talonNote },
    // Historic mode does not tell it.
    series?.volts && {
      name: D.voltage,
      value: `${series.volts.min}–${series.volts.max}${f.THIN}V`,
      note: D.voltageNote,
    },
    {
      name: D.overloads,
      value: series ? series.overloads.length || D.none : '–',
      note:
        over &&
        D.overloadAt(
          f.clock(Date.parse(over.at), true),
          f.duration(over.seconds * 1000),
          f.power(over.power, series.unit),
        ),
      tone: over && 'warn-text',
    },
  ]);
}

function costNote(whole) {
  if (!whole) return null;
  if (!whole.cost) return T.review.noPrice;
  return whole.cost.missing.length ? T.review.missingPrices : D.ofWhichSub(f.euro(whole.cost.subscription));
}
