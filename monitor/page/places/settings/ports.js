// Which port the meter is at, where a reader lets the page choose it; a port that its configuration fixes is only shown.
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { W } from './words.js';

/** @import {Ports} from '../../../../deploy/page/answers' */
/** @import {Place} from './form.js' */

/** @type {(readers: Ports['readers']) => boolean} */
export const canChoose = (readers) => readers.some(({ asks }) => asks);

/**
 * What the section `ports` has once a port of a reader is chosen, or no more.
 * @type {(value: any, reader: string, name: string, isChosen: boolean) => any}
 */
export function withPort(value, reader, name, isChosen) {
  const others = (value?.reader === reader ? value.ports : []).filter((port) => port !== name);
  return { ...value, reader, ports: isChosen ? [...others, name] : others };
}

/** @type {(place: Place, readers: Ports['readers']) => HTMLElement} */
export function portChoice(place, readers) {
  return h(
    'div',
    { 'data-at': place.at },
    readers.filter(({ asks }) => asks).map((reader) => offered(place, reader, readers.length > 1)),
  );
}

function offered(place, { reader, offers }, isOne) {
  const isTwice = (label) => offers.filter((one) => one.label === label).length > 1,
    isChosen = (name) => place.get()?.reader === reader && place.get().ports.includes(name);
  return h(
    'fieldset',
    null,
    h('legend', { class: isOne ? null : 'hidden' }, W.ports.of(reader)),
    offers.map(({ name, label, present }) =>
      h(
        'label',
        { class: 'choice-line' },
        h('input', {
          type: 'checkbox',
          checked: isChosen(name),
          onchange: ({ currentTarget }) => place.set(withPort(place.get(), reader, name, currentTarget.checked)),
        }),
        h(
          'span',
          null,
          label || name,
          h('span', { class: 'note' }, f.joined([isTwice(label) && name, !present && W.ports.gone])),
        ),
      ),
    ),
    offers.length > 1 && h('p', { class: 'note' }, W.ports.which),
    !offers.length && h('p', { class: 'muted' }, W.ports.none),
  );
}

/** What is fixed elsewhere. @type {(readers: Ports['readers']) => (HTMLElement | false)[]} */
export const fixedPorts = (readers) =>
  readers.map(
    ({ reader, asks, reads }) => !asks && reads.length > 0 && h('p', null, W.ports.fixed(reader, reads.join(', '))),
  );
