// What alerts there are and were, which of them are sent, and whether the messages arrive.
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { language, T } from '../../base/i18n.js';
import { plainTable } from '../../parts/table.js';
import { href } from '../../base/router.js';
import { pairs, when } from './facts.js';

const S = T.status;
const LATEST = 5; // that are shown at once

/** @import {Alerts} from '../../../../deploy/page/answers' */

/** @param {Alerts} answer */
export const alertList = ({ sends, rules, active, past, addresses }) =>
  h(
    'section',
    { class: 'block journal' },
    h('h2', null, T.alerts.title),
    active.length + past.length
      ? events(T.alerts.title, [...active, ...past.slice(0, LATEST)])
      : h('p', { class: 'muted' }, S.alerts.none),
    past.length > LATEST &&
      h(
        'details',
        { class: 'figures', 'data-key': 'older' },
        h('summary', null, S.alerts.older(past.length - LATEST)),
        events(S.alerts.older(past.length - LATEST), past.slice(LATEST)),
      ),
    sends ? sent(addresses) : h('p', { class: 'note' }, S.alerts.notSent),
    h(
      'details',
      { class: 'rules', 'data-key': 'rules' },
      h('summary', null, S.alerts.rules(rules.filter(({ on }) => on).length, rules.length)),
      h(
        'ul',
        null,
        rules.map(({ on, text }) => h('li', { class: on ? null : 'muted' }, icon(on ? 'ok' : 'minus'), rule(text, on))),
      ),
    ),
  );

const rule = (text, on) => (on ? text[language] : S.alerts.off(text[language]));

/** @type {(name: string, list: Alerts['past']) => HTMLElement} */
function events(name, list) {
  const [alert, began, duration] = S.alerts.columns;
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
  if (!ended) return h('span', { class: 'warn-text' }, icon('warn'), S.alerts.active);
  return ended === began ? '' : f.duration(Date.parse(ended) - Date.parse(began));
}

/** @param {Alerts['addresses']} addresses */
function sent(addresses) {
  if (!addresses.length) return h('p', { class: 'note' }, S.alerts.nothingSent);
  return [
    h('h3', { class: 'small-head' }, S.alerts.messages),
    pairs(
      addresses.map((one) => {
        const isBroken = one.failed_at && (!one.sent_at || one.failed_at > one.sent_at);
        return [
          one.name,
          isBroken ? broken(one) : S.alerts.sent(one.sent),
          one.sent_at && S.alerts.last(when(one.sent_at)),
        ];
      }),
    ),
  ];
}

/** @param {Alerts['addresses'][number]} address */
function broken({ failed_at, failed, waiting, why }) {
  const counts = [waiting && S.alerts.waiting(waiting), failed && S.alerts.failed(failed)].filter(Boolean);
  const reason = S.alerts.why[why] ?? why;
  return h('span', { class: 'warn-text' }, icon('warn'), `${counts.join(', ')} (${reason}, ${when(failed_at)})`);
}
