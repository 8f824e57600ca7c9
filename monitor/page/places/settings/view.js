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
import { fetchGroup } from './fetch.js';
import { FIRST_VISIT, knownOf, toDo } from './first/steps.js';
import { firstVisit } from './first/view.js';
import { sourcesSection } from './found.js';
import { goneGroup } from './gone.js';
import { homeAssistantGroup } from './home_assistant.js';
import { indexGroup } from './indexes.js';
import { joinedHomes, joinQuestion } from './join.js';
import { meterNames } from './meters.js';
import { canChoose, fixedPorts, portChoice } from './ports.js';
import { pastGroup } from './past.js';
import { sectionsOf } from './sections.js';
import { W } from './words.js';

/** @import {Context, Meter} from '../../../../deploy/page/types' */
/** @param {Context<Meter | null>} context */
export default async function settings(context) {
  const { meter, meters, now, detail } = context,
    today = dateOf(now());
  if (detail === FIRST_VISIT) return firstVisit(context);
  const [sections, gone, known, there] = await Promise.all([
      sectionsOf(context),
      api.forgettable().catch(() => []),
      knownOf(),
      api.homeAssistant().catch(() => null),
    ]),
    { saved, forms, readers, widgets, section } = sections;
  const plainly = (name) => () => [section(name).node];
  /** By what the address calls it. @type {[string, keyof typeof W.groups, (() => any[]) | false | null][]} */
  const groups = [
    [
      'contrat',
      'contract',
      () => {
        const { contracts, prices } = contractGroup({ meter, today, section, forms, widgets });
        return [...contracts, prices];
      },
    ],
    [
      'compteurs',
      'meters',
      () => [section('meters', { draw: (place) => meterNames(place, forms.meters, meters) }).node, joinedHomes(meters)],
    ],
    ['notes', 'notes', () => [section('notes', { begin: { at: today } }).node]],
    ['budget', 'budget', plainly('budget')],
    ['alertes', 'alerts', () => alertsGroup({ section, saved })],
    ['appareils', 'sources', () => [sourcesSection({ meter, meters, section, form: forms.sources }).node]],
    ['conservation', 'keep', () => [section('retention').node, backup()]],
    ['passe', 'past', () => pastGroup({ meter, meters })],
    ['exterieur', 'fetch', () => fetchGroup({ meters, section, form: forms.fetch })],
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
    ['homeassistant', 'homeAssistant', !!there?.configured && homeAssistantGroup],
    ['langue', 'language', plainly('page')],
  ];
  return {
    title: T.places.settings,
    node: page(
      'settings',
      T.places.settings,
      whoMay(),
      joinQuestion(meters),
      toDo({ ...known, saved, meter }),
      groups.map(([slug, name, make]) => make && group({ slug, title: W.groups[name], isOpen: detail === slug }, make)),
    ),
    entered: () => document.querySelector('.group[open]')?.scrollIntoView({ block: 'start' }),
    leave: sections.leave,
  };
}

/** Where no password is asked, that is said: the server says so in index.html. */
function whoMay() {
  if (inApp()) return notice('info', W.app);
  return 'open' in document.documentElement.dataset && notice('info', W.open);
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
