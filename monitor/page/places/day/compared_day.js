// The day that is set against this one: which, and what of it is compared.
import { sideOf } from '../../parts/compared.js';
import { register } from '../../base/tariff.js';
import * as f from '../../base/format.js';
import { h } from '../../base/dom.js';
import { select } from '../../parts/controls.js';
import { go, here, href } from '../../base/router.js';
import { isDate, plusDays, yearBefore } from '../../base/time.js';
import { W } from './words.js';

const peakIn = (peak) => (peak ? { power: peak.power, at: Date.parse(peak.at) } : null);

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

/** Of an interval of a day, with its part of the subscription. */
export function sideOfInterval(part) {
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

/** Which day to set against this one: the eve, a week or a year ago, or any. */
export function compareChoice(date, other, today) {
  const choose = (day) => go(href(`jour/${date}`, { c: day || null, z: here().query.get('z') }));
  const days = [
    ['', W.compareNone],
    [plusDays(date, -1), W.compareYesterday],
    [plusDays(date, -7), W.compareWeek],
    [yearBefore(date), W.compareYear],
  ];
  if (other && !days.some(([day]) => day === other)) days.push([other, f.fullDate(other)]);
  const list = select({
    options: [...days, ['any', W.compareDate]],
    value: other ?? '',
    onpick: (day) => {
      if (day !== 'any') return choose(day);
      list.hidden = true;
      any.hidden = false;
      any.focus();
    },
  });
  // A date that is being typed changes often: it counts when the field is left, or by Enter.
  const done = () => isDate(any.value) && any.value !== other && choose(any.value);
  const any = h('input', {
    type: 'date',
    max: today,
    hidden: true,
    'aria-label': W.compareDate,
    onblur: () => {
      done();
      back();
    },
    onkeydown: (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') done();
      else if (event.key === 'Escape') back();
    },
  });
  function back() {
    any.hidden = true;
    list.hidden = false;
    list.value = other ?? '';
  }
  return {
    node: h('label', { class: 'inline' }, h('span', { class: 'hidden' }, W.compare), list, any),
    focus: () => list.focus(),
  };
}
