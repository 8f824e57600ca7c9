import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, here, href, note } from '../../router.js';
import { isDate, plusDays } from '../../time.js';
import { csvFile, figures } from '../../part/figures.js';
import { oldPrices } from '../../part/prices.js';
import { shares } from '../../chart/share.js';
import { overPart, ranking } from './ranking.js';

const P = T.tempo,
  F = T.file,
  place = () => [here().place, here().detail].filter(Boolean).join('/');

/** What each offer would have cost on one's own registers; which offers and which period can be chosen. */
export function offersBlock({ data, meter, today, query }) {
  const asked = query.get('o')?.split(','),
    chosen = new Set(data.offers.map((o) => o.id).filter((id) => !asked || asked.includes(id)));
  const body = h('div');
  const draw = () =>
    body.replaceChildren(
      ...content(
        data,
        data.offers.filter((o) => chosen.has(o.id) || o.yours),
      ).filter(Boolean),
    );
  const toggle = (id, on) => {
    on ? chosen.add(id) : chosen.delete(id);
    note({ o: chosen.size === data.offers.length ? null : [...chosen].join(',') });
    draw();
  };
  draw();
  return h(
    'section',
    { class: 'block offers', id: 'contrats' },
    h(
      'div',
      { class: 'block-head' },
      h('h2', null, P.compare),
      h('span', { class: 'note' }, P.compareRange(f.fullDate(data.from), f.fullDate(data.last_day))),
    ),
    data.measured_from && h('p', { class: 'note' }, P.since(f.fullDate(data.from))),
    body,
    h(
      'details',
      { class: 'choices', open: query.has('du') || query.has('o') },
      h('summary', null, P.choose),
      periodForm(data, meter, today),
      h(
        'fieldset',
        { class: 'checks' },
        h('legend', { class: 'hidden' }, P.choose),
        data.offers.map((offer) =>
          h(
            'label',
            { class: 'check' },
            h('input', {
              type: 'checkbox',
              checked: chosen.has(offer.id) || offer.yours,
              disabled: offer.yours,
              onchange: (event) => toggle(offer.id, event.currentTarget.checked),
            }),
            offer.yours ? `${offer.name} (${P.yours.toLowerCase()})` : offer.name,
          ),
        ),
      ),
    ),
  );
}

function periodForm(data, meter, today) {
  const field = (value, text) => {
    const input = h('input', { type: 'date', value, min: meter.known_since, max: today, required: true });
    return /** @type {const} */ ([input, h('label', { class: 'inline' }, text, input)]);
  };
  const [from, fromLabel] = field(data.from, T.review.rangeFrom),
    [to, toLabel] = field(data.last_day, T.review.rangeTo);
  return h(
    'form',
    {
      class: 'range-form',
      'aria-label': P.period,
      onsubmit: (event) => {
        event.preventDefault();
        const [a, b] = [from.value, to.value].sort();
        if (isDate(a) && isDate(b) && a < b) go(href(place(), { du: a, au: b, o: here().query.get('o') }));
      },
    },
    fromLabel,
    toLabel,
    h('button', { class: 'button' }, T.review.rangeShow),
    here().query.has('du') && h('a', { class: 'button', href: href(place()) }, P.lastYear),
  );
}

function content(data, list) {
  const { ranked, partial, yours, verdict } = ranking(list);
  if (!ranked.length && !partial.length) return [h('p', { class: 'muted' }, P.noOffers)];
  if (data.why) return [h('p', { class: 'muted' }, P.range[data.why](...measured(data)))];
  if (ranked.length < 2)
    return [
      h('p', { class: 'muted' }, ranked.length ? P.oneOffer : P.noOffers),
      h(
        'ul',
        null,
        partial.map((o) => h('li', null, `${o.name}${T.colon}${reason(o, data)}`)),
      ),
    ];
  const items = [
    ...ranked.map((o) => ({
      name: o.name,
      strong: o.yours,
      note: o.yours ? P.yours : yours && difference(o, yours),
      parts: [
        { css: 'sub', value: o.subscription },
        { css: o.yours ? 'ink' : 'other', value: o.energy },
      ],
      text: f.euro(o.total),
    })),
    ...partial.map((o) => ({
      name: o.name,
      strong: o.yours,
      note: [o.yours && P.yours, reason(o, data)].filter(Boolean).join(', '),
      parts: [],
      text: '–',
    })),
  ];
  return [
    verdict &&
      h(
        'p',
        { class: 'verdict' },
        overPart(data, (verdict.yours ? P.verdict : P.verdictOther)(verdict.name, f.euro(verdict.less, 0)), P),
      ),
    h('p', { class: 'note' }, P.basis(f.number(data.hours_known), f.number(data.hours))),
    oldPrices(data.prices),
    partial.some((o) => o.why === 'colours') && knownColours(data),
    shares({ items, label: P.compareSummary }),
    h(
      'ul',
      { class: 'legend' },
      h('li', null, h('span', { class: 'swatch sub', 'aria-hidden': 'true' }), T.review.sub),
      h('li', null, h('span', { class: 'swatch ink', 'aria-hidden': 'true' }), T.review.energy),
    ),
    figures({
      caption: P.compare,
      columns: [
        { text: P.columns.offer, number: false },
        `${T.review.sub} (€)`,
        `${T.review.energy} (€)`,
        `${T.review.total} (€)`,
      ],
      rows: () =>
        list.map((o) => [o.name, ...[o.subscription, o.energy, o.total].map((v) => (v == null ? '–' : f.amount(v)))]),
      csv: {
        name: `offres-${data.from}..${data.last_day}.csv`,
        href: () =>
          csvFile(
            [P.columns.offer, F.subscription, F.energyCost, `${F.total} (€)`, F.hoursKnown, F.hours],
            list.map((o) => [
              o.name,
              ...[o.subscription, o.energy, o.total].map((v) => (v == null ? '' : v / 1e4)),
              o.hours_known ?? data.hours_known,
              data.hours,
            ]),
          ),
      },
    }),
  ];
}

function difference(offer, yours) {
  const text = f.euro(Math.abs(offer.total - yours.total), 0);
  return `${(offer.total > yours.total ? P.moreThan : P.less)(text)}, ${f.change(offer.total, yours.total)}`;
}

/** A way to the twelve months up to the last day of which the colour is known. */
const knownColours = ({ from, colours_until: until }) =>
  until > from &&
  h(
    'a',
    { class: 'button', href: href(place(), { du: plusDays(until, -364), au: until }) },
    P.knownUntil(f.fullDate(until)),
  );

/** How much of the range is known: hours with readings, hours, kWh that were recovered, kWh. */
const measured = (data) => [
  f.number(data.hours_read),
  f.number(data.hours),
  data.recovered_wh && f.energy(data.recovered_wh),
  f.energy(data.wh),
];

/** Why an offer cannot be ranked. Of what nothing is known, no part is known either. */
const reason = (offer, data) => {
  const [none, some] = P.why[offer.why] ?? [];
  if (!none) return `${P.notRanked}${T.colon}${T.unknown}`;
  return some && offer.hours_known
    ? `${P.partial}, ${P.notRanked}${T.colon}${some(f.number(offer.hours_known), f.number(data.hours))}`
    : `${P.notRanked}${T.colon}${none}`;
};
