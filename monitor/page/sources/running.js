// What is on: the devices that run, and what each of them uses, a minute ago.
import * as api from '../base/api.js';
import { h } from '../base/dom.js';
import * as f from '../base/format.js';
import { piece } from '../parts/refresh.js';
import { W } from './words.js';

/** @import * as Answers from '../../../deploy/page/answers' */
/** @import {Child} from '../../../deploy/page/types' */

const FEW = 6; // that are shown of many

/**
 * What devices do; null: the home has none, or nothing can be said now.
 * @returns {Promise<Answers.Devices | null> | null}
 */
export const runningOf = (meter) => (meter.devices ? api.devices(meter.id).catch(() => null) : null);

/** Null: the home has no devices. */
export const runningBlock = (meter) =>
  meter.devices &&
  piece((answer) =>
    h(
      'section',
      { class: 'block running', 'aria-labelledby': 'now-running' },
      h('h2', { id: 'now-running' }, W.running.title),
      said(answer?.devices),
    ),
  );

/** @type {(devices: Answers.Devices['devices'] | undefined) => Child} */
function said(devices) {
  if (!devices) return h('p', { class: 'muted' }, W.running.unknown);
  const names = (list) => list.map(({ name }) => name).join(', '),
    { first, others } = onNow(devices),
    off = devices.filter((one) => one.power != null && !one.on),
    silent = devices.filter((one) => one.power == null);
  return [
    first.length ? h('ul', null, first.map(running)) : h('p', null, W.running.nothing),
    others.length > 0 &&
      h(
        'details',
        { class: 'figures', 'data-key': 'others' },
        h('summary', null, W.running.others(others.length)),
        h('ul', null, others.map(running)),
      ),
    off.length > 0 && h('p', { class: 'note' }, W.running.off(names(off))),
    silent.length > 0 && h('p', { class: 'note' }, W.running.silent(names(silent))),
  ];
}

/**
 * The devices that run, that which takes most first: those that are shown, and the others.
 * @param {Answers.Devices['devices']} devices
 */
export function onNow(devices) {
  const on = devices.filter((one) => one.on).sort((a, b) => (b.power ?? 0) - (a.power ?? 0)),
    shown = on.length > FEW + 1 ? FEW : on.length; // the line of a fold could as well show the last one
  return { first: on.slice(0, shown), others: on.slice(shown) };
}

const running = ({ name, power }) =>
  h('li', null, h('span', null, name), ' ', h('strong', { class: 'n' }, f.power(power, 'W')));
