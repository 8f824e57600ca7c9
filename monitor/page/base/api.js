// The only module that knows addresses of the API. Its document is api/v1/openapi.json.
//
// Times: `from` and `to` are local days (2026-11-24 = its local midnight) or epoch milliseconds, which travel as ISO with
// Z. The API's `to` is exclusive. The page thinks in whole days, so `to` as a day here is the last day that counts.
import { language } from './i18n.js';
import { learn } from './tariff.js';
import { plusDays } from './time.js';

/** @import * as Answers from '../../../deploy/page/answers' */
/** @import {DayCurve, Energy, Interval, Time} from '../../../deploy/page/types' */

/** status 0: the server did not answer at all; 401: the session of Home Assistant has ended. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{detail?: string, meters?: string[], errors?: {at: string, detail: string}[]}} problem
   */
  constructor(status, { detail, meters, errors } = {}) {
    super(detail ?? `HTTP ${status}`);
    this.status = status;
    this.detail = detail;
    this.meters = meters; // of `live`: one of these must be asked for
    this.errors = errors; // of what was to be saved: what is wrong where
  }
}

/**
 * How far the server's clock is before this device's, ms: a tablet on the wall may be minutes off. A reply has whole
 * seconds and took its time, so the greatest difference is the nearest one.
 */
/** @type {number | null} */
let ahead = null;
export const now = () => Date.now() + (ahead ?? 0);
function setClock(served) {
  const seen = served - Date.now();
  // A clock was set: what was seen before counts no more.
  if (ahead == null || seen > ahead || ahead - seen > 5000) ahead = seen;
}

/**
 * The server's first answers, which it puts into the page that it sends. Each is used once, while it is new: a page may
 * be kept and shown again, and a device whose clock is wrong cannot tell.
 * @type {{at: number, answers: Record<string, any>}}
 */
const first = JSON.parse(document.querySelector('#first')?.textContent ?? '{"at": 0, "answers": {}}');
const NEW = 30000;
const isNew = () => Math.abs(Date.now() - first.at) < NEW;
if (isNew()) setClock(first.at);
function takeFirst(asked) {
  const answer = first.answers[asked];
  delete first.answers[asked];
  return isNew() ? answer : null;
}

const address = (path) => new URL(path, document.baseURI);

function question(route, params = {}) {
  const known = Object.entries({ ...params, lang: language }).filter(([, value]) => value != null);
  return `${route}?${new URLSearchParams(known)}`;
}
export const link = (route, params) => address(`api/v1/${question(route, params)}`).href;

/** @returns {Promise<any>} */
async function get(route, params) {
  const sent = takeFirst(question(route, params));
  if (sent) return sent;
  const response = await ask(route, params, { headers: { Accept: 'application/json' } });
  return response.json();
}

/** @type {(route: string, params: object | undefined, options: RequestInit) => Promise<Response>} */
async function ask(route, params, options) {
  let response;
  try {
    response = await fetch(link(route, params), options);
  } catch {
    throw new Problem(0);
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (date) setClock(date);
  // What was to be saved is still on the screen: there, the visitor logs in when he wants to.
  if (response.status === 401 && !options.method && !isOfHomeAssistant(response)) return login();
  if (!response.ok) throw new Problem(response.status, await problemOf(response));
  return response;
}

/**
 * Writes. What is sent as a page goes is sent all the same.
 * @param {'POST' | 'PUT' | 'DELETE'} method
 * @param {string} route
 * @param {{body?: any, params?: object, version?: number}} [options]
 */
function send(method, route, { body, params, version } = {}) {
  const isFile = body instanceof Blob;
  return ask(route, params, {
    method,
    headers: {
      Accept: 'application/json',
      ...(body !== undefined && { 'Content-Type': isFile ? 'application/octet-stream' : 'application/json' }),
      ...(version !== undefined && { 'If-Match': `"${version}"` }),
    },
    body: body === undefined || isFile ? body : JSON.stringify(body),
    keepalive: body !== undefined && !isFile,
  });
}

/** Its own session has ended: there is no login of ours that could open it again. */
const isOfHomeAssistant = ({ headers }) => headers.get('Content-Type')?.startsWith('text/plain');

/** The session has ended: the server shows its login page, and comes back to this address. */
function login() {
  const base = new URL(document.baseURI);
  const here = location.href.startsWith(base.href) ? location.href.slice(base.href.length) : '';
  location.assign(address(`login?lang=${language}&next=${encodeURIComponent(here)}`));
  return new Promise(() => {}); // nothing is drawn any more
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return {}; // a proxy's error page
  }
}

