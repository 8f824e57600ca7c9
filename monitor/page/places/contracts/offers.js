// What each offer would have cost: the ranking, what is behind each place of it, and what could not be ranked.
import * as api from '../../base/api.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { go, here, href, note } from '../../base/router.js';
import { isDate, plusDays } from '../../base/time.js';
import { toSettings } from '../../parts/block.js';
import { swatch } from '../../parts/legend.js';
import { figures, table } from '../../parts/table.js';
import { notice, remark } from '../../parts/notice.js';
import { select, choice, rangeForm } from '../../parts/controls.js';
import { takeOffer } from './take.js';
import { among, chosen, refusals, titleOf } from './ranking.js';
import { W } from './words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

const MOST_SHIFTED = 50, // percent
  STEP = 5,
  PAUSE = 400; // ms that the slider rests before the server is asked

/** What the address asks for: dates, at which prices, how much is shifted. */
function asked() {
  const { query } = here(),
    [from, to] = [query.get('du') ?? '', query.get('au') ?? ''],
    shift = +(query.get('deplace') ?? 0);
  return {
    ...(isDate(from) && isDate(to) && from < to && { from, to }),
    prices: query.get('prix') === 'epoque' ? 'then' : 'today',
    shift: shift > 0 && shift <= MOST_SHIFTED ? Math.round(shift) : 0,
  };
}

/** @type {(meter: string) => Promise<Answers.Compare>} */
export const compared = (meter) => api.compare(meter, asked());

/** The comparison of one meter: show(answer) draws it; what was opened stays open. */
export function offersBlock({ meter, today }) {
  const body = h('div'),
    form = h('div'),
    filters = h('div', { class: 'assumptions' }),
    range = h('span', { class: 'note' }),
    since = h('p', { class: 'note' }),
    verdict = h('p', { class: 'summary-line', role: 'status' }),
    said = h('p', { class: 'status-line', role: 'status' }),
    open = new Set();
  let all = false,
    known = '',
    turn = 0;
  const node = h(
    'section',
    { class: 'block offers', id: 'contrats' },
    h('div', { class: 'block-head' }, h('h2', null, W.compare), range),
    verdict,
    said,
    meter.producer && h('p', { class: 'note' }, W.producer),
    since,
    h('div', { class: 'assumptions' }, prices(again), shifting(again)),
    filters,
    body,
    form,
  );

  /** Asks for what the address says by now. */
  async function again() {
    const mine = ++turn;
    body.setAttribute('aria-busy', 'true');
    try {
      const answer = await compared(meter.id);
      if (mine === turn) show(answer);
    } catch (error) {
      if (error.status === undefined) throw error;
      if (mine !== turn) return;
      known = '';
      verdict.hidden = true;
      body.replaceChildren(notice('warn', T.notices.failed, error.detail ?? T.notices.failedMore));
    } finally {
      if (mine === turn) body.removeAttribute('aria-busy');
    }
  }

  /** @param {Answers.Compare} data */
  function show(data) {
    const { prices: at, shift } = asked(),
      text = JSON.stringify(data);
    if (data.at !== at || data.shift !== shift || text === known) return; // of an earlier question, or nothing new
    known = text;
    range.textContent = W.compareRange(f.fullDate(data.from), f.fullDate(data.last_day));
    since.hidden = !data.measured_from;
    since.textContent = W.since(f.fullDate(data.from));
    if (!form.hasChildNodes()) form.append(dates(data, meter, today));
    verdict.hidden = !data.verdict;
    verdict.textContent = data.verdict ?? '';
    draw(data);
    filters.replaceChildren(...(body.querySelector('.ranking') ? filtering(data.offers, () => draw(data)) : []));
  }

  /** @param {string} selector */
  function focus(selector) {
    const node = /** @type {HTMLElement | null} */ (body.querySelector(selector));
    node?.focus({ preventScroll: true });
  }

  function draw(data) {
    const focused = document.activeElement?.closest('[data-offer]')?.getAttribute('data-offer'),
      opened = ['.refused', '.figures'].filter((css) => body.querySelector(`${css}[open]`));
    const more = () => {
      all = true;
      draw(data);
      focus('.late summary');
    };
    body.replaceChildren(...content(data, { open, all, more, mine: takes(data) }).filter(Boolean));
    for (const css of opened) body.querySelector(css)?.setAttribute('open', '');
    if (focused) focus(`[data-offer="${focused}"] summary`);
  }
  /** "C'est mon offre", of each that is not known to be it. */
  const takes = (data) => (offer) =>
    offer.yours && !data.prices.of?.assumed
      ? ''
      : takeOffer({
          offer: offer.id,
          power: data.power,
          meter,
          from: data.prices.of?.assumed ? (meter.known_since ?? today) : today,
          today,
          async saved(...text) {
            said.replaceChildren(...text);
            await again();
          },
        });
  return { node, show };
}

