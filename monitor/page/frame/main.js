import { h, ofPage } from '../base/dom.js';
import { T } from '../base/i18n.js';
import { alerts } from '../parts/alerts.js';
import { now } from '../base/api.js';
import { chosen, completed, house, isPoint } from '../base/house.js';
import { joined } from '../base/format.js';
import { remembered } from '../base/browser.js';
import { reloadIfNewer, reloadButton } from '../parts/new_version.js';
import { keepFresh } from '../parts/refresh.js';
import { notice } from '../parts/notice.js';
import { choices, drawPlaces, meterChoice } from './places.js';
import { here, start } from '../base/router.js';
import { setup } from './setup.js';
import { openFirstVisit } from './first_visit.js';
import { waiting } from '../parts/waiting.js';
import * as theme from './theme.js';
import { isDate, period } from '../base/time.js';
import { blank, page, wayTo } from '../parts/block.js';
import nowView from '../places/now/view.js';
import { wall } from '../places/now/wall.js';

/** @import {Context, Meter, View} from '../../../deploy/page/types' */
/** @typedef {() => Promise<(context: Context<any>) => Promise<View> | View>} Load */

/** @type {(load: () => Promise<any>) => () => Promise<any>} */
const fetched = (load) => async () => {
  try {
    return await load();
  } catch (error) {
    const status = await reloadIfNewer(); // a newer page has another name for it
    throw Object.assign(error, { status: status === 401 ? 401 : 0 });
  }
};
/** @type {(name: keyof typeof import('./others.js')) => () => Promise<any>} */
const other = (name) => fetched(async () => (await import('./others.js'))[name]);
/** @type {Record<string, [string, Load]>} */
const VIEWS = {
  '': ['now', async () => nowView],
  jour: ['day', other('day')],
  bilan: ['review', other('review')],
  contrats: ['contracts', other('contracts')],
  etat: ['status', other('status')],
  reglages: ['settings', fetched(async () => (await import('./settings.js')).default)],
};
/** What there is to see and to set before the first meter. */
const WITHOUT_METER = [VIEWS.etat[1], VIEWS.reglages[1]];
/** @type {Record<string, Load>} */
const HOUSES = { unknown: other('unknown'), all: other('together'), imported: other('imported') };
// What may stand after a place, and what else is said of it.
const DETAILS = {
  jour: [isDate, T.address.day],
  bilan: [period, T.address.period],
  contrats: [(text) => /^\d{4}$/.test(text), T.address.season],
  reglages: [(text) => /^[a-z]+$/.test(text), () => T.address.nothing],
};
const RETRY = 15000;
const SLOW = 300;
const N = T.notices;
const main = ofPage('#main'),
  nav = ofPage('#nav');
/** @type {(() => void) | null} */
let leave = null;
/** @type {string | null} */
let shown = null; // the place
let retry = 0,
  turn = 0;

