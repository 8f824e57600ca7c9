// All meters together: power now, today's energy and its cost, of each and in all.
import { feedState } from './feed_state.js';
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { table } from '../../parts/table.js';
import { href } from '../../base/router.js';
import { page } from '../../parts/block.js';
import { W } from './words.js';

/** @import {Context} from '../../../../deploy/page/types' */

/** {rows, sum} of answers of `live`, each {power, wh, cost}; null: not known, and then the sum is not, either. */
export function together(answers) {
  const rows = answers.map((live) => ({
    power: live && feedState(live, 'live', 0, 0).known ? live.power : null,
    wh: live?.today?.wh ?? null,
    cost: live?.today?.cost ?? null,
  }));
  const add = (name) => rows.reduce((sum, row) => (sum == null || row[name] == null ? null : sum + row[name]), 0);
  return { rows, sum: { power: add('power'), wh: add('wh'), cost: add('cost') } };
}

/** @param {Context} context */
export default async function all({ meters, now: clock }) {
  const time = h('time', { class: 'clock' }),
    content = h('div', null);
  let left = false;

  async function show() {
    const answers = await Promise.all(meters.map((meter) => api.live(meter.id).catch(() => null)));
    if (left) return;
    if (answers.some(Boolean)) time.textContent = f.clock(clock(), true);
    content.replaceChildren(...parts(meters, together(answers)));
  }

  await show();
  return {
    title: W.title,
    node: page('now', [h('h1', null, W.title), h('p', { class: 'head-side' }, time)], content),
    tick: show,
    leave() {
      left = true;
    },
  };
}

function parts(meters, { rows, sum }) {
  const unit = meters[0].unit ?? 'VA';
  const link = ({ id, name }) => h('a', { href: href('', { compteur: id }) }, name);
  return [
    h(
      'section',
      { class: 'block power', 'aria-label': T.power },
      h('span', { class: 'figure-xl' }, f.known(sum.power, f.number), h('small', null, unit)),
    ),
    h(
      'section',
      { class: 'block today', 'aria-labelledby': 'all-today' },
      h('h2', { id: 'all-today' }, T.today),
      h(
        'p',
        { class: 'pair' },
        [f.known(sum.wh, f.energy), f.known(sum.cost, f.euro)].map((text) => h('span', { class: 'figure-l' }, text)),
      ),
      h('p', { class: 'note' }, `${f.capital(W.withSubscription)}.`),
      h(
        'div',
        { class: 'table-wrap' },
        table({
          caption: T.allMeters,
          columns: [
            [T.meterChoice, ({ meter }) => (meter ? link(meter) : T.allMeters), 'words'],
            [T.power, ({ power }) => f.known(power, (va) => f.power(va, unit))],
            [T.today, ({ wh }) => f.known(wh, f.energy)],
            [T.cost, ({ cost }) => f.known(cost, f.euro)],
          ],
          rows: [...meters.map((meter, i) => ({ meter, ...rows[i] })), sum],
        }),
      ),
    ),
  ];
}
