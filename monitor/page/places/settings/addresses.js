// Where messages are sent. An address is a secret: once saved, only its service and an id come back, so a removed one
// cannot be put back, and is asked for twice.
import * as api from '../../base/api.js';
import { h, icon } from '../../base/dom.js';
import { refusal } from '../../parts/refusal.js';
import { madeUpTopic, NTFY, serverOf, topicLink, URL_OF } from './address_urls.js';
import { confirmed } from './confirm.js';
import { drawn, field } from './form.js';
import { qrCode } from './qr.js';
import { secret } from './small_form.js';
import { W } from './words.js';

/** @import {Saved} from '../../base/api.js' */
/** @import {Node, Place} from './form.js' */
/** @typedef {keyof typeof URL_OF} Service */
/** What is tried or kept: a URL, or what is saved, by its id. @typedef {string | {id: string}} Address */

/** What is entered of each service; a question mark: may be left out. @type {Record<Service, string[]>} */
const FIELDS = {
  ntfy: ['server?', 'user?', 'password?'],
  mail: ['server', 'security', 'user?', 'password?', 'to'],
  telegram: ['token', 'chat'],
  freemobile: ['user', 'key'],
  other: ['url'],
};
const SECRETS = ['password', 'token', 'key', 'url'];

/** @param {Saved} saved the section of the addresses */
export function addressBlock(saved) {
  let { value, version } = saved;
  const list = h('ul', { class: 'plain lines' }),
    status = h('p', { class: 'status-line', role: 'status' }),
    adding = h('div'),
    none = h('p', { class: 'note' }, W.addresses.none),
    node = h('div', { class: 'section', 'data-section': 'addresses' }, none, list, adding, status);

  const show = (...parts) => status.replaceChildren(...parts);

  /** Buttons rest meanwhile: an answer may take some seconds. @type {(text: string, work: () => Promise<void>) => Promise<void>} */
  async function during(text, work) {
    const buttons = [...node.querySelectorAll('button')];
    show(text);
    for (const one of buttons) one.disabled = true;
    try {
      await work();
    } catch (error) {
      if (error.status === undefined) throw error;
      show(icon('warn'), ...refusal(error));
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  }

  /** @param {Address} address */
  const test = (address) =>
    during(W.addresses.testing, async () => {
      const [{ service, ok, said }] = await api.testAlerts([address]);
      show(icon(ok ? 'ok' : 'warn'), W.addresses.said(W.addresses.services[service] ?? service, said));
    });

  /** @param {Address[]} next */
  const save = (next) =>
    during(W.saving, async () => {
      try {
        ({ value, version } = await api.saveSection('addresses', next, version));
        show(icon('ok'), W.saved);
      } catch (error) {
        if (error.status !== 412) throw error;
        ({ value, version } = await api.section('addresses'));
        show(icon('info'), W.elsewhere);
      }
      draw();
    });

  const entry = ({ service, id }) => {
    const name = W.addresses.name(W.addresses.services[service] ?? service, id);
    return h(
      'li',
      null,
      h('span', null, name),
      h(
        'span',
        null,
        h(
          'button',
          { class: 'link-button', type: 'button', onclick: () => test({ id }) },
          W.addresses.test,
          h('span', { class: 'hidden' }, ` ${name}`),
        ),
        confirmed({
          text: W.remove,
          of: name,
          yes: W.addresses.removeYes,
          act: () => save(value.filter((one) => one.id !== id).map((one) => ({ id: one.id }))),
        }),
      ),
    );
  };

  function draw() {
    list.replaceChildren(...value.map(entry));
    list.hidden = !value.length;
    none.hidden = value.length > 0;
    const more = h('button', { class: 'button', type: 'button', onclick: () => open() }, icon('plus'), W.addresses.add);
    value.length ? adding.replaceChildren(more) : open();
  }
  const open = () =>
    adding.replaceChildren(
      newAddress({
        test: (url) => (url ? test(url) : show(icon('warn'), W.addresses.wrong)),
        add: (url) => (url ? save([...value.map(({ id }) => ({ id })), url]) : show(icon('warn'), W.addresses.wrong)),
      }),
    );
  draw();
  return node;
}

/** @param {{test: (url: string | null) => any, add: (url: string | null) => any}} acts */
function newAddress({ test, add }) {
  const body = h('div'),
    services = /** @type {Service[]} */ (Object.keys(FIELDS));
  /** @type {Service} */
  let service = 'ntfy';
  let value = {};
  const place = {
    at: 'addresses[new]',
    get: () => value,
    set(next) {
      value = next;
      followTopic();
    },
  };
  let followTopic = () => {};
  function choose() {
    value = service === 'ntfy' ? { topic: madeUpTopic() } : {};
    const topic = service === 'ntfy' ? topicBlock(place) : null,
      form = fieldsOf(service, place),
      own = h('details', { class: 'other' }, h('summary', null, W.addresses.ownServer), form);
    followTopic = topic?.refresh ?? (() => {});
    body.replaceChildren(h('p', { class: 'note' }, W.addresses.help[service]), ...(topic ? [topic.node, own] : [form]));
  }
  const select = h(
    'select',
    {
      onchange: () => {
        service = /** @type {Service} */ (select.value);
        choose();
      },
    },
    services.map((one) => h('option', { value: one }, W.addresses.services[one])),
  );
  const button = (text, act) =>
    h('button', { class: 'button', type: 'button', onclick: () => act(URL_OF[service](value)) }, text);
  choose();
  return h(
    'div',
    { class: 'new-address' },
    field({ kind: 'choice', required: true, label: W.addresses.which }, place, select),
    body,
    h('p', { class: 'actions' }, button(W.addresses.test, test), button(W.addresses.keep, add)),
  );
}

/** @type {(service: Service, place: Place) => HTMLElement} */
function fieldsOf(service, place) {
  const words = W.addresses.fields;
  const nodes = FIELDS[service].map((one) => {
    const name = one.replace('?', ''),
      [label, help] = [words[`${service}_${name}`] ?? words[name]].flat();
    const node = { kind: 'text', name, label, help, longest: 300, required: !one.endsWith('?') };
    if (name === 'security')
      return {
        ...node,
        kind: 'choice',
        default: 'starttls',
        choices: W.addresses.security.map(([value, label]) => ({ value, label })),
      };
    return { ...node, widget: SECRETS.includes(name) ? 'secret' : '' };
  });
  return drawn({ kind: 'record', fields: nodes }, place, { widgets: { secret }, nameOf: () => 'entry' }) ?? h('div');
}

/** The topic of ntfy: for a camera, a browser, and to be typed. @param {Place} place */
function topicBlock(place) {
  const code = h('div'),
    link = h('a', { target: '_blank', rel: 'noreferrer' }),
    node = h(
      'div',
      { class: 'topic' },
      code,
      h('div', null, h('p', null, W.addresses.topic, h('br'), h('code', null, place.get().topic)), h('p', null, link)),
    );
  let drawn = '';
  async function refresh() {
    const value = place.get(),
      address = topicLink(value);
    link.href = address;
    link.textContent = W.addresses.open(serverOf(value.server ?? NTFY)?.host ?? NTFY);
    if (address === drawn) return;
    drawn = address;
    const picture = await qrCode(address, W.addresses.qr).catch(() => ''); // without it, the name is still there
    if (address === drawn) code.replaceChildren(picture);
  }
  refresh();
  return { node, refresh };
}