/** @type {(time: Time) => string} */
const instant = (time) => (typeof time === 'number' ? new Date(time).toISOString() : time);
/** @type {(time: Time) => string} */
const after = (time) => (typeof time === 'number' ? instant(time) : plusDays(time, 1));
/** @type {(from: Time, to: Time) => {from: string, to: string}} */
const between = (from, to) => ({ from: instant(from), to: after(to) });

/** @type {() => Promise<Answers.Meters>} */
export const meters = () => get('meters');
/**
 * Without a meter: of the only one.
 * @type {(meter?: string) => Promise<Answers.Live>}
 */
export const live = (meter) => get('live', { meter });
/** @type {(meter: string) => Promise<Answers.Later>} */
export const later = (meter) => get('later', { meter });
/**
 * What the devices do now.
 * @type {(meter: string) => Promise<Answers.Devices>}
 */
export const devices = (meter) => get('devices', { meter });
export const stream = (meter) => link('live/stream', { meter });
/**
 * A day on a regular grid; the server chooses the step from the number of points that can be seen.
 * align: another day; the answer then lies on the grid of that one, local time on local time.
 * @type {(meter: string, date: string, asked?: {points?: number, align?: string}) => Promise<DayCurve>}
 */
export const series = (meter, date, { points, align } = {}) =>
  get('series', { meter, ...between(date, date), points, align });
/**
 * Single frames between two instants, two hours at most.
 * @type {(meter: string, from: number, to: number, points?: number) => Promise<DayCurve>}
 */
export const frames = (meter, from, to, points) =>
  get('series', { meter, ...between(from, to), points, source: 'frames' });
/**
 * by: hour, day, week, month, year, contract-year; of one `date`, or `from` … `to`. Rows, see below.
 * @param {string} meter
 * @param {{by: string} & ({date: string} | {from: Time, to: Time})} asked
 */
export const energy = async (meter, { by, ...asked }) => {
  const { from, to } = 'date' in asked ? { from: asked.date, to: asked.date } : asked;
  return rows(await get('energy', { meter, by, ...between(from, to) }));
};
/** The address of the same as a file. @type {(meter: string, by: string, from: Time, to: Time) => string} */
export const energyFile = (meter, by, from, to) =>
  link('energy.csv', { meter, by, ...between(from, to), locale: language === 'fr' ? 'fr' : 'c' });
/**
 * Energy of any interval, from the index readings at its ends: {from, to, wh, cost, mean, max: {power, at}}.
 * @type {(meter: string, from: Time, to: Time) => Promise<Interval>}
 */
export const interval = (meter, from, to) => get('interval', { meter, ...between(from, to) });
/**
 * Each hour of each day.
 * @type {(meter: string, from: Time, to: Time) => Promise<Answers.Profile>}
 */
export const profile = (meter, from, to) => get('profile', { meter, by: 'day', ...between(from, to) });
/** @type {(meter: string, from: Time, to: Time, n?: number) => Promise<Answers.Peaks>} */
export const peaks = (meter, from, to, n = 10) => get('peaks', { meter, ...between(from, to), n });
/** @type {(meter: string, from: Time, to: Time) => Promise<Answers.Baseload>} */
export const baseload = (meter, from, to) => get('baseload', { meter, ...between(from, to) });
/** @type {(meter: string, from: Time, to: Time) => Promise<Answers.Why>} */
export const why = (meter, from, to) => get('why', { meter, ...between(from, to) });
/** @type {(meter: string, from: Time, to: Time) => Promise<Answers.Weather>} */
export const weather = (meter, from, to) => get('weather', { meter, ...between(from, to) });
/** @type {(meter: string, at?: string) => Promise<Answers.Notes>} */
export const notes = (meter, at) => get('notes', { meter, at });
/**
 * Newest first; `next` of the answer is the cursor of the page after it.
 * @type {(meter: string, asked?: {kind?: string, cursor?: string, limit?: number}) => Promise<Answers.Events>}
 */
export const events = (meter, { kind, cursor, limit } = {}) => get('events', { meter, kind, cursor, limit });
/** @type {(meter: string, season?: number) => Promise<Answers.Tempo>} */
export const tempo = (meter, season) => get('tempo', { meter, season });
/**
 * At the prices of `today` or of `then`; shift: percent of what ran in peak hours. Without dates: the last 12 months.
 * @type {(meter: string, asked: {from?: Time, to?: Time, prices: string, shift: number}) => Promise<Answers.Compare>}
 */
