import { h } from '../base/dom.js';
import { ORDER, register } from '../base/tariff.js';
import { T } from '../base/i18n.js';
import { chip } from './badge.js';

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
      h('li', null, chip(register(n).css, register(n).short), text && h('span', { class: 'legend-value' }, text(n))),
    ),
    subscription && h('li', null, chip('sub', T.bill.sub), text && h('span', { class: 'legend-value' }, text('sub'))),
    more.map(([css, name]) => h('li', null, chip(css, name), text && h('span', { class: 'legend-value' }, text(css)))),
    injected &&
      h('li', null, chip('inj', T.tariff.injected), text && h('span', { class: 'legend-value' }, text('inj'))),
    recovered && h('li', null, chip('recovered', T.tariff.recovered)),
    partial && h('li', null, h('span', { class: 'key-partial', 'aria-hidden': 'true' }), T.tariff.partial),
  );
}
