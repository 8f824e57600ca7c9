// Which meters there are. Asked for once; again when the answer was only a stand-in.
import * as api from './api.js';
import { T } from './i18n.js';
import { remember, remembered } from './memory.js';
import { useZone } from './time.js';

let known = null;

/** {zone, meters}. What the database does not know yet, or cannot say: as this browser knew it, or what is live. */
export async function house() {
  if (known) return known;
  let found;
  try {
    found = await api.meters();
    if (found.meters.length) {
      await Promise.all(found.meters.filter(isNew).map(complete));
      if (!found.meters.some(isNew)) known = found;
      remember('house', JSON.stringify(found));
    } else found.meters = await liveOnes();
  } catch (error) {
    if (error.status !== 503) throw error;
    found = before() ?? { zone: 'Europe/Paris', meters: await liveOnes() };
    if (!found.meters.length) throw error;
  }
  useZone(found.zone);
  return found;
}

/** Before its first readings, the database does not know the power of a meter; what is live does. */
const isNew = (meter) => meter.first == null;
async function complete(meter) {
  const live = await api.live(meter.id).catch(() => null);
  meter.subscribed ??= live?.subscribed ?? null;
}

function before() {
  try {
    return JSON.parse(remembered('house'));
  } catch {
    return null;
  }
}

async function liveOnes() {
  const live = await api.live().catch(() => null);
  if (!live?.meter || !live.at) return [];
  return [{ id: live.meter, name: T.meterName(live.meter.slice(-4)), unit: live.unit, subscribed: live.subscribed }];
}