export const compare = (meter, { from, to, ...asked }) =>
  get('compare', { meter, ...(from && to && between(from, to)), ...asked });
/** @type {(meter: string) => Promise<Answers.Power>} */
export const neededPower = (meter) => get('power', { meter });
/** @type {() => Promise<Answers.Alerts>} */
export const alerts = () => get('alerts');
/** @type {(meter: string) => Promise<Answers.Forecast>} */
export const forecast = (meter) => get('forecast', { meter });
/** @type {() => Promise<Answers.App>} */
export const app = () => get('app');
/** @type {() => Promise<Answers.Ports>} */
export const ports = () => get('ports');
/** @type {(meter?: string) => Promise<Answers.Status>} */
export const status = (meter) => get('status', { meter });

// ---- settings and requests ------------------------------------------------------------------------
/** @typedef {{value: any, version: number}} Saved */
/** @typedef {{at: string, detail: string}} Remark of a field */
/**
 * All sections, by name.
 * @type {() => Promise<Record<string, Saved>>}
 */
export const settings = () => get('settings');
/**
 * The form of each section, by name: settings/form.js.
 * @type {() => Promise<Record<string, any>>}
 */
export const settingsFields = () => get('settings/fields');
/** @type {(name: string) => Promise<Saved>} */
export async function section(name) {
  const response = await ask(`settings/${name}`, {}, { headers: { Accept: 'application/json' } });
  return { ...(await response.json()), version: versionOf(response) };
}
/**
 * Saves a section, if it still has this version.
 * @type {(name: string, value: any, version: number) => Promise<Saved & {warnings?: Remark[], bill?: any}>}
 */
export async function saveSection(name, value, version) {
  const response = await send('PUT', `settings/${name}`, { body: { value }, version });
  return { ...(await response.json()), version: versionOf(response) };
}
/** What saving would answer. @type {(name: string, value: any) => Promise<any>} */
export const tryOut = async (name, value) => (await send('POST', `settings/${name}/check`, { body: { value } })).json();
/**
 * Sends a test message to each address: a URL, or a saved one by its id.
 * @type {(addresses: (string | {id: string})[]) => Promise<Answers.PostAlertsTest>}
 */
export const testAlerts = async (addresses) => (await send('POST', 'alerts/test', { body: { addresses } })).json();
/** What was imported, the newest first. @type {() => Promise<Answers.Imports>} */
export const imports = () => get('imports');
// ---- fetched ---------------------------------------------------------------------------------------
/** @typedef {Answers.Fetch['providers'][number]} Fetched */
/** What is fetched from services outside, and what came of it. @type {() => Promise<Answers.Fetch>} */
export const fetched = () => get('fetch');
/** Asks now, and waits a while. @type {(name: string) => Promise<Fetched>} */
export const tryFetch = async (name) => (await send('POST', `fetch/${name}/try`)).json();
/** @type {(token: string) => Promise<any>} */
export const keepToken = (token) => send('PUT', 'fetch/enedis/token', { body: { token } });
export const removeToken = () => send('DELETE', 'fetch/enedis/token');
/** @type {(id: string) => Promise<any>} */
export const takePrices = (id) => send('POST', 'fetch/prices/take', { body: { id } });
export const giveBackPrices = (id) => send('DELETE', `fetch/prices/take/${encodeURIComponent(id)}`);
// ---- access ---------------------------------------------------------------------------------------
/**
 * Who may see the page, and who may connect to the broker.
 * @typedef {{password: 'set' | 'fixed' | 'none' | 'asked_elsewhere',
 *   sessions: {id: string, browser: string | null, since: string, seen: string, own: boolean}[],
 *   tokens: {id: string, name: string, since: string}[], accounts: {name: string, role: string}[],
 *   broker: {fixed: boolean, may_choose: boolean, may_add: boolean, host: string | null, port: number | null,
 *     tls: boolean, username: string | null}, listens: 'machine' | 'network'}} Access
 */
/** @type {() => Promise<Access>} */
export const access = () => get('access');
/** @type {(password: string, current: string | null) => Promise<any>} */
export const setPassword = (password, current) => send('PUT', 'access/password', { body: { password, current } });
export const endSession = (id) => send('DELETE', `access/sessions/${encodeURIComponent(id)}`);
export const endOtherSessions = () => send('DELETE', 'access/sessions');
/** @type {(name: string) => Promise<{id: string, name: string, since: string, token: string}>} */
export const makeToken = async (name) => (await send('POST', 'access/tokens', { body: { name } })).json();
export const revokeToken = (id) => send('DELETE', `access/tokens/${encodeURIComponent(id)}`);
/** @type {(name: string, role: string) => Promise<{name: string, role: string, password: string}>} */
export const addAccount = async (name, role) =>
  (await send('POST', 'access/accounts', { body: { name, role } })).json();
