import { T } from '../../i18n.js';
import { h, icon } from '../../dom.js';
import { go, href } from '../../router.js';
import { contractYear, earlier, isDate, weekOf } from '../../time.js';

const R = T.review;

/** The period with its neighbours, the kinds of period, and any two dates. */
export function head({ meter, range, title, today, query }) {
  const to = (text) => href(`bilan/${text}`, { u: query.get('u'), m: query.get('m') });
  const step = (text, label, name, off) =>
    off
      ? h('span', { class: 'round', 'aria-hidden': 'true' })
      : h('a', { class: 'round', href: to(text), 'aria-label': label, title: label }, icon(name));
  const middle = earlier(range.to, today);
  const kinds = {
    week: weekOf(middle),
    month: middle.slice(0, 7),
    year: middle.slice(0, 4),
    ...(meter.contract_year && { contract: contractYear(middle, meter.contract_year) }),
  };
  const free = range.kind === 'range',
    form = dates({ meter, range, today, to, hidden: !free });
  const more = h(
    'button',
    {
      class: 'seg-button',
      type: 'button',
      'aria-expanded': String(free),
      'aria-controls': form.id,
      'aria-current': free ? 'true' : null,
      onclick: () => {
        form.hidden = !form.hidden;
        more.setAttribute('aria-expanded', String(!form.hidden));
        if (!form.hidden) form.querySelector('input').focus();
      },
    },
    R.kinds.range,
  );
  return h(
    'header',
    { class: 'head' },
    h(
      'div',
      { class: 'stepper' },
      step(range.previous, T.previous, 'left', meter.known_since && range.from <= meter.known_since),
      h('h1', null, title),
      step(range.next, T.next, 'right', range.to >= today),
    ),
    h(
      'ul',
      { class: 'segmented links' },
      Object.entries(kinds).map(([kind, text]) =>
        h(
          'li',
          null,
          h(
            'a',
            { class: 'seg-button', href: to(text), 'aria-current': kind === range.kind ? 'true' : null },
            R.kinds[kind],
          ),
        ),
      ),
      h('li', null, more),
    ),
    form,
  );
}

function dates({ meter, range, today, to, hidden }) {
  const field = (value, text) => {
    const input = h('input', { type: 'date', value, min: meter.known_since, max: today, required: true });
    return /** @type {const} */ ([input, h('label', { class: 'inline' }, text, input)]);
  };
  const [from, fromLabel] = field(range.from, R.rangeFrom),
    [until, untilLabel] = field(earlier(range.to, today), R.rangeTo);
  return h(
    'form',
    {
      class: 'range-form',
      id: 'range-form',
      hidden,
      onsubmit: (event) => {
        event.preventDefault();
        const [a, b] = [from.value, until.value].sort();
        if (isDate(a) && isDate(b)) go(to(`${a}..${b}`));
      },
    },
    fromLabel,
    untilLabel,
    h('button', { class: 'button' }, R.rangeShow),
  );
}
