import { h } from '../base/dom.js';
import { ORDER, register } from '../base/tariff.js';
import { T } from '../base/i18n.js';
import { chip } from './badge.js';

/**
 * @param {string[]} names
 * @param {{injected?: boolean, own?: boolean, recovered?: boolean, partial?: boolean, subscription?: boolean,
 *   text?: (register: string) => string}} options
 */
export function registerLegend(
  names,
  { injected = false, own = false, recovered = false, partial = false, subscription = false, text } = {},
) {
  return h(
    'ul',
    { class: 'legend' },
    ORDER.filter((n) => names.includes(n)).map((n) =>
      h('li', null, chip(register(n).css, register(n).short), text && h('span', { class: 'legend-value' }, text(n))),
    ),
    subscription && h('li', null, chip('sub', T.review.sub), text && h('span', { class: 'legend-value' }, text('sub'))),
    own && h('li', null, chip('own', T.sun.own), text && h('span', { class: 'legend-value' }, text('own'))),
    injected &&
      h('li', null, chip('inj', T.tariff.injected), text && h('span', { class: 'legend-value' }, text('inj'))),
    recovered && h('li', null, chip('recovered', T.tariff.recovered)),
    partial && h('li', null, h('span', { class: 'key-partial', 'aria-hidden': 'true' }), T.tariff.partial),
  );
}
