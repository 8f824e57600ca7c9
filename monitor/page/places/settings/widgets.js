// What is chosen otherwise than by its kind: a meter, an offer, hours of the day.
import { h } from '../../base/dom.js';
import { choice, field } from './form.js';

/** @import {Meter} from '../../../../deploy/page/types' */
/** @import {Node, Place, Widgets} from './form.js' */

/** @type {(house: {meters: Meter[]}) => Widgets} */
export function widgetsOf({ meters }) {
  return {
    meter: (node, place) => field(node, place, chosenMeter(node, place, meters)),
  };
}

/** @type {(node: Node, place: Place, meters: Meter[]) => HTMLElement} */
function chosenMeter(node, place, meters) {
  const choices = meters.map(({ id, name }) => ({ value: id, label: name ?? id })),
    only = node.required && meters.length === 1 ? meters[0].id : null;
  if (only && place.get() == null) queueMicrotask(() => place.set(only));
  return choice({ ...node, choices }, place.get() ?? only, place.set);
}

export const timeInput = (value, name, onchange) =>
  h('input', {
    type: 'time',
    value,
    'aria-label': name,
    onchange: ({ currentTarget }) => onchange(currentTarget.value),
  });