/** At the prices of today, or of then. */
const prices = (again) =>
  choice({
    label: W.prices,
    options: [
      [null, W.atToday],
      ['epoque', W.atThen],
    ],
    value: asked().prices === 'then' ? 'epoque' : null,
    onpick: (key) => {
      note({ prix: key });
      again();
    },
  });

/** What if some of what ran in peak hours had run in off-peak hours. */
function shifting(again) {
  const { shift } = asked(),
    output = h('output', { class: 'n' }, W.percent(shift));
  let pause = 0;
  const slider = h('input', {
    type: 'range',
    min: 0,
    max: MOST_SHIFTED,
    step: STEP,
    value: shift,
    'aria-valuetext': W.shifted(shift),
    oninput: () => {
      const percent = +slider.value;
      output.textContent = W.percent(percent);
      slider.setAttribute('aria-valuetext', W.shifted(percent));
      clearTimeout(pause);
      pause = setTimeout(() => {
        if (!slider.isConnected) return;
        note({ deplace: percent || null });
        again();
      }, PAUSE);
    },
  });
  return h('label', { class: 'shift' }, h('span', null, W.shift), slider, output);
}

/** The lists to choose by; each choice is in the address. */
function filtering(offers, changed) {
  const filter = (name, label, keyOf, option) => {
    const keys = [...new Set(offers.map(keyOf))].filter(Boolean).sort((a, b) => a.localeCompare(b, 'fr'));
    const onpick = (key) => {
      note({ [name]: key || null });
      changed();
    };
    const options = [['', W.filters.all], ...keys.map(option)];
    return h('label', { class: 'inline' }, label, select({ options, value: here().query.get(name), onpick }));
  };
  return [
    filter(
      'fournisseur',
      W.filters.supplier,
      ({ supplier }) => supplier,
      (name) => [name, name, 'fr'],
    ),
    filter(
      'type',
      W.filters.kind,
      ({ kind }) => kind,
      (kind) => [kind, W.kinds[kind]],
    ),
  ];
}

/** The address of other dates; all else that it asks for stays. */
const dated = (from, to) => href(here().path, { ...Object.fromEntries(here().query), du: from, au: to });

function dates(data, meter, today) {
  return h(
    'details',
    { class: 'choices', 'data-key': 'choices', open: here().query.has('du') },
    h('summary', null, W.choose),
    rangeForm(
      {
        meter,
        today,
        from: data.from,
        to: data.last_day,
        onpick: (from, to) => from < to && go(dated(from, to)),
        'aria-label': W.period,
      },
      here().query.has('du') &&
        h('button', { type: 'button', class: 'button', onclick: () => go(dated(null, null)) }, W.lastYear),
    ),
  );
}

/** @param {Answers.Compare} data */
function content(data, { open, all, more, mine }) {
  if (data.refused) return [muted(data.refused)];
  const whole = among(data.offers).ranked,
    { query } = here(),
    offers = chosen(data.offers, { supplier: query.get('fournisseur'), kind: query.get('type') }),
    { ranked, shown, yours } = among(offers, all),
    out = offers.filter((o) => o.rank == null);
  if (whole.length < 2) return [muted(whole.length ? W.oneOffer : W.noOffers), refused(out), colours(data, out)];
  const top = Math.max(...whole.map((o) => o.total ?? 0)),
    early = among(offers).shown,
    items = shown.map((o) =>
      item(o, { yours, top, open, late: !early.includes(o), assumed: data.prices.of?.assumed, mine }),
    );
  return [
    data.shift > 0 && remark(W.whatIf(data.shift)),
    h('p', { class: 'note' }, W.basis(f.number(data.hours_known), f.number(data.hours), data.power)),
    offers.length < data.offers.length && h('p', { class: 'note' }, W.filters.kept(whole.length)),
    ranked.every((o) => o.yours) && muted(W.filters.none),
    h('ol', { class: 'ranking', 'aria-label': W.compareSummary }, items),
    shown.length < ranked.length &&
      h('p', { class: 'more' }, h('button', { class: 'button', onclick: more }, W.more(ranked.length - shown.length))),
    h('ul', { class: 'legend' }, h('li', null, swatch('sub'), T.bill.sub), h('li', null, swatch('ink'), T.bill.used)),
    refused(out),
    colours(data, out),
    figuresOf(offers),
  ];
}

/** Suppliers call their offers in French. */
const nameOf = (offer) => h('span', { lang: offer.supplier ? 'fr' : null }, titleOf(offer));

const muted = (text) => h('p', { class: 'muted' }, text);

/** The day that its prices are judged by: regulated ones by that of their row, others by when somebody looked at them. */
const ageOf = ({ kind, since, checked }) => (kind === 'regulated' ? since : (checked ?? since));

