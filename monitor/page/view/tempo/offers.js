import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { go, here, href, note } from '../../router.js';
import { plusDays } from '../../time.js';
import { swatch } from '../../part/chip.js';
import { csvFile, figures } from '../../part/figures.js';
import { oldPrices } from '../../part/prices.js';
import { shares } from '../../chart/share.js';
import { rangeForm } from '../range-form.js';
import { overPart, ranking } from './ranking.js';

const P = T.tempo,
  F = T.file,
  place = () => [here().place, here().detail].filter(Boolean).join('/');

/** What each offer would have cost on one's own registers; which offers and which period can be chosen. */
export function offersBlock({ data, meter, today, query }) {
  const asked = query.get('o')?.split(','),
    chosen = new Set(data.offers.map((o) => o.id).filter((id) => !asked || asked.includes(id))),
    body = h('div');
  function draw() {
    const list = data.offers.filter((o) => chosen.has(o.id) || o.yours);
    body.replaceChildren(...content(data, list).filter(Boolean));
  }
  function toggle(id, on) {
    on ? chosen.add(id) : chosen.delete(id);
    note({ o: chosen.size === data.offers.length ? null : [...chosen].join(',') });
    draw();
  }
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
      offerChoice(data.offers, chosen, toggle),
    ),
  );
}

const periodForm = (data, meter, today) =>
  rangeForm(
    {
      meter,
      today,
      from: data.from,
      to: data.last_day,
      onpick: (from, to) => from < to && go(href(place(), { du: from, au: to, o: here().query.get('o') })),
      'aria-label': P.period,
    },
    here().query.has('du') && h('a', { class: 'button', href: href(place()) }, P.lastYear),
  );

/** A box to check for each offer; one's own always counts. */
function offerChoice(offers, chosen, toggle) {
  const box = (offer) =>
    h('input', {
      type: 'checkbox',
      checked: chosen.has(offer.id) || offer.yours,
      disabled: offer.yours,
      onchange: (event) => toggle(offer.id, event.currentTarget.checked),
    });
  return h(
    'fieldset',
    { class: 'checks' },
    h('legend', { class: 'hidden' }, P.choose),
    offers.map((offer) =>
      h('label', { class: 'check' }, box(offer), offer.yours ? `${offer.name} (${P.yours.toLowerCase()})` : offer.name),
    ),
  );
}

function content(data, list) {
  const { ranked, partial, yours, verdict } = ranking(list);
  if (!ranked.length && !partial.length) return [muted(P.noOffers)];
  if (data.why) return [muted(P.range[data.why](...measured(data)))];
  if (ranked.length < 2) {
    const reasons = partial.map((o) => h('li', null, `${o.name}${T.colon}${reason(o, data)}`));
    return [muted(ranked.length ? P.oneOffer : P.noOffers), h('ul', null, reasons)];
  }
  return [
    verdict && sentence(data, verdict),
    h('p', { class: 'note' }, P.basis(f.number(data.hours_known), f.number(data.hours))),
    oldPrices(data.prices),
    partial.some((o) => o.why === 'colours') && knownColours(data),
    shares({
      items: [...ranked.map((o) => rankedItem(o, yours)), ...partial.map((o) => partialItem(o, data))],
      label: P.compareSummary,
    }),
    h(
      'ul',
      { class: 'legend' },
      h('li', null, swatch('sub'), T.review.sub),
      h('li', null, swatch('ink'), T.day.energy),
    ),
    figuresOf(data, list),
  ];
}

const muted = (text) => h('p', { class: 'muted' }, text);

function sentence(data, { yours, name, less }) {
  const text = (yours ? P.verdict : P.verdictOther)(name, f.euro(less, 0));
  return h('p', { class: 'verdict' }, overPart(data, text, P));
}

const rankedItem = (offer, yours) => ({
  name: offer.name,
  strong: offer.yours,
  note: offer.yours ? P.yours : yours && difference(offer, yours),
  parts: [
    { css: 'sub', value: offer.subscription },
    { css: offer.yours ? 'ink' : 'other', value: offer.energy },
  ],
  text: f.euro(offer.total),
});

const partialItem = (offer, data) => ({
  name: offer.name,
  strong: offer.yours,
  note: [offer.yours && P.yours, reason(offer, data)].filter(Boolean).join(', '),
  parts: [],
  text: '–',
});

function figuresOf(data, list) {
  const costs = ({ subscription, energy, total }) => [subscription, energy, total];
  return figures({
    caption: P.compare,
    columns: [
      { text: P.columns.offer, number: false },
      `${T.review.sub} (€)`,
      `${T.day.energy} (€)`,
      `${T.review.total} (€)`,
    ],
    rows: () => list.map((o) => [o.name, ...costs(o).map((v) => (v == null ? '–' : f.amount(v)))]),
    csv: {
      name: `${F.names.offers}-${data.from}..${data.last_day}.csv`,
      href: () =>
        csvFile(
          [P.columns.offer, F.subscription, F.energyCost, `${F.total} (€)`, F.hoursKnown, F.hours],
          list.map((o) => [
            o.name,
            ...costs(o).map((v) => (v == null ? '' : v / 1e4)),
            o.hours_known ?? data.hours_known,
            data.hours,
          ]),
        ),
    },
  });
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
