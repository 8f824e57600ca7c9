// Which meters there are, and the server's clock. Asked for once; again when the answer was only a stand-in.
import * as api from './api.js';
import { T } from './i18n.js';
import { remember, remembered } from './memory.js';
import { useZone } from './time.js';

let known = null;

/** The page's clock is the server's: a tablet on the wall may be minutes off. */
export function now() {
  const { at, received } = api.served;
  return at == null ? Date.now() : at + (Date.now() - received);
}

/** {zone, meters}. Without the database: what this browser knew, or the one meter that is live. */
export async function house() {
  if (known) return known;
  let found;
  try {
    found = await api.meters();
    if (found.meters.length) known = found;
    remember('house', JSON.stringify(found));
  } catch (error) {
    if (error.status !== 503) throw error;
    found = before() ?? (await fromLive(error));
  }
  useZone(found.zone);
  return found;
}

function before() {
  try {
    return JSON.parse(remembered('house'));
  } catch {
    return null;
  }
}

async function fromLive(error) {
  const live = await api.live().catch(() => null);
  if (!live?.at) throw error;
  const meter = {
    id: live.meter,
    name: T.meterName(live.meter.slice(-4)),
    unit: live.unit,
    subscribed: live.subscribed,
  };
  return { zone: 'Europe/Paris', meters: [meter] };
}
