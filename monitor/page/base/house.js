// Which meters there are, and whose numbers are shown: what the address says, else what was chosen last, else the first
// meter. Asked for once; again when the answer was only a stand-in.
import * as api from './api.js';
import { T } from './i18n.js';
import { remember, remembered } from './browser.js';
import { REGISTERS } from './offers.js';
import { useZone } from './time.js';

/** @import {Choice, Meter} from '../../../deploy/page/types' */
/** @import {Live} from '../../../deploy/page/answers' */

export const ALL = 'tous';

/** A home that only has imports stands under its delivery point (PRM) until its meter comes. @type {(meter: Meter) => boolean} */
export const isPoint = ({ id }) => /^\d{14}$/.test(id);

const has = (meter, id) => meter.id === id || meter.replaced?.includes(id);

/**
 * What the page shows; place: null where it has none.
 * @type {(meters: Meter[], asked: string | null, last: string | null, place: string | null) => Choice}
 */
export function chosen(meters, asked, last, place) {
  const find = (id) => meters.find((meter) => has(meter, id)) ?? null;
  const one = find(asked);
  if (asked != null && asked !== ALL && !one && meters.length) return { meter: null, all: false, unknown: asked };
  return {
    meter: one ?? find(last) ?? meters.find((meter) => !isPoint(meter)) ?? meters[0] ?? null,
    all: place === 'now' && meters.length > 1 && (asked ?? last) === ALL,
    unknown: null,
  };
}

/** @typedef {{zone: string, meters: Meter[]}} House */

/** @type {House | null} */
let known = null;

/**
 * What the database does not know yet, or cannot say: as this browser knew it, or what is live.
 * @returns {Promise<House>}
 */
export async function house() {
  if (known) return known;
  /** @type {House} */
  let answer;
  try {
    answer = await api.meters();
    if (answer.meters.length) {
      if (!answer.meters.some(isNew)) known = answer;
      remember('house', JSON.stringify(answer));
    } else answer.meters = await liveOnes();
  } catch (error) {
    if (error.status !== 503) throw error;
    answer = before() ?? { zone: 'Europe/Paris', meters: await liveOnes() };
    if (!answer.meters.length) throw error;
  }
  useZone(answer.zone);
  // The page has its own language, whatever that of the server is.
  const digits = telling(answer.meters.map((meter) => meter.id));
  for (const meter of answer.meters)
    meter.name ??= (isPoint(meter) ? T.pointName : T.meterName)(meter.id.slice(-digits));
  return answer;
}

/** How many of the last digits tell the meters apart: four, nearly always. */
const telling = (ids) => [4, 8].find((n) => new Set(ids.map((id) => id.slice(-n))).size === ids.length) ?? 12;

const isNew = (meter) => meter.first == null;

/**
 * Before its first readings, the database does not know power and offer of a meter; what is live does.
 * @type {(meter: Meter | null) => Promise<Meter | null>}
 */
export async function completed(meter) {
  if (!meter || !isNew(meter) || isPoint(meter)) return meter;
  const live = await api.live(meter.id).catch(() => null);
  meter.subscribed ??= live?.subscribed ?? null;
  meter.offer ??= offerOf(live);
  meter.structure ??= structureOf(live);
  return meter;
}

function before() {
  try {
    return JSON.parse(remembered('house') ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Only Tempo changes what the page shows: its days have a colour.
 * @type {(live: Live | null) => string | null}
 */
const offerOf = (live) => (live?.colour ? structureOf(live) : null);

/** What a meter counts by. @type {(live: Live | null) => string | null} */
const structureOf = (live) => REGISTERS[live?.register ?? '']?.offer ?? null;

/**
 * What the broker knows, while the database does not: of several meters the server wants one named.
 * @returns {Promise<Meter[]>}
 */
async function liveOnes() {
  try {
    const live = await api.live();
    return live.meter && live.at ? [liveOne(live)] : [];
  } catch (error) {
    const all = (error.meters ?? []).map((id) => api.live(id).catch(() => null));
    const answers = (await Promise.all(all)).filter(Boolean);
    return answers.sort((a, b) => Number(!a.at) - Number(!b.at)).map(liveOne); // whoever speaks comes first
  }
}
/** @type {(live: Live) => Meter} */
const liveOne = (live) => ({
  id: live.meter,
  unit: live.unit,
  subscribed: live.subscribed,
  offer: offerOf(live),
  structure: structureOf(live),
});
