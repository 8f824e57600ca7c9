// Home Assistant: how this program relates to its own integrations, and its Energy dashboard, filled by a click.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { refusal } from '../../parts/refusal.js';
import { W } from './words.js';

/** @typedef {import('../../../../deploy/page/answers').HomeAssistantEnergy} Dashboard */

export function homeAssistantGroup() {
  const E = W.there,
    body = h('div', { 'aria-live': 'polite' });
  /** @param {() => Promise<Dashboard>} ask */
  async function show(ask) {
    body.replaceChildren(h('p', null, E.asking));
    try {
      body.replaceChildren(...drawn(await ask()));
    } catch (error) {
      if (error.status === undefined) throw error;
      body.replaceChildren(
        h('p', { class: 'wrong' }, icon('warn'), refusal(error).join(' ')),
        button(E.again, api.energyDashboard),
      );
    }
  }
  const button = (text, ask, kind = 'button') =>
    h('button', { class: kind, type: 'button', onclick: () => show(ask) }, text);
  /** @type {(dashboard: Dashboard) => HTMLElement[]} */
  const drawn = ({ missing, present, others, can_undo: canUndo }) =>
    [
      !missing.length && !present.length && h('p', { class: 'muted' }, E.nothing),
      ...entries(E.present, present),
      ...entries(E.missing, missing),
      missing.length > 0 &&
        others.length > 0 &&
        h('p', { class: 'warn-text' }, icon('warn'), E.others(others.join(', '))),
      h(
        'div',
        { class: 'actions' },
        missing.length > 0 && button(E.add, () => api.changeDashboard('POST')),
        canUndo && button(E.undo, () => api.changeDashboard('DELETE'), 'link-button'),
      ),
    ].filter((one) => one !== false);
  show(api.energyDashboard);
  return [h('p', { class: 'note' }, E.relation), h('h3', null, E.title), h('p', { class: 'note' }, E.help), body];
}

/** @type {(title: string, list: Dashboard['missing']) => HTMLElement[]} */
const entries = (title, list) =>
  list.length
    ? [
        h('p', null, title),
        h(
          'ul',
          { class: 'found' },
          list.map((one) => h('li', null, one.name, ' ', h('span', { class: 'note' }, noted(one)))),
        ),
      ]
    : [];

/** @type {(entry: Dashboard['missing'][number]) => string} */
export const noted = ({ exported, cost }) =>
  f.joined([exported ? W.there.exported : cost ? W.there.priced : W.there.unpriced]);
