// The steps of the first visit, and which of them are done. That follows from the data: what was done elsewhere counts.
import * as api from '../../../base/api.js';
import { h } from '../../../base/dom.js';
import { isPoint } from '../../../base/house.js';
import { href } from '../../../base/router.js';
import { changed } from '../../../parts/changes.js';
import { hasPast } from '../../../parts/known/known.js';
import { W } from '../words.js';

/** @import {Meter} from '../../../../../deploy/page/types' */
/** @import {Saved} from '../../../base/api.js' */
/** @typedef {'password' | 'broker' | 'meter' | 'contract' | 'past' | 'phone' | 'devices'} Name */
/** isClosed: it cannot be opened again. @typedef {{name: Name, slug: string, isDone: boolean, isClosed?: boolean}} Step */
/**
 * What the steps are known by; access: null where the server asks for nothing; found: how many devices.
 * @typedef {{access: any, saved: Record<string, Saved>, meter: Meter | null, found: number}} Known
 */
/**
 * What a step is given: next: goes on; decline: says that it is not needed, and goes on; done: says whether it is done now.
 * @typedef {Awaited<ReturnType<typeof import('../sections.js').sectionsOf>> & {meter: Meter | null, meters: Meter[], today: string,
 *   next: () => void, decline: () => Promise<void>, done: (isDone: boolean) => void}} Tools
 * @typedef {{nodes: any[], leave?: () => void}} Made
 */

export const FIRST_VISIT = 'debut';
/** As the address calls them. @type {Record<Name, string>} */
export const SLUGS = {
  password: 'mot-de-passe',
  broker: 'mqtt',
  meter: 'compteur',
  contract: 'contrat',
  past: 'passe',
  phone: 'alertes',
  devices: 'appareils',
};

/** @type {(known: Known) => Step[]} */
export function stepsOf({ access, saved, meter, found }) {
  const isNotNeeded = (name) => (saved.page.value.not_needed ?? []).includes(name),
    isFilled = (name) => saved[name].value.length > 0,
    hasPassword = access?.password === 'set';
  const step = (name, isDone, more = {}) => ({ name, slug: SLUGS[name], isDone, ...more });
  return [
    ['none', 'set'].includes(access?.password) && step('password', hasPassword, { isClosed: hasPassword }),
    access?.broker.may_choose && step('broker', Boolean(access.broker.host || (meter && !isPoint(meter)))),
    step('meter', Boolean(meter && !isPoint(meter))),
    step('contract', isFilled('contracts')),
    step('past', hasPast(meter) || isNotNeeded('past')),
    step('phone', isFilled('addresses') || isNotNeeded('phone')),
    (found > 0 || isFilled('sources')) && step('devices', isFilled('sources') || isNotNeeded('devices')),
  ].filter((one) => one !== false && one != null);
}

/** That with a name; else the first that is to be done, else the meter. @type {(steps: Step[], slug: string | null) => Step} */
export const stepAt = (steps, slug) =>
  steps.find((one) => one.slug === slug && !one.isClosed) ??
  steps.find(({ isDone }) => !isDone) ??
  /** @type {Step} */ (steps.find(({ name }) => name === 'meter'));

/** The next that is to be done; undefined: that was all. @type {(steps: Step[], name: Name) => Step | undefined} */
export const nextOf = (steps, name) => after(steps, name).find(({ isDone }) => !isDone);
/** @type {(steps: Step[], name: Name) => Step | undefined} */
export const previousOf = (steps, name) => after([...steps].reverse(), name).find(({ isClosed }) => !isClosed);
const after = (steps, name) => steps.slice(steps.findIndex((one) => one.name === name) + 1);

/**
 * What is known of the steps beside the settings; found: the first question only begins the search.
 * @type {() => Promise<Pick<Known, 'access' | 'found'>>}
 */
export async function knownOf() {
  const [access, found] = await Promise.all([
    api.access().catch(() => null),
    api.discovered().then(
      ({ devices }) => devices.length,
      () => 0,
    ),
  ]);
  return { access, found };
}

/** Says that a step is not needed here. @type {(name: Name) => Promise<any>} */
export const declined = (name) =>
  changed('page', (value) => ({ ...value, not_needed: [...new Set([...(value.not_needed ?? []), name])] }));

/**
 * What is still to be done, at the head of the settings: each with the way to its step. A broker is there anyway.
 * @type {(known: Known) => HTMLElement | false}
 */
export function toDo(known) {
  const left = stepsOf(known).filter(({ isDone, name }) => !isDone && name !== 'broker'),
    link = ({ name, slug }) => h('a', { href: addressOf(slug) }, W.first.steps[name].toDo);
  return (
    left.length > 0 &&
    h(
      'section',
      { class: 'to-do' },
      h('h2', null, W.first.toDo),
      h(
        'ul',
        { class: 'plain' },
        left.map((one) => h('li', null, link(one))),
      ),
    )
  );
}

/** @type {(slug: string) => string} */
export const addressOf = (slug) => href(`reglages/${FIRST_VISIT}`, { etape: slug });
