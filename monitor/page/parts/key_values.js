import { h } from '../base/dom.js';

/** @import {Fact} from '../../../deploy/page/types' */

/**
 * A row of figures between hairlines. other: what another day had; what is false is left out.
 * @param {(Fact | false | null | undefined)[]} list
 */
export function facts(list) {
  return h(
    'dl',
    { class: 'facts' },
    /** @type {Fact[]} */ (list.filter(Boolean)).map(({ name, value, note, tone, other }) =>
      h(
        'div',
        null,
        h('dt', null, name),
        h(
          'dd',
          null,
          h('span', { class: `fact ${tone ?? ''}` }, value),
          note && h('span', { class: 'note' }, note),
          other && h('span', { class: 'note compare-text' }, other),
        ),
      ),
    ),
  );
}
