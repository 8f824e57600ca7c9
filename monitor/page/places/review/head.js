// What a period is called, and the ways to others.
import * as f from '../../base/format.js';
import { W } from './words.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { go, href } from '../../base/router.js';
import { contractYear, earlier, weekOf } from '../../base/time.js';
import { rangeForm, stepper } from '../../parts/controls.js';

export function titleOf({ kind, text, week, from, to }) {
  if (kind === 'week') return W.week(week, begin(from, to), f.fullDate(to));
  if (kind === 'month') return f.capital(f.monthYear(from));
  return kind === 'year' ? text : f.capital(W.range(f.fullDate(from), f.fullDate(to)));
}

/** Of the first day only what the last one does not say, too. */
function begin(from, to) {
  if (from.slice(0, 4) !== to.slice(0, 4)) return f.fullDate(from);
  return from.slice(0, 7) === to.slice(0, 7) ? String(+from.slice(8)) : f.dayMonth(from);
}

/** The period with its neighbours, the kinds of period, and any two dates. */
export function head({ meter, range, title, today, query }) {
  const to = (text) => href(`bilan/${text}`, { u: query.get('u'), m: query.get('m') });
  const form = rangeForm({
    meter,
    today,
    from: range.from,
    to: earlier(range.to, today),
    onpick: (from, until) => go(to(`${from}..${until}`)),
    id: 'range-form',
    hidden: range.kind !== 'range',
  });
  return [
    stepper(
      title,
      !(meter.known_since && range.from <= meter.known_since) && { href: to(range.previous), label: T.previous },
      range.to < today && { href: to(range.next), label: T.next },
    ),
    h(
      'ul',
      { class: 'segmented links' },
      kindsAt(earlier(range.to, today), meter).map(([kind, text]) =>
        h('li', null, kindLink(kind, to(text), kind === range.kind)),
      ),
      h('li', null, formButton(form)),
    ),
    form,
  ];
}

/** The week, the month and the years that a day is in. */
function kindsAt(day, { contract_year: start }) {
  return Object.entries({
    week: weekOf(day),
    month: day.slice(0, 7),
    year: day.slice(0, 4),
    ...(start && { contract: contractYear(day, start) }),
  });
}

const kindLink = (kind, href, current) =>
  h('a', { class: 'seg-button', href, 'aria-current': current ? 'true' : null }, W.kinds[kind]);

/** Shows and hides the form of two dates; it is there at first where the period is one of them. */
function formButton(form) {
  const button = h(
    'button',
    {
      class: 'seg-button',
      type: 'button',
      'aria-expanded': String(!form.hidden),
      'aria-controls': form.id,
      'aria-current': form.hidden ? null : 'true',
      onclick: () => {
        form.hidden = !form.hidden;
        button.setAttribute('aria-expanded', String(!form.hidden));
        if (!form.hidden) form.querySelector('input').focus();
      },
    },
    W.kinds.range,
  );
  return button;
}
