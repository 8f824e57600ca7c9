import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h, icon } from '../../dom.js';
import { facts } from '../../part/facts.js';

const R = T.review;

/** Energy and cost of the whole period, the parts of the bill, and comparisons: others is [name, answer or null]. */
export function totals({ whole, prices, closed, others, open, updated }) {
  const { cost } = whole,
    missing = Math.round(whole.hours * (1 - whole.coverage)),
    parts = cost?.parts;
  const against = (answer, name) => {
    const other = answer?.whole,
      // An index that jumped over a hole still counts: only days that are not there at all make it another period.
      complete = other?.total_wh > 0 && other.hours >= answer.expected * 0.97;
    if (!closed || !complete) return { name, value: '–', note: other?.total_wh > 0 ? R.partlyBefore : R.noBefore };
    const money = other.cost ? ` · ${f.euro(other.cost.total, 0)}` : '';
    return {
      name,
      value: f.change(closed.total_wh, other.total_wh),
      note: `${f.energy(other.total_wh)}${money}${open ? `, ${R.atSameDay}` : ''}`,
    };
  };
  return h(
    'section',
    { class: 'totals', 'aria-label': R.total },
    h(
      'p',
      { class: 'pair' },
      h('span', { class: 'figure-2xl' }, f.energy(whole.total_wh)),
      cost && h('span', { class: 'figure-2xl' }, f.euro(cost.total)),
      updated,
    ),
    missing > 0 && note(R.partial(missing, f.number(whole.hours), f.coverage(whole.coverage))),
    cost?.missing.length > 0 && note(R.missingPrices),
    facts([
      cost && {
        name: R.sub,
        value: f.euro(cost.subscription),
        note: prices?.checked && R.pricesChecked(f.numericDate(prices.checked)),
      },
      cost && { name: R.energy, value: f.euro(cost.energy) },
      parts && {
        name: R.taxes,
        value: f.euro(parts.accise + parts.vat),
        note: R.taxParts(f.euro(parts.accise), f.euro(parts.vat)),
      },
      whole.injected_wh > 0 && { name: R.injected, value: f.energy(whole.injected_wh), tone: 'inj-text' },
      ...others.map(([name, answer]) => against(answer, name)),
    ]),
  );
}

const note = (text) => h('p', { class: 'partial' }, icon('info'), text);
