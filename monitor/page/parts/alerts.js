// What is wrong, as the server's alerts have it: said on every place, as long as it lasts.
import { remember, remembered } from '../base/browser.js';
import * as api from '../base/api.js';
import { h, say } from '../base/dom.js';
import * as f from '../base/format.js';
import { language, T } from '../base/i18n.js';
import { piece } from './refresh.js';
import { quietNotice } from './notice.js';
import { here, href } from '../base/router.js';
import { dateOf } from '../base/time.js';
import { W } from './words.js';

/** @import {Alerts} from '../../../deploy/page/answers' */

// Which alerts were put away in this browser, and which need somebody now. No drawing here.

const NAME = 'seen',
  MOST_SEEN = 50; // more than can hold at the same time
const URGENT = ['overload', 'power_cut', 'silent'];

/** @type {(alert: Pick<Alert, 'kind'>) => boolean} */
export const isUrgent = ({ kind }) => URGENT.includes(kind);

/**
 * What must stay as it is for an alert to stay away: days and amounts change while it lasts.
 * @param {Pick<Alert, 'id' | 'text'>} alert
 */
const markOf = ({ id, text }) => `${id} ${text.fr.replace(/[\d\s.,]+/g, ' ')}`;

/** @returns {string[]} */
function marks() {
  try {
    const kept = JSON.parse(remembered(NAME) ?? '[]');
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** @type {(alert: Pick<Alert, 'id' | 'text'>) => boolean} */
export const isSeen = (alert) => marks().includes(markOf(alert));

/** @param {Pick<Alert, 'id' | 'text'>} alert */
export const putAway = (alert) => remember(NAME, JSON.stringify([...marks(), markOf(alert)].slice(-MOST_SEEN)));

/** @typedef {Alerts['active'][number]} Alert */

const MOST = 3; // that are said: the others are in the list of « État »

/** @type {Alert[]} */
let active = [];
/** @type {{meter: string | null, kinds: string[]}} */
let covered = { meter: null, kinds: [] };
/** @type {Promise<Alerts | null>} */
let asked = Promise.resolve(null);
/** @type {Set<string> | null} ids; null: nothing is known yet */
let known = null;

const banner = () =>
  piece(
    /** @type {(list: Alert[], place: string) => HTMLElement | false} */
    (list, place) => list.length > 0 && several(list, place),
  );
/** What needs somebody now, and what may wait: two colours, and on a phone two places. */
const urgent = banner(),
  advice = banner();

/** @type {(list: Alert[], place: string) => HTMLElement} */
const several = (list, place) =>
  h(
    'div',
    { class: 'notices alerts' },
    list.slice(0, MOST).map((alert) => one(alert, place)),
    list.length > MOST && h('p', null, h('a', { href: href('etat') }, W.alerts.more(list.length - MOST))),
  );

/** @type {(alert: Alert, place: string) => HTMLElement} */
function one(alert, place) {
  const { text, began, path, meter } = alert;
  const isHere = path.split('/')[0] === place,
    words = text[language];
  const seen = () => {
    putAway(alert);
    show();
  };
  return h(
    'div',
    { class: 'alert' },
    quietNotice(isUrgent(alert) ? 'warn' : 'advice', [
      isHere ? words : h('a', { href: href(path, meter ? { compteur: meter } : {}) }, words),
      isUrgent(alert) && h('span', { class: 'note' }, ` ${since(Date.parse(began))}`),
    ]),
    h(
      'button',
      { class: 'link-button', onclick: seen },
      W.alerts.seen,
      h('span', { class: 'hidden' }, `${T.colon}${words}`),
    ),
  );
}

/** @type {(at: number) => string} */
function since(at) {
  const day = dateOf(at),
    time = f.hour(at);
  return W.alerts.since(day === dateOf(api.now()) ? time : T.notices.onDay(f.dayMonth(day), time));
}

/** Without what the place says itself, and what was put away. */
const uncovered = () =>
  active.filter(
    (alert) =>
      !(covered.kinds.includes(alert.kind) && (alert.meter ?? covered.meter) === covered.meter) && !isSeen(alert),
  );

function show() {
  const list = uncovered();
  urgent.show(list.filter(isUrgent), here().place, dateOf(api.now()));
  advice.show(
    list.filter((alert) => !isUrgent(alert)),
    here().place,
    dateOf(api.now()),
  );
}

/** @param {Alert[]} list */
function take(list) {
  active = list;
  show();
  // Heard once by a screen reader, when it begins.
  const news = uncovered().filter(({ id }) => known && !known.has(id));
  if (news.length) say(news.map(({ text }) => `${text[language]}.`).join(' '));
  known = new Set(list.map(({ id }) => id));
}

export const alerts = {
  /** What needs somebody now: to be put below the head of a place. */
  get urgent() {
    return urgent.node;
  },
  /** The others. */
  get advice() {
    return advice.node;
  },
  /** Ask again; what was said stays while nobody answers. */
  async look() {
    show(); // this may be another place
    asked = api.alerts().catch(() => null);
    const answer = await asked;
    if (answer) take(answer.active);
  },
  /** What is active, as the live stream has it. */
  take,
  /** The last answer. */
  get latest() {
    return asked;
  },
  /**
   * A place says some kinds itself, of its meter, with its newest values.
   * @type {(meter: string | null, kinds: string[]) => void}
   */
  cover(meter, kinds) {
    covered = { meter, kinds };
    show();
  },
  /** @type {(kind: string) => boolean} */
  says: (kind) => active.some((alert) => alert.kind === kind),
};
