// The registers of bars and tables: which of them counted, their badges, the legend.
import { ORDER, register } from '../base/tariff.js';
import { dayStart, HOUR, hoursIn, wall } from '../base/time.js';
import { h } from '../base/dom.js';
import { T } from '../base/i18n.js';

/** @import {Child} from '../../../deploy/page/types' */
/** 23, 24 or 25 of them: when each begins, its hour by the clock, and its row, if there is one. */
export function hoursOf(date, rows) {
  const start = dayStart(date),
    byStart = new Map(rows.map((row) => [Date.parse(row.start), row]));
  return Array.from({ length: hoursIn(date) }, (_, i) => {
    const t = start + i * HOUR;
    return { t, place: wall(t).hour, row: byStart.get(t) };
  });
}

/** The registers that counted in some row. */
export const registersOf = (...rows) => ORDER.filter((name) => rows.some((row) => row.wh[name]));

/** The same of a row, in words. */
export const registersIn = (row) =>
  registersOf(row)
    .map((name) => register(name).long)
    .join(', ');

/** A colour is never alone: the swatch has a pattern and the word stands beside it. */
export const swatch = (css) => h('span', { class: `swatch ${css}`, 'aria-hidden': 'true' });
/** @type {(css: string, text: Child, size?: string) => HTMLElement} */
export const badge = (css, text, size = '') => h('span', { class: `badge ${size}` }, swatch(css), text);
/** @type {(name: string, size?: string) => HTMLElement} */
export const registerBadge = (name, size) => {
  const r = register(name);
  return badge(r.css, r.long, size);
};
/** @type {(colour: string, size?: string) => HTMLElement} */
export const colourBadge = (colour, size) => badge(`day-${colour}`, T.tariff[colour], size);

/**
 * @param {string[]} names
 * @param {{injected?: boolean, recovered?: boolean, partial?: boolean, subscription?: boolean,
 *   more?: [css: string, name: string][], text?: (css: string) => string}} options
 *   more: of what else the bars are made; text: what stands beside each
 */
export function registerLegend(
  names,
  { injected = false, recovered = false, partial = false, subscription = false, more = [], text } = {},
) {
  return h(
    'ul',
    { class: 'legend' },
    ORDER.filter((n) => names.includes(n)).map((n) =>
      h('li', null, badge(register(n).css, register(n).short), text && h('span', { class: 'legend-value' }, text(n))),
    ),
    subscription && h('li', null, badge('sub', T.bill.sub), text && h('span', { class: 'legend-value' }, text('sub'))),
    more.map(([css, name]) => h('li', null, badge(css, name), text && h('span', { class: 'legend-value' }, text(css)))),
    injected &&
      h('li', null, badge('inj', T.tariff.injected), text && h('span', { class: 'legend-value' }, text('inj'))),
    recovered && h('li', null, badge('recovered', T.tariff.recovered)),
    partial && h('li', null, h('span', { class: 'key-partial', 'aria-hidden': 'true' }), T.tariff.partial),
  );
}
