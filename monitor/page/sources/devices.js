// Single devices: what each of them used of the home, what it cost, and what none of them used.
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { h } from '../base/dom.js';
import { bars } from '../chart/bars.js';
import { badge } from '../parts/legend.js';
import { figures, plainTable } from '../parts/table.js';
import { notice } from '../parts/notice.js';
import { W } from './words.js';

/** @import {Bar} from '../../../deploy/page/types' */

/** Devices are no tariffs: they have tones, as the calendar has; those beyond the fourth share one. */
const TONES = ['heat-5', 'heat-3', 'heat-4', 'heat-2'];
const OTHERS = 'heat-1',
  REST = 'none';

/**
 * A period of the drawing: the rows of the answer that are in it.
 * @typedef {{label: string, name: string, rows: number[], key?: string, place?: number}} Period
 */

/**
 * Null: the home has no devices.
 * @param {{data: any, periods: Period[], column: string, every?: number, open?: (i: number) => void}} options
 *   data: an answer of `energy`; column: what the periods are.
 */
export function devicesBlock({ data, periods, column, every = 1, open }) {
  const whole = data?.devices_whole;
  if (!whole) return null;
  const list = ranked(data),
    known = list.filter(({ wh }) => wh != null);
  if (!known.length) return null;
  const counted = known.reduce((sum, { wh }) => sum + wh, 0),
    total = whole.house_wh == null ? null : f.energy(whole.house_wh),
    rows = periods.map((period) => ({ ...period, ...sumOf(period, data, known) }));
  const chart = bars({
    bars: rows.map(bar),
    label: W.devices.summary(f.energy(counted), total),
    format: f.number,
    every,
    height: 200,
    resting: total
      ? (data.sun ? W.devices.restingHouse : W.devices.resting)(f.energy(counted), total)
      : W.devices.summary(f.energy(counted), null),
    open,
  });
  const amounts = (kwh, euro) => columnsOf(known, whole, kwh, euro);
  return h(
    'section',
    { class: 'block devices' },
    h('h2', null, W.devices.title),
    whole.above && above(whole.above),
    shares(list, whole),
    h('p', { class: 'note' }, W.devices.method, data.production_wh && W.devices.roof),
    chart.nodes,
    figures({
      caption: W.devices.title,
      columns: [[column, ({ name }) => name, 'words'], ...amounts((wh) => f.kwh(wh, 2), f.amount)],
      rows,
    }),
  );
}

/** The devices, that which used most first, each with its tone; those of which nothing is known are the last. */
function ranked({ devices_whole: { devices } }) {
  return Object.entries(devices)
    .map(([name, { wh, cost }]) => ({ name, wh, cost }))
    .sort((a, b) => (b.wh ?? -1) - (a.wh ?? -1))
    .map((device, i) => ({ ...device, tone: TONES[i] ?? OTHERS }));
}

/** What each device used in a period, its cost, and the rest; null: not known. */
function sumOf({ rows }, data, known) {
  const add = (column) => {
    const values = rows.map((i) => column[i]).filter((value) => value != null);
    return values.length ? values.reduce((sum, value) => sum + value, 0) : null;
  };
  const devices = known.map(({ name, tone }) => ({
    name,
    tone,
    wh: add(data.devices[name]),
    cost: add(data.devices_cost[name]),
  }));
  const used = devices.reduce((sum, { wh }) => sum + (wh ?? 0), 0),
    house = rows.reduce((sum, i) => sum + data.rows[i].total + (data.self_consumed_wh?.[i] ?? 0), 0);
  return { devices, rest: data.devices_whole.rest_wh == null || !rows.length ? null : house - used };
}

/** @type {(row: Period & ReturnType<typeof sumOf>) => Bar} */
function bar({ label, name, place, devices, rest }) {
  const parts = devices.filter(({ wh }) => wh > 0);
  return {
    label,
    place,
    segments: [
      ...parts.map(({ tone, wh }) => ({ css: tone, value: wh / 1000 })),
      { css: REST, value: Math.max(0, rest ?? 0) / 1000 },
    ],
    text: f.joined([
      parts.length || rest != null ? name : `${name}${T.colon}${T.noData}`,
      ...parts.map(textOf),
      rest != null && `${W.devices.restOf} ${f.energy(rest)}`,
    ]),
  };
}

/** 'voiture 7,20 kWh (1,05 €)'. */
const textOf = ({ name, wh, cost }) => `${name} ${f.energy(wh)}${cost == null ? '' : ` (${f.euro(cost)})`}`;

/** The shares of the home; none where they cannot be, or are not known. */
function shares(list, { house_wh: house, rest_wh: rest, rest_cost: cost, above: wrong }) {
  const share = (wh) => (house > 0 && wh != null && wh >= 0 && wh <= house && !wrong ? f.percent(wh / house) : '–');
  return plainTable({
    caption: W.devices.title,
    columns: [
      [W.devices.device, ({ tone, name }) => badge(tone, name), 'words'],
      [T.energy, ({ wh }) => (wh == null ? T.unknown : f.energy(wh))],
      [W.devices.share, ({ wh }) => share(wh)],
      [T.cost, ({ cost }) => f.known(cost, f.euro)],
    ],
    rows: rest != null && rest >= 0 ? [...list, { tone: REST, name: W.devices.rest, wh: rest, cost }] : list,
  });
}

const above = ({ periods, devices_wh: devices, house_wh: house }) =>
  h(
    'div',
    { class: 'notices' },
    notice('warn', W.devices.above(f.energy(devices), f.energy(house)), W.devices.aboveMore(periods)),
  );

/** Energy and cost of each device, and the rest of the home, of a period. */
function columnsOf(known, { rest_wh: rest }, kwh, euro) {
  return [
    ...known.flatMap(({ name }, i) => [
      [W.devices.energyOf(name), ({ devices }) => f.known(devices[i].wh, kwh)],
      [W.devices.costOf(name), ({ devices }) => f.known(devices[i].cost, euro)],
    ]),
    rest != null && [W.devices.energyOf(W.devices.restOf), (period) => f.known(period.rest, kwh)],
  ];
}

/** Each device that ran in an interval, that which used most first. */
export const ofInterval = ({ devices, devices_cost: costs }) =>
  Object.entries(devices ?? {})
    .filter(([, wh]) => wh > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, wh]) => textOf({ name, wh, cost: costs[name] }))
    .join(', ');
