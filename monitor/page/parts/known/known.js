// Of what time there is energy, where a place has none to show; and whether a meter that has come is that of this energy.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { isPoint } from '../../base/house.js';
import { blank, toSettings, wayTo } from '../block.js';
import { notice } from '../notice.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */

/** In `not_needed` of the section `page`: whoever asks may stop. */
export const NO = 'join';

/** Whether more is known than the meter has said since it is read. @type {(meter: Meter | null) => boolean} */
export const hasPast = (meter) => Boolean(meter?.known_since && (!meter.first || meter.known_since < meter.first));

/**
 * A place that has nothing to show, and the way to where it has; at: that of a day, of the first or the last.
 * @type {(title: string, meter: Meter, at: (day: string) => [string, string] | false) => HTMLElement}
 */
export function nothingAt(title, { first, known_since: since, known_until: until }, at) {
  const way = (day) => {
    const found = day && at(day);
    return found && wayTo(...found);
  };
  if (first) return blank(title, W.first(f.fullDate(first)), way(first));
  if (!since || !until) return blank(title, W.young);
  return blank(title, W.imported(f.fullDate(since), f.fullDate(until)), way(until));
}

/** What is known of a home that only has imports. @type {(meter: Meter) => string | null | undefined} */
export const importedText = ({ known_since: since, known_until: until }) =>
  since && until && W.imported(f.fullDate(since), f.fullDate(until));

/**
 * Homes without a meter, and meters without a past, which may be theirs; null: none.
 * @type {(meters: Meter[]) => {points: Meter[], candidates: Meter[]} | null}
 */
export function joinable(meters) {
  const points = meters.filter(isPoint),
    candidates = meters.filter((meter) => !isPoint(meter) && !hasPast(meter));
  return points.length && candidates.length ? { points, candidates } : null;
}

/** Where it may be, that is said, and asked in the settings. @type {(meters: Meter[]) => HTMLElement} */
export function joinHint(meters) {
  const node = h('div', { class: 'notices', hidden: true });
  const show = ({ value }) => {
    if (value.not_needed?.includes(NO)) return;
    node.append(notice('info', toSettings('', W.isItsMeter)));
    node.hidden = false;
  };
  if (joinable(meters)) api.section('page').then(show, () => {});
  return node;
}