/** Draws what the address asks for. */
async function render({ focus = false } = {}) {
  const mine = ++turn,
    address = here(),
    exists = Object.hasOwn(VIEWS, address.place),
    [name, load] = VIEWS[exists ? address.place : ''],
    current = exists ? name : null;
  leave?.();
  leave = null;
  clearTimeout(retry);
  main.setAttribute('aria-busy', 'true');
  const slow = setTimeout(() => mine === turn && name !== shown && wait(T.places[name]), SLOW);
  wall(address.query);
  setup.look();
  alerts.look();
  waiting.look();
  /** @type {Context<Meter | null>} */
  let context = { meters: [], meter: null, choice: chosen([], null, null, name), now, title: '', ...address };
  try {
    context = await contextOf(name, current, address);
    if (mine === turn) drawPlaces(nav, current, context);
    const view = nothing(address) ?? (await draw(load, context));
    if (mine !== turn) return view.leave?.();
    present(view, context, current);
    shown = name;
    if (focus) {
      main.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  } catch (error) {
    if (mine !== turn) return;
    console.error(error);
    drawPlaces(nav, current, context);
    main.replaceChildren(failed(T.places[name], error), foot());
    shown = name;
    if (!(error.status >= 400 && error.status < 500) || error.status === 401) retry = setTimeout(again, RETRY);
  } finally {
    clearTimeout(slow);
    if (mine === turn) main.removeAttribute('aria-busy');
  }
}

/** What a view is given: the meters there are, the one that is chosen, and the address. */
async function contextOf(name, current, { detail, query }) {
  const { meters } = await house();
  const choice = chosen(meters, query.get('compteur'), remembered('meter'), current),
    meter = await completed(choice.meter);
  return { meters, meter, choice, now, detail, query, title: T.places[name] };
}

/**
 * Puts a view into the document, and keeps it alive until the next one.
 * @type {(view: View, context: Context<Meter | null>, current: string | null) => void}
 */
function present(view, context, current) {
  const trouble = h('div', { class: 'trouble' });
  view.node.querySelector('.head')?.after(setup.node, waiting.node, alerts.urgent, alerts.advice, trouble);
  if (current === 'now' && context.meters.some(isPoint))
    other('joinHint')().then((hint) => trouble.after(hint(context.meters)));
  // On a phone what may wait would push the power out of sight.
  if (matchMedia('(max-width: 44em)').matches) view.node.querySelector('.now-grid > .power')?.after(alerts.advice);
  entitle(view.title, context.choice.all ? T.allMeters : context.meter?.name);
  main.replaceChildren(...[meterChoice(context, current), view.node, foot()].filter((node) => node != null));
  const stop = keepFresh({ now, tick: view.tick, refresh: () => refresh(view, trouble), midnight: () => render() });
  leave = () => {
    stop();
    view.leave?.();
  };
  view.entered?.();
}

const foot = () => h('footer', { class: 'page-foot' }, choices());

/**
 * Of an address that is none: what is wrong with it, and the way to the right one.
 * @type {(address: {place: string, detail: string}) => View | null}
 */
function nothing({ place, detail }) {
  const known = Object.hasOwn(VIEWS, place),
    [fits, text] = (known && DETAILS[place]) || [];
  if (known && (!detail || !fits || fits(detail))) return null;
  const name = T.places[known ? VIEWS[place][0] : 'now'];
  const title = known ? name : T.address.title,
    why = known ? text(detail) : T.address.nothing;
  return { title, node: page('', title, blank(why, wayTo(known ? place : '', T.address.go(name)))) };
}

const entitle = (...parts) => {
  document.title = joined([...parts, 'TeleInfo']);
};

/** What was here belongs to another place: below this address it would be wrong. */
function wait(title) {
  entitle(title);
  main.replaceChildren(page('', title));
  shown = null;
}

/** Ask again what a view shows of today. What it showed stays while nobody answers, and that is said. */
async function refresh(view, trouble) {
  setup.look();
  alerts.look();
  waiting.look();
  try {
    await view.refresh?.();
    if (trouble.hasChildNodes()) reloadIfNewer();
    trouble.replaceChildren();
  } catch (error) {
    if (error.status === undefined) throw error;
    const [what, more] = wrong(error);
    trouble.replaceChildren(notice('warn', what, more));
  }
}

/**
 * Without any meter there is nothing but its absence, and the state of the links.
 * @type {(load: Load, context: Context<Meter | null>) => Promise<View>}
 */
async function draw(load, context) {
  const { meter, choice } = context,
    one = meter || WITHOUT_METER.includes(load) ? load : VIEWS[''][1];
  const onlyPast = one === VIEWS[''][1] && meter && isPoint(meter),
    which = choice.unknown ? 'unknown' : choice.all ? 'all' : onlyPast ? 'imported' : '';
  const view = await (HOUSES[which] ?? one)();
  return view(context);
}

// Nobody is there to press a button beside a tablet on the wall.
function again() {
  if (document.hidden) document.addEventListener('visibilitychange', again, { once: true });
  else render();
}

function wrong(error) {
  if (error.status === 401) return [N.ended, reloadButton()];
  if (error.status === 503) return [N.database, N.databaseMore];
  return error.status === 0 ? [N.away, N.awayMore] : [N.failed, error.detail ?? N.failedMore];
}

/** @type {(title: string, error: import('../base/api.js').Problem) => HTMLElement} */
function failed(title, error) {
  const [what, more] = wrong(error);
  const button = error.status !== 401 && h('button', { class: 'button', onclick: () => render() }, N.retry);
  return h(
    'div',
    { class: 'page' },
    h('h1', null, title),
    setup.node,
    waiting.node,
    alerts.urgent,
    alerts.advice,
    notice('warn', what, more, button),
  );
}

theme.start();
ofPage('.skip').textContent = T.skip;
nav.setAttribute('aria-label', T.pages);
start(render);
openFirstVisit();
