import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, here, href } from '../../router.js';
import { isDate, plusDays, yearBefore } from '../../time.js';

const D = T.day;

/** Which day to set against this one: the eve, a week or a year ago, or any. */
export function compareChoice(date, other, today) {
  const choose = (day) => go(href(`jour/${date}`, { c: day || null, z: here().query.get('z') }));
  const days = [
    ['', D.compareNone],
    [plusDays(date, -1), D.compareYesterday],
    [plusDays(date, -7), D.compareWeek],
    [yearBefore(date), D.compareYear],
  ];
  if (other && !days.some(([day]) => day === other)) days.push([other, f.fullDate(other)]);
  const select = h(
    'select',
    {
      onchange: ({ currentTarget }) => {
        if (currentTarget.value !== 'any') return choose(currentTarget.value);
        select.hidden = true;
        any.hidden = false;
        any.focus();
      },
    },
    [...days, ['any', D.compareDate]].map(([value, text]) =>
      h('option', { value, selected: value === (other ?? '') }, text),
    ),
  );
  // A date that is being typed changes often: it counts when the field is left, or by Enter.
  const done = () => isDate(any.value) && any.value !== other && choose(any.value);
  const any = h('input', {
    type: 'date',
    max: today,
    hidden: true,
    'aria-label': D.compareDate,
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
    select.hidden = false;
    select.value = other ?? '';
  }
  return {
    node: h('label', { class: 'inline' }, h('span', { class: 'hidden' }, D.compare), select, any),
    focus: () => select.focus(),
  };
}
