// What is on: the devices that run, and what each of them uses, a minute ago.
import * as api from '../../api.js';
import { h } from '../../dom.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { piece } from '../../part/alive.js';

/** @import * as Answers from '../../../../deploy/page/answers' */
/** @import {Child} from '../../../../deploy/page/types' */

const N = T.now;

/**
 * What devices do; null: the home has none, or nothing can be said now.
 * @returns {Promise<Answers.Devices | null> | null}
 */
export const devicesOf = (meter) => (meter.devices ? api.devices(meter.id).catch(() => null) : null);

/** Null: the home has no devices. */
export const devicesBlock = (meter) =>
  meter.devices &&
  piece((found) =>
    h(
      'section',
      { class: 'block running', 'aria-labelledby': 'now-running' },
      h('h2', { id: 'now-running' }, N.running),
      said(found?.devices),
    ),
  );

/** @type {(devices: Answers.Devices['devices'] | undefined) => Child} */
function said(devices) {
  if (!devices) return h('p', { class: 'muted' }, N.runningUnknown);
  const names = (list) => list.map(({ name }) => name).join(', '),
    on = devices.filter((one) => one.on),
    off = devices.filter((one) => one.power != null && !one.on),
    silent = devices.filter((one) => one.power == null);
  return [
    on.length ? h('ul', null, on.map(running)) : h('p', null, N.runningNothing),
    off.length > 0 && h('p', { class: 'note' }, N.runningOff(names(off))),
    silent.length > 0 && h('p', { class: 'note' }, N.runningSilent(names(silent))),
  ];
}

const running = ({ name, power }) =>
  h('li', null, h('span', null, name), ' ', h('strong', { class: 'n' }, f.power(power, 'W')));
