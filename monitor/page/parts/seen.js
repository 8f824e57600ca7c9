// Which alerts were put away in this browser, and which need somebody now. No drawing here.
import { remember, remembered } from '../base/memory.js';

/** @import {Alerts} from '../../../deploy/page/answers' */
/** @typedef {Alerts['active'][number]} Alert */

const NAME = 'seen',
  MOST = 50; // more than can hold at the same time
const URGENT = ['overload', 'power_cut', 'silent', 'voltage', 'forgotten'];

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
    const found = JSON.parse(remembered(NAME) ?? '[]');
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** @type {(alert: Pick<Alert, 'id' | 'text'>) => boolean} */
export const isSeen = (alert) => marks().includes(markOf(alert));

/** @param {Pick<Alert, 'id' | 'text'>} alert */
export const putAway = (alert) => remember(NAME, JSON.stringify([...marks(), markOf(alert)].slice(-MOST)));