/** One place of the ranking, and what is behind it. */
function item(offer, { yours, top, open, late, assumed, mine }) {
  const w = (value) => `${(value / top) * 100}%`;
  const marks = [
    offer.yours && (assumed ? W.yoursAssumed : W.yours),
    !offer.yours && offer.closed && W.closed,
    ['indexed', 'spot'].includes(offer.kind) && W.kinds[offer.kind].toLowerCase(),
    offer.choices.length > 0 && W.with(choiceText(offer.choices[0])),
    !offer.yours && yours && difference(offer, yours),
  ].filter(Boolean);
  const details = h(
    'details',
    {
      'data-key': offer.id,
      open: open.has(offer.id),
      ontoggle: () => {
        details.open ? open.add(offer.id) : open.delete(offer.id);
        if (details.open && !behind.hasChildNodes()) behind.append(...inside(offer), mine(offer));
      },
    },
    h(
      'summary',
      { class: 'place' },
      h('span', { class: 'n rank' }, offer.rank),
      h(
        'span',
        { class: 'share-name' },
        nameOf(offer),
        marks.length > 0 && h('span', { class: 'note' }, marks.join(', ')),
        offer.old && h('span', { class: 'note' }, T.prices.old(f.fullDate(ageOf(offer)))),
      ),
      h(
        'span',
        { class: 'share-bar', 'aria-hidden': 'true' },
        h('span', { class: 'share-part sub', '--w': w(offer.subscription) }),
        h('span', { class: `share-part ${offer.yours ? 'ink' : 'other'}`, '--w': w(offer.energy) }),
      ),
      h('span', { class: 'n total' }, f.euro(offer.total)),
    ),
  );
  const behind = h('div', { class: 'behind' }, open.has(offer.id) && [inside(offer), mine(offer)]);
  details.append(behind);
  return h(
    'li',
    { class: f.joined([offer.yours && 'strong', late && 'late'], ' ') || null, 'data-offer': offer.id },
    details,
  );
}

/** Of an offer: each period with its words, kWh and cost; the choice; how old the prices are, and where they are from. */
function inside(offer) {
  const cost = (period) => offer.by_period[period] ?? (period === 'SPOT' ? offer.energy : null);
  const rows = Object.entries(offer.rule).map(([period, words]) => ({
    words,
    wh: offer.wh[period] ?? 0,
    cost: cost(period) ?? 0,
  }));
  const [best, ...others] = offer.choices;
  return [
    h(
      'div',
      { class: 'table-plain' },
      table({
        caption: nameOf(offer),
        columns: [
          [W.when, ({ words }) => words, 'words'],
          ['kWh', ({ wh }) => (wh == null ? '' : f.kwh(wh, 0))],
          ['€', (row) => f.amount(row.cost)],
        ],
        rows: [...rows, { words: T.bill.sub, cost: offer.subscription }],
      }),
    ),
    best &&
      h(
        'p',
        null,
        W.choice(priced(best)),
        others.map((one, i) => `${i ? ', ' : ''}${priced(one)}`),
        '.',
      ),
    h('p', { class: 'note' }, sourceOf(offer)),
  ].filter(Boolean);
}

const priced = (one) => `${choiceText(one)} (${f.euro(one.total)})`;

const choiceText = ({ weekday, slot }) => (weekday == null ? slot : f.weekdayName(weekday, 'long'));

function sourceOf({ kind, since, checked, source, grade }) {
  const sentences = [
    kind && `${W.kinds[kind]}.`,
    checked && W.pricesOf(f.fullDate(checked)),
    since && W.inForce(f.fullDate(since)),
    source && W.pricesFrom(source),
    grade && W.grade[grade],
  ];
  return f.joined(sentences, ' ');
}

/** What is not ranked, by reason. */
const refused = (offers) =>
  offers.length > 0 &&
  h(
    'details',
    { class: 'refused', 'data-key': 'refused', open: offers.some((o) => o.yours) },
    h('summary', null, W.refused(offers.length)),
    h(
      'ul',
      null,
      refusals(offers).map(({ text, why, names }) =>
        h(
          'li',
          null,
          h('p', null, text, why === 'spot' && [' ', toSettings('exterieur', W.fetchSpot)]),
          h('p', { class: 'note', lang: 'fr' }, names.join(W.between)),
        ),
      ),
    ),
  );

/** A way to the twelve months up to the last day of which the colour is known. */
const colours = ({ from, colours_until: until }, out) =>
  out.some((o) => o.why === 'colours') &&
  until > from &&
  h('p', null, h('a', { class: 'button', href: dated(plusDays(until, -364), until) }, W.knownUntil(f.fullDate(until))));

function figuresOf(offers) {
  return figures({
    caption: W.compare,
    columns: [
      [W.columns.offer, nameOf, 'words'],
      [`${T.bill.sub} (€)`, (o) => f.known(o.subscription, f.amount)],
      [`${T.bill.used} (€)`, (o) => f.known(o.energy, f.amount)],
      [`${T.bill.total} (€)`, (o) => f.known(o.total, f.amount)],
    ],
    rows: offers,
  });
}

function difference(offer, yours) {
  const text = f.euro(Math.abs(offer.total - yours.total), 0);
  return `${(offer.total > yours.total ? W.moreThan : W.less)(text)}, ${f.change(offer.total, yours.total)}`;
}
