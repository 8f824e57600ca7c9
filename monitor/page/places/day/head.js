import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { isDate, plusDays } from '../../base/time.js';
import { stepper } from '../../parts/stepper.js';
import { W } from './words.js';

/** The date in the middle, a day to each side, any day by the calendar. */
export function head(meter, date, today) {
  const to = (day) => href(`jour/${day}`, { t: null, z: null });
  return [
    stepper(
      f.capital(f.longDate(date)),
      { href: to(plusDays(date, -1)), label: W.previous },
      date < today && { href: to(plusDays(date, 1)), label: W.next },
    ),
    h(
      'div',
      { class: 'tools' },
      h('input', {
        type: 'date',
        value: date,
        min: meter.known_since,
        max: today,
        'aria-label': W.pick,
        onchange: ({ currentTarget }) => isDate(currentTarget.value) && go(to(currentTarget.value)),
      }),
      date !== today && h('a', { class: 'button', href: href('jour', { t: null, z: null }) }, T.today),
    ),
  ];
}