export const removeAccount = (name) => send('DELETE', `access/accounts/${encodeURIComponent(name)}`);
/** Another broker, once a connection to it was made; host null: the one that came along. */
export const useBroker = (broker) => send('PUT', 'access/broker', { body: broker });

const versionOf = (response) => +(response.headers.get('ETag') ?? '').replace(/^(?:W\/)?"(.*)"$/, '$1');

/** @type {() => Promise<{requests: any[]}>} */
export const requests = () => get('requests');
/** @type {(id: number) => Promise<any>} */
export const request = (id) => get(`requests/${id}`);
/** @type {(kind: string, args: object) => Promise<{id: number}>} */
export const makeRequest = async (kind, args) =>
  (await send('POST', 'requests', { body: { kind, arguments: args } })).json();
export const sendPiece = (id, piece, bytes) => send('PUT', `requests/${id}/body`, { body: bytes, params: { piece } });
export const startRequest = (id) => send('POST', `requests/${id}/start`);
export const cancelRequest = (id) => send('DELETE', `requests/${id}`);
/** Whether Home Assistant can be asked. @type {() => Promise<Answers.HomeAssistant>} */
export const homeAssistant = () => get('home-assistant');
/** What others counted there. @type {() => Promise<Answers.HomeAssistantStatistics['statistics']>} */
export const countedThere = async () => (await get('home-assistant/statistics')).statistics;
/** @type {(asked: {series: string[], meter: string | null, dry_run: boolean}) => Promise<{id: number}>} */
export const importFromThere = async (asked) => (await send('POST', 'home-assistant/import', { body: asked })).json();
/** Its Energy dashboard. @type {() => Promise<Answers.HomeAssistantEnergy>} */
export const energyDashboard = () => get('home-assistant/energy');
/** Adds to it, or takes that out again. @type {(method: 'POST' | 'DELETE') => Promise<Answers.HomeAssistantEnergy>} */
export const changeDashboard = async (method) => (await send(method, 'home-assistant/energy')).json();
/**
 * The numbers in the next message of a topic; null: none came in some seconds.
 * @type {(topic: string) => Promise<Answers.Message>}
 */
export const message = (topic) => get('message', { topic });
/**
 * Devices and meters that are announced on the broker; the first question begins the search.
 * @type {() => Promise<Answers.Discovered>}
 */
export const discovered = () => get('discovered');
/**
 * What is gone and can be forgotten.
 * @type {() => Promise<Answers.Forgettable['gone']>}
 */
export const forgettable = async () => (await get('forgettable')).gone;
/**
 * The offers that a contract may have.
 * @type {() => Promise<Answers.Offers['offers']>}
 */
export const offers = async () => (await get('offers')).offers;
/**
 * The registers now, and at two days.
 * @type {(meter: string, from?: string, to?: string) => Promise<Answers.Indexes>}
 */
export const indexes = (meter, from, to) => get('indexes', { meter, from, to });

/**
 * Energy travels as columns; views think in rows. Wh and 1e-4 EUR stay integers until they are written out.
 * costBy holds null for a register that counted and has no price; `partial` says that some of the cost is missing.
 * @param {Energy} data
 */
export function rows(data) {
  const registers = Object.keys(data.wh);
  learn(registers, data.names);
  const sum = (of) => registers.reduce((total, r) => total + (of[r] ?? 0), 0);
  const list = data.start.map((start, i) => {
    const at = (columns) => Object.fromEntries(registers.map((r) => [r, columns[r]?.[i] ?? null]));
    const wh = at(data.wh),
      costBy = data.cost && at(data.cost),
      subscription = data.cost ? (data.subscription?.[i] ?? 0) : null,
      energy = costBy && sum(costBy);
    return {
      start,
      hours: data.hours[i],
      wh,
      total: sum(wh),
      injected: data.injected_wh?.[i] ?? 0,
      made: data.production_wh?.[i] ?? null,
      own: data.self_consumed_wh?.[i] ?? null,
      recovered: data.recovered_wh?.[i] ?? 0,
      across: data.across_wh?.[i] ?? 0,
      coverage: data.coverage[i],
      costBy,
      energy,
      subscription,
      cost: costBy && energy + subscription,
      partial: data.partial_cost?.[i] ?? false,
    };
  });
  return { ...data, registers, rows: list, priced: Boolean(data.cost) };
}
