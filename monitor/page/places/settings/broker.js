// The MQTT broker: where it is, who else has an account of it, and another one in its place.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import { refusal } from '../../parts/refusal.js';
import { confirmed } from './confirm.js';
import { shownOnce } from './shown_once.js';
import { smallForm } from './small_form.js';
import { W } from './words.js';

/** @import {Access} from '../../base/api.js' */

/** @type {(access: Access, look: () => Promise<void>) => HTMLElement} */
export function brokerBlock({ broker, accounts }, look) {
  const status = h('p', { class: 'status-line', role: 'status' });
  const doing = (act) => async () => {
    try {
      await act();
      await look();
    } catch (error) {
      if (error.status === undefined) throw error;
      status.replaceChildren(icon('warn'), ...refusal(error));
    }
  };
  const isOwn = broker.host == null && !broker.fixed,
    isReachable = broker.port != null;
  return h(
    'section',
    null,
    h('h3', null, W.broker.title),
    isReachable ? facts(broker) : h('p', { class: 'note' }, W.broker.inside),
    broker.fixed && h('p', { class: 'note' }, W.broker.fixed),
    broker.may_add && isOwn && accountList(broker, accounts, doing),
    broker.may_choose && otherBroker(isOwn, look, doing),
    status,
  );
}

/** As devices of the home network reach it. @type {(broker: Access['broker']) => [string, string][]} */
const addressRows = ({ host, port, tls }) => [
  [W.broker.host, host ?? location.hostname],
  [W.broker.port, `${port}`],
  ...(tls ? /** @type {[string, string][]} */ ([[W.broker.tls, W.broker.yes]]) : []),
];

const facts = (broker) =>
  h(
    'dl',
    { class: 'facts' },
    [...addressRows(broker), ...(broker.username ? [[W.broker.username, broker.username]] : [])].map(([name, text]) =>
      h('div', null, h('dt', null, name), h('dd', null, text)),
    ),
  );

/** @type {(broker: Access['broker'], accounts: Access['accounts'], doing: (act: () => any) => () => any) => HTMLElement} */
function accountList(broker, accounts, doing) {
  const list = h('ul', { class: 'plain lines' });
  const line = ({ name, role }) =>
    h(
      'li',
      null,
      h('span', null, name, h('span', { class: 'note' }, W.broker.roles[role] ?? role)),
      confirmed({
        text: W.remove,
        of: name,
        yes: W.broker.removeYes,
        act: doing(() => api.removeAccount(name)),
      }),
    );
  const show = (all) => {
    list.replaceChildren(...all.map(line));
    list.hidden = !all.length;
  };
  const form = smallForm({
    at: 'account[0]',
    text: W.broker.add,
    begin: { role: 'home-assistant' },
    fields: [
      { kind: 'text', name: 'name', label: W.broker.name, help: W.broker.nameHelp, required: true, longest: 32 },
      {
        kind: 'choice',
        name: 'role',
        label: W.broker.role,
        required: true,
        choices: Object.entries(W.broker.roles).map(([value, label]) => ({ value, label })),
      },
    ],
    async act({ name, role }) {
      const made = await api.addAccount(name, role);
      accounts = [...accounts, made];
      show(accounts);
      return shownOnce(linesOf(made, broker));
    },
  });
  show(accounts);
  return h('div', null, h('h4', null, W.broker.accounts), h('p', { class: 'note' }, W.broker.accountsHelp), list, form);
}

/**
 * What is entered elsewhere with a new account, or run.
 * @type {(account: {name: string, role: string, password: string}, broker: Access['broker']) => [string, string][]}
 */
export function linesOf({ name, role, password }, broker) {
  /** @type {[string, string][]} */
  const rows = [...addressRows(broker), [W.broker.username, name], [W.broker.password, password]];
  if (role === 'device') rows.push([W.broker.topic, `sources/${name}`]);
  if (role === 'phone') rows.push([W.broker.command, commandOf(name, password, broker)]);
  return rows;
}

/** @type {(name: string, password: string, broker: Access['broker']) => string} */
const commandOf = (name, password, { host, port, tls }) =>
  `mosquitto_sub -h ${host ?? location.hostname} -p ${port}${tls ? ' --tls-use-os-certs' : ''} -u ${name} -P '${password}' -v -t 'teleinfo/+/state'`;

/** Where another broker is; used: once it is. @type {(used: () => Promise<void> | void) => HTMLElement} */
export const brokerForm = (used) =>
  smallForm({
    at: 'broker[0]',
    text: W.broker.use,
    begin: { port: 1883, tls: false },
    fields: [
      { kind: 'text', name: 'host', label: W.broker.host, required: true, longest: 253 },
      { kind: 'integer', name: 'port', label: W.broker.port, required: true, low: 1, high: 65535 },
      { kind: 'text', name: 'username', label: W.broker.username },
      { kind: 'text', widget: 'secret', name: 'password', label: W.broker.password },
      { kind: 'switch', name: 'tls', label: W.broker.tls },
    ],
    async act({ host, port, username = null, password = null, tls }) {
      await api.useBroker({ host, port, username, password, tls });
      await used();
      return [icon('ok'), W.broker.used];
    },
  });

/** @type {(isOwn: boolean, look: () => Promise<void>, doing: (act: () => any) => () => any) => HTMLElement} */
function otherBroker(isOwn, look, doing) {
  if (!isOwn)
    return h(
      'p',
      null,
      confirmed({
        text: W.broker.back,
        of: '',
        yes: W.broker.backYes,
        act: doing(() => api.useBroker({ host: null })),
      }),
    );
  return h(
    'details',
    { class: 'other' },
    h('summary', null, W.broker.other),
    h('p', { class: 'note' }, W.broker.otherHelp),
    brokerForm(look),
  );
}
