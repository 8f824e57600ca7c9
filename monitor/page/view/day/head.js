import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h, icon } from '../../dom.js';
import { go, href } from '../../router.js';
import { isDate, plusDays } from '../../time.js';

const D = T.day;

/** The date in the middle, a day to each side, any day by the calendar. */
export function head(meter, date, today) {
  const to = (day) => href(`jour/${day}`, { t: null, z: null });
  const step = (day, label, name) =>
    h('a', { class: 'round', href: to(day), 'aria-label': label, title: label }, icon(name));
  return h(
    'header',
    { class: 'head' },
    h(
      'div',
      { class: 'stepper' },
      step(plusDays(date, -1), D.previous, 'left'),
      h('h1', null, f.capital(f.longDate(date))),
      date < today ? step(plusDays(date, 1), D.next, 'right') : h('span', { class: 'round', 'aria-hidden': 'true' }),
    ),
    h(
      'div',
      { class: 'tools' },
      h('input', {
        type: 'date',
        value: date,
        min: meter.known_since,
        max: today,
        'aria-label': D.pick,
        onchange: (e) => isDate(e.target.value) && go(to(e.target.value)),
      }),
      date !== today && h('a', { class: 'button', href: href('jour', { t: null, z: null }) }, T.now.today),
    ),
  );
}
