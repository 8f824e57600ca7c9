// A home that only has imports, and a meter that has come without a past: whether they are the same is asked once; those
// that were joined can be parted again.
import * as api from '../../base/api.js';
import { h } from '../../base/dom.js';
import { T } from '../../base/i18n.js';
import { again } from '../../base/router.js';
import { changed } from '../../parts/changes.js';
import { joinable, NO } from '../../parts/known/known.js';
import { notice } from '../../parts/notice.js';
import { refusal } from '../../parts/refusal.js';
import { confirmed } from './confirm.js';
import { begun, ended, problemOf } from './requests.js';
import { W } from './words.js';

/** @import {Meter} from '../../../../deploy/page/types' */

/** The question, where there is one. @type {(meters: Meter[]) => HTMLElement} */
export function joinQuestion(meters) {
  const node = h('div', { class: 'notices' }),
    found = joinable(meters);
  node.hidden = true;
  if (found) ask(node, found);
  return node;
}

async function ask(node, { points, candidates }) {
  const saved = await api.section('page').catch(() => null);
  if (!saved || saved.value.not_needed?.includes(NO)) return;
  node.replaceChildren(...points.map((point) => question(point, candidates, node)));
  node.hidden = false;
}

/** @type {(point: Meter, candidates: Meter[], node: HTMLElement) => HTMLElement} */
function question(point, candidates, node) {
  const status = h('span', { class: 'note', role: 'status' });
  /** @param {() => Promise<void>} act */
  const pressed = (act) => async () => {
    for (const button of node.querySelectorAll('button')) button.disabled = true;
    try {
      await act();
    } catch (error) {
      if (error.status === undefined) throw error;
      status.textContent = refusal(error).join(' ');
    }
    for (const button of node.querySelectorAll('button')) button.disabled = false;
  };
  const join = (meter) =>
    pressed(async () => {
      status.textContent = W.join.joining;
      const end = await ended(await begun('join', { prm: point.id, meter: meter.id }), () => {});
      if (end.state === 'done') again();
      else status.textContent = problemOf(end) ?? W.join.failed;
    });
  const refuse = pressed(async () => {
    await changed('page', (value) => ({ ...value, not_needed: [...new Set([...(value.not_needed ?? []), NO])] }));
    node.hidden = true;
  });
  const button = (text, onclick) => h('button', { class: 'button', type: 'button', onclick }, text);
  const one = candidates.length === 1 ? candidates[0] : null;
  return notice(
    'info',
    one ? W.join.is(one.name ?? one.id) : W.join.which,
    W.join.more(point.name ?? point.id),
    h(
      'p',
      { class: 'actions' },
      candidates.map((meter) => button(one ? W.join.yes : (meter.name ?? meter.id), join(meter))),
      button(W.join.no, refuse),
      status,
    ),
  );
}

/** Which delivery points have become that of a meter. @type {(imports: {point: string | null, meter: string}[]) => {prm: string, meter: string}[]} */
export const joined = (imports) => [
  ...new Map(imports.flatMap(({ point, meter }) => (point ? [[point, { prm: point, meter }]] : []))).values(),
];

/** @type {(meters: Meter[]) => HTMLElement} */
export function joinedHomes(meters) {
  const node = h('ul', { class: 'lines' });
  const line = ({ prm, meter }) => {
    const name = T.pointName(prm.slice(-4)),
      status = h('span', { class: 'note', role: 'status' });
    const part = async () => {
      try {
        const end = await ended(await begun('join', { prm, meter, apart: true }), () => {});
        if (end.state === 'done') again();
        else status.textContent = problemOf(end) ?? W.join.failed;
      } catch (error) {
        if (error.status === undefined) throw error;
        status.textContent = refusal(error).join(' ');
      }
    };
    return h(
      'li',
      null,
      W.join.joined(name, meters.find(({ id }) => id === meter)?.name ?? meter),
      ' ',
      confirmed({ text: W.join.part, of: name, yes: W.join.yesPart, act: part }),
      status,
    );
  };
  api.imports().then(
    ({ imports }) => node.replaceChildren(...joined(imports).map(line)),
    () => {},
  );
  return node;
}
