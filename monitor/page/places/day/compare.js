import * as f from '../../base/format.js';
import { h } from '../../base/dom.js';
import { select } from '../../parts/select.js';
import { go, here, href } from '../../base/router.js';
import { isDate, plusDays, yearBefore } from '../../base/time.js';
import { W } from './words.js';

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
