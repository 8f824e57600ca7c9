// What the household says of itself. Each group is opened where something is to be changed; the address may name one.
import * as api from '../../base/api.js';
import { inApp } from '../../base/browser.js';
import { h } from '../../base/dom.js';
import { T } from '../../base/i18n.js';
import { dateOf } from '../../base/time.js';
import { page } from '../../parts/block.js';
import { notice } from '../../parts/notice.js';
import { accessGroup } from './access.js';
import { alertsGroup } from './alerts.js';
import { backup } from './backup.js';
import { contractGroup } from './contract.js';
import { watch } from './devices.js';
import { foundDevices } from './found.js';
import { goneGroup } from './gone.js';
import { indexGroup } from './indexes.js';
import { meterNames } from './meters.js';
import { canChoose, fixedPorts, portChoice } from './ports.js';
import { pastGroup } from './past.js';
import { sectionForm } from './section.js';
import { widgetsOf } from './widgets.js';
import { W } from './words.js';

/** @import {Context, Meter} from '../../../../deploy/page/types' */
/** @param {Context<Meter | null>} context */
export default async function settings(context) {
  const { meter, meters, now, detail } = context,
    today = dateOf(now());
  const [saved, forms, offers, gone, observed, readers] = await Promise.all([
    api.settings(),
    api.settingsFields(),
    api.offers().catch(() => []),
    api.forgettable().catch(() => []),
    api.status(meter?.id).then(
      (status) => status.off_peak,
      () => [],
    ),
    api.ports().then(
      (answer) => answer.readers,
      () => [],
    ),
  ]);
  /** @type {import('./section.js').Section[]} */
  const opened = [],
    own = () => (saved.prices?.value.offers ?? []).map(({ id, name }) => ({ id, name: name || id, supplier: '' })),
    widgets = widgetsOf({ meters, offers: () => [...own(), ...offers.filter(({ supplier }) => supplier)], observed });
  const section = (name, more = {}) => {
    const one = sectionForm({ name, form: forms[name], saved: saved[name], widgets, ...more });
    opened.push(one);
    return one;
  };
  const plainly = (name) => () => [section(name).node];
  /** By what the address calls it. @type {[string, keyof typeof W.groups, (() => any[]) | false | null][]} */
  const groups = [
    ['contrat', 'contract', () => contractGroup({ meter, today, section, forms, widgets })],
    [
      'compteurs',
      'meters',
      () => [section('meters', { draw: (place) => meterNames(place, forms.meters, meters) }).node],
    ],
    ['notes', 'notes', () => [section('notes', { begin: { at: today } }).node]],
    ['budget', 'budget', plainly('budget')],
    ['alertes', 'alerts', () => alertsGroup({ section, saved })],
    ['appareils', 'sources', () => devices({ meter, meters, section, form: withSources(forms.sources) })],
    ['conservation', 'keep', () => [section('retention').node, backup()]],
    ['passe', 'past', () => pastGroup({ meter, meters })],
    ['index', 'indexes', meter && (() => indexGroup(meter, today))],
    ['oubli', 'gone', () => goneGroup(gone)],
    [
      'port',
      'port',
      () => [
        canChoose(readers) && section('ports', { draw: (place) => portChoice(place, readers) }).node,
        ...fixedPorts(readers),
        !readers.length && h('p', { class: 'muted' }, W.ports.nobody),
      ],
    ],
    ['acces', 'access', () => accessGroup({ section })],
    ['langue', 'language', plainly('page')],
  ];
  return {
    title: T.places.settings,
    node: page(
      'settings',
      T.places.settings,
      whoMay(),
      groups.map(([slug, name, make]) => make && group({ slug, title: W.groups[name], isOpen: detail === slug }, make)),
    ),
    entered: () => document.querySelector('.group[open]')?.scrollIntoView({ block: 'start' }),
    leave: () => opened.forEach((one) => one.leave()),
  };
}

/** Where no password is asked, that is said: the server says so in index.html. */
function whoMay() {
  if (inApp()) return notice('info', W.app);
  return 'open' in document.documentElement.dataset && notice('info', W.open);
}

const withSources = (form) => ({ ...form, item: { ...form.item, widget: 'source' } });

function devices({ meter, meters, section, form }) {
  const found = foundDevices(() => sources, meters.length > 1 ? meter?.id : undefined),
    /** @type {import('./section.js').Section} */
    sources = section('sources', { form, above: found.node, told: found.refresh });
  if (meter) setTimeout(() => watch(sources.node, meter.id));
  return [sources.node];
}

/** Made when it is opened first. */
function group({ slug, title, isOpen }, make) {
  const body = h('div'),
    fill = () => body.hasChildNodes() || body.append(...make().filter(Boolean));
  const node = h(
    'details',
    { class: 'group', 'data-key': slug, open: isOpen, ontoggle: () => node.open && fill() },
    h('summary', { onclick: fill }, h('h2', null, title)),
    body,
  );
  if (isOpen) fill();
  return node;
}
