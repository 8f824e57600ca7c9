// The day that is set against this one: what of it is compared. No words and no drawing here.
import { sideOf } from '../../parts/compared.js';
import { register } from '../../base/tariff.js';

const peakIn = (found) => (found ? { power: found.power, at: Date.parse(found.at) } : null);

/** The colour of the peak hours that ran: a Tempo day has one. */
function colourOf(registers) {
  const names = Object.keys(registers).filter((name) => registers[name] > 0 && register(name).hours === 'hp');
  return names.length === 1 ? (register(names[0]).colour ?? null) : null;
}

/** Of an answer of `energy` of a day, or null; peak: of `peaks`. */
export function ofWhole(energy, peak) {
  if (!energy?.whole || !(energy.whole.total_wh > 0)) return null;
  const side = sideOf(energy);
  return { ...side, peak: peakIn(peak), colour: colourOf(side.registers) };
}

/** Of a stretch of a day, with its part of the subscription. */
export function sideOfStretch(part) {
  return {
    wh: part.wh,
    cost: part.cost == null ? null : part.cost + (part.subscription ?? 0),
    energy: part.cost,
    partial: part.partial_cost ?? false,
    registers: part.registers,
    red: null,
    peak: peakIn(part.max),
    colour: colourOf(part.registers),
  };
}
