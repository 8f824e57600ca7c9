// What the household says of itself. Each group is opened where something is to be changed; the address may name one.
import * as api from '../../base/api.js';
import { inApp } from '../../base/browser.js';
import { h } from '../../base/dom.js';
import { T } from '../../base/i18n.js';
import { page } from '../../parts/block.js';
import { notice } from '../../parts/notice.js';
import { sectionForm } from './section.js';
import { widgetsOf } from './widgets.js';
import { W } from './words.js';

/** The groups, by what the address calls them, and the sections that have their forms there. */
const GROUPS = /** @type {[string, keyof typeof W.groups, string[]][]} */ ([
  ['contrat', 'contract', ['contracts', 'prices']],
  ['compteurs', 'meters', ['meters']],
  ['notes', 'notes', ['notes']],
  ['budget', 'budget', ['budget']],
  ['appareils', 'sources', ['sources']],
  ['conservation', 'keep', ['retention']],
  ['port', 'port', ['ports']],
  ['langue', 'language', ['page']],
]);

/** @import {Context, Meter} from '../../../../deploy/page/types' */
/** @param {Context<Meter | null>} context */
export default async function settings(context) {
  const [saved, forms] = await Promise.all([api.settings(), api.settingsFields()]),
    widgets = widgetsOf(context),
    /** @type {import('./section.js').Section[]} */
    opened = [];
  const section = (name) => {
    const one = sectionForm({ name, form: forms[name], saved: saved[name], widgets });
    opened.push(one);
    return one.node;
  };
  const groups = GROUPS.map(([slug, name, sections]) =>
    group({ slug, title: W.groups[name], isOpen: context.detail === slug }, () =>
      sections.filter((one) => forms[one]).map(section),
    ),
  );
  return {
    title: T.places.settings,
    node: page('settings', T.places.settings, whoMay(), groups),
    entered: () => document.querySelector('.group[open]')?.scrollIntoView({ block: 'start' }),
    leave: () => opened.forEach((one) => one.leave()),
  };
}

/** Where no password is asked, that is said: the server says so in index.html. */
const whoMay = () => {
  if (inApp()) return notice('info', W.app);
  return 'open' in document.documentElement.dataset && notice('info', W.open);
};

/** Made when it is opened first. */
function group({ slug, title, isOpen }, make) {
  const body = h('div'),
    fill = () => body.hasChildNodes() || body.append(...make());
  const node = h(
    'details',
    { class: 'group', 'data-key': slug, open: isOpen, ontoggle: () => node.open && fill() },
    h('summary', null, h('h2', null, title)),
    body,
  );
  if (isOpen) fill();
  return node;
}
