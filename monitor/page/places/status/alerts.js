// What alerts there are and were, which of them are sent, and whether the messages arrive.
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { language } from '../../base/i18n.js';
import { plainTable } from '../../parts/table.js';
import { href } from '../../base/router.js';
import { pairs, when } from './facts.js';
import { W as PARTS } from '../../parts/words.js';
import { W } from './words.js';

const LATEST = 5; // that are shown at once

/** @import {Alerts} from '../../../../deploy/page/answers' */

/** @param {Alerts} answer */
export const alertList = ({ sends, rules, active, past, addresses }) =>
  h(
    'section',
    { class: 'block event-list' },
    h('h2', null, PARTS.alerts.title),
    active.length + past.length
      ? events(PARTS.alerts.title, [...active, ...past.slice(0, LATEST)])
      : h('p', { class: 'muted' }, W.alerts.none),
    past.length > LATEST &&
      h(
        'details',
        { class: 'figures', 'data-key': 'older' },
        h('summary', null, W.alerts.older(past.length - LATEST)),
        events(W.alerts.older(past.length - LATEST), past.slice(LATEST)),
      ),
    sends ? sent(addresses) : h('p', { class: 'note' }, W.alerts.notSent),
    h(
      'details',
      { class: 'rules', 'data-key': 'rules' },
      h('summary', null, W.alerts.rules(rules.filter(({ on }) => on).length, rules.length)),
      h(
        'ul',
        null,
        rules.map(({ on, text }) => h('li', { class: on ? null : 'muted' }, icon(on ? 'ok' : 'minus'), rule(text, on))),
      ),
    ),
  );

const rule = (text, on) => (on ? text[language] : W.alerts.off(text[language]));

/** @type {(name: string, list: Alerts['past']) => HTMLElement} */
function events(name, list) {
  const [alert, began, duration] = W.alerts.columns;
  return plainTable({
    caption: name,
    columns: [
      [alert, ({ text }) => text[language], 'words'],
      [began, linkOf, 'words'],
      [duration, lasted],
    ],
    rows: list,
    stacks: true,
  });
}

/** @param {Alerts['past'][number]} alert */
const linkOf = ({ path, meter, began }) => h('a', { href: href(path, meter ? { compteur: meter } : {}) }, when(began));

/** @param {Alerts['past'][number]} alert */
function lasted({ began, ended }) {
  if (!ended) return h('span', { class: 'warn-text' }, icon('warn'), W.alerts.active);
  return ended === began ? '' : f.duration(Date.parse(ended) - Date.parse(began));
}

/** @param {Alerts['addresses']} addresses */
function sent(addresses) {
  if (!addresses.length) return h('p', { class: 'note' }, W.alerts.nothingSent);
  return [
    h('h3', { class: 'small-head' }, W.alerts.messages),
    pairs(
      addresses.map((one) => {
        const isBroken = one.failed_at && (!one.sent_at || one.failed_at > one.sent_at);
        return [
          one.name,
          isBroken ? broken(one) : W.alerts.sent(one.sent),
          one.sent_at && W.alerts.last(when(one.sent_at)),
        ];
      }),
    ),
  ];
}

/** @param {Alerts['addresses'][number]} address */
function broken({ failed_at, failed, waiting, why }) {
  const counts = [waiting && W.alerts.waiting(waiting), failed && W.alerts.failed(failed)].filter(Boolean);
  const reason = W.alerts.why[why] ?? why;
  return h('span', { class: 'warn-text' }, icon('warn'), `${counts.join(', ')} (${reason}, ${when(failed_at)})`);
}
