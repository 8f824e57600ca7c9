import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { isDate, plusDays } from '../../base/time.js';
import { stepper } from '../../parts/controls.js';
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

/** Keys of the whole page, and the list of them; the chart sets zoom, fit, pan and compare. */
export function shortcuts(date, today) {
  const help = h(
    'dialog',
    { class: 'help', 'aria-label': W.help },
    h(
      'dl',
      null,
      W.keys.map(([key, text]) => [h('dt', null, h('kbd', null, key)), h('dd', null, text)]),
    ),
    h('form', { method: 'dialog' }, h('button', { class: 'button' }, T.close)),
  );
  const to = (day) => go(href(`jour/${day}`));
  const keys = {
    help,
    /** @type {(factor: number) => void} */
    zoom: () => {},
    fit: () => {},
    compare: () => {},
    toggle: () => (help.open ? help.close() : help.showModal()),
    handle(event) {
      const { key, target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(target.tagName)) return;
      if (help.open && key !== '?') return;
      const act = {
        ArrowLeft: () => to(plusDays(date, -1)),
        ArrowRight: () => date < today && to(plusDays(date, 1)),
        t: () => go(href('jour')),
        c: () => keys.compare(),
        '+': () => keys.zoom(0.5),
        '-': () => keys.zoom(2),
        0: () => keys.fit(),
        '?': () => keys.toggle(),
      }[key];
      if (!act || (event.shiftKey && key.startsWith('Arrow'))) return;
      event.preventDefault();
      act();
    },
  };
  return keys;
}
