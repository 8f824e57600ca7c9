// Off-peak hours that changed, or that are not those of the bill: since when, what it costs, what to set again.
import * as f from '../../format.js';
import { h } from '../../dom.js';
import { href } from '../../router.js';
import { block } from '../block.js';
import { windowRows } from './windows.js';
import { W } from '../words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

const C = W.contracts,
  P = C.reform;

/**
 * Null when nothing changed.
 * @param {Answers.Off_Peak} data
 */
export function reformBlock(data) {
  const { change, against, effect } = data,
    found = change ?? against;
  if (!found) return null;
  const since = f.fullDate(found.since);
  return block(
    change ? P.changed : P.against,
    h(
      'div',
      { class: 'reform' },
      h('p', null, change ? P.since(since, found.nights) : P.differs(since, found.nights)),
      windowRows([
        ...sides(change ? P.before : P.onBill, found.old, found.old_seasons),
        ...sides(change ? P.from(since) : P.onMeter, found.new, found.new_seasons),
      ]),
      effect && h('p', null, effectOf(effect)),
      change && [
        h('h3', null, P.again),
        h(
          'ul',
          { class: 'again' },
          P.devices.map((text) => h('li', null, text)),
        ),
      ],
      change && against && h('p', { class: 'note' }, P.stillDiffers(against.old)),
      !data.written && h('p', { class: 'note' }, P.write),
      h('p', null, h('a', { class: 'button', href: href('contrats/preuve') }, P.proof)),
    ),
  );
}

/** A row, or one a season where they differ: [name, hours]. */
const sides = (name, hours, seasons) =>
  seasons && seasons.winter !== seasons.summer
    ? [
        [`${name}, ${P.winter}`, seasons.winter],
        [`${name}, ${P.summer}`, seasons.summer],
      ]
    : [[name, hours]];

/** @param {NonNullable<Answers.Off_Peak['effect']>} effect */
export function effectOf(effect) {
  const cents = Math.round(effect.difference / 100),
    much = f.euro(Math.abs(effect.difference));
  return [
    P.effect(effect.days, cents > 0 ? C.moreThan(much) : cents < 0 ? C.less(much) : P.same, effect.offer),
    P.moved(f.kwh(effect.old_wh, 0), f.kwh(effect.new_wh, 0)),
  ].join(' ');
}
