// Who may see this page: its password, browsers that are logged in, the home network, tokens for programs; and who may
// connect to the MQTT broker. What does not apply to an installation is not shown.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { dateOf } from '../../base/time.js';
import { refusal } from '../../parts/refusal.js';
import { brokerBlock } from './broker.js';
import { confirmed } from './confirm.js';
import { shownOnce } from './shown_once.js';
import { smallForm } from './small_form.js';
import { W } from './words.js';

/** @import {Access} from '../../base/api.js' */

/** What the server refuses of a password; said before it is sent, too. */
const SHORTEST = 8;

/** @param {{section: import('./contract.js').MakeSection}} options */
export function accessGroup({ section }) {
  const body = h('div'),
    network = section('access');
  async function look() {
    try {
      draw(await api.access());
    } catch (error) {
      if (error.status === undefined) throw error;
      body.replaceChildren(...refusal(error).map((text) => h('p', { class: 'muted' }, text)));
    }
  }
  /** @param {Access} access */
  function draw(access) {
    const isOurs = access.password !== 'asked_elsewhere';
    body.replaceChildren(
      ...[
        isOurs ? passwordBlock(access, look) : h('p', { class: 'note' }, W.access.elsewhere),
        isOurs && access.sessions.length > 0 && sessionBlock(access.sessions, look),
        isOurs && access.listens === 'network' && block(W.access.network, network.node),
        isOurs && tokenBlock(access.tokens, look),
        brokerBlock(access, look),
      ].filter((one) => one !== false),
    );
  }
  look();
  return [body];
}

const block = (title, ...content) => h('section', null, h('h3', null, title), content);

/** Does something and looks at what is there then; why it was refused is said in its place. */
function doing(place, look, act) {
  return async () => {
    try {
      await act();
      await look();
    } catch (error) {
      if (error.status === undefined) throw error;
      place.replaceChildren(icon('warn'), ...refusal(error));
    }
  };
}

/** @type {(access: Access, look: () => Promise<void>) => HTMLElement} */
function passwordBlock({ password }, look) {
  if (password === 'fixed') return block(W.access.password, h('p', { class: 'note' }, W.access.fixed));
  const isSet = password === 'set';
  const form = smallForm({
    at: 'password[0]',
    text: isSet ? W.access.change : W.access.set,
    fields: [
      ...(isSet ? [{ kind: 'text', widget: 'secret', name: 'current', label: W.access.current, required: true }] : []),
      {
        kind: 'text',
        widget: 'secret',
        name: 'password',
        label: W.access.new,
        help: W.access.newHelp(SHORTEST),
        required: true,
      },
    ],
    async act({ current = null, password: chosen }) {
      await api.setPassword(chosen, current);
      if (!isSet) await look();
      return [icon('ok'), W.access.changed];
    },
  });
  return block(W.access.password, !isSet && h('p', { class: 'note' }, W.access.none), form);
}

export const when = (time) => `${f.fullDate(dateOf(Date.parse(time)))}, ${f.clock(Date.parse(time))}`;

/** @type {(sessions: Access['sessions'], look: () => Promise<void>) => HTMLElement} */
function sessionBlock(sessions, look) {
  const others = sessions.filter(({ own }) => !own),
    status = h('p', { class: 'status-line', role: 'status' });
  const button = (text, of, act) =>
    h(
      'button',
      { class: 'link-button', type: 'button', onclick: doing(status, look, act) },
      text,
      of && h('span', { class: 'hidden' }, ` ${of}`),
    );
  const line = ({ id, browser, since, seen, own }) =>
    h(
      'li',
      null,
      h(
        'span',
        null,
        browser ?? W.access.unknown,
        own && h('strong', null, ` (${W.access.own})`),
        h('span', { class: 'note' }, W.access.seen(when(since), when(seen))),
      ),
      !own && button(W.access.close, browser ?? W.access.unknown, () => api.endSession(id)),
    );
  return block(
    W.access.sessions,
    h('ul', { class: 'plain lines' }, sessions.map(line)),
    others.length > 1 && button(W.access.closeOthers, '', () => api.endOtherSessions()),
    status,
  );
}

/** @type {(tokens: Access['tokens'], look: () => Promise<void>) => HTMLElement} */
function tokenBlock(tokens, look) {
  const status = h('p', { class: 'status-line', role: 'status' }),
    list = h('ul', { class: 'plain lines' });
  const line = ({ id, name, since }) =>
    h(
      'li',
      null,
      h('span', null, name, h('span', { class: 'note' }, W.access.made(when(since)))),
      confirmed({
        text: W.access.revoke,
        of: name,
        yes: W.access.revokeYes,
        act: doing(status, look, () => api.revokeToken(id)),
      }),
    );
  const show = (all) => {
    list.replaceChildren(...all.map(line));
    list.hidden = !all.length;
  };
  const form = smallForm({
    at: 'token[0]',
    text: W.access.makeToken,
    fields: [
      {
        kind: 'text',
        name: 'name',
        label: W.access.tokenName,
        help: W.access.tokenNameHelp,
        required: true,
        longest: 40,
      },
    ],
    async act({ name }) {
      const made = await api.makeToken(name);
      tokens = [...tokens, made];
      show(tokens);
      return shownOnce([
        [W.access.token, made.token],
        [
          W.access.example,
          `curl -H 'Authorization: Bearer ${made.token}' ${new URL('api/v1/live', document.baseURI).href}`,
        ],
      ]);
    },
  });
  show(tokens);
  return block(
    W.access.tokens,
    h('p', { class: 'note' }, W.access.tokensHelp),
    h('p', { class: 'note' }, W.access.mcp(new URL('mcp', document.baseURI).href)),
    list,
    form,
    status,
  );
}
