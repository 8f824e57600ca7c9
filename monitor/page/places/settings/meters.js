// The names of meters, and which one took the place of another.
import { h } from '../../base/dom.js';
import { isPoint } from '../../base/house.js';
import { T } from '../../base/i18n.js';
import { below, choice, drawn, field } from './form.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Node, Place} from './form.js' */

/** Of each meter that is known, by its address; one of which nothing is said is not there. */
/** @type {(place: Place, form: Node, meters: Meter[]) => HTMLElement} */
export function meterNames(place, form, meters) {
  const known = [...new Set([...meters.map(({ id }) => id), ...Object.keys(place.get() ?? {})])],
    replaced = meters.flatMap((meter) => meter.replaced ?? []);
  const one = (id) => {
    const at = tidy(below(place, id)),
      others = [...new Set([...known, ...replaced])].filter((other) => other !== id);
    const widgets = {
      meter: (node, where) =>
        others.length > 0
          ? field(
              node,
              where,
              choice({ ...node, choices: others.map((value) => ({ value, label: value })) }, where.get(), (value) =>
                where.set(value ?? undefined),
              ),
            )
          : null,
    };
    return h(
      'div',
      { role: 'group', 'aria-label': id, 'data-at': at.at },
      h('h3', null, isPoint({ id }) ? T.pointName(id.slice(-4)) : W.meters.address(id)),
      drawn(/** @type {Node} */ (form.item), at, { widgets, nameOf: () => 'entry' }),
    );
  };
  if (!known.length) return h('p', { class: 'muted' }, W.meters.none);
  return h('div', { class: 'entries', 'data-at': place.at }, known.map(one));
}

/** @type {(place: Place) => Place} */
const tidy = (place) => ({
  ...place,
  set: (value) => place.set(Object.values(value).some((part) => part != null) ? value : undefined),
});
