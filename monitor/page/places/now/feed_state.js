// What can be said of the newest value: is it known, how does it come, what is wrong. No drawing here.
const STALE = 10000; // without an answer of the server

/** The newest `live`, and what a later answer or event says. An event has only a part: it may be the day's new peak. */
export function merged(live, news) {
  const now = { ...live, ...news, ring: news.ring ?? null, links: { ...live.links, ...news.links } };
  if (news.fresh && !now.interval && now.peak && news.power > now.peak.power)
    now.peak = { power: news.power, at: news.at };
  return now;
}

/**
 * {known, word, wrong}: known: is live.power the power of now; word: how the values come (a key of the place's words);
 * wrong: what to tell, the worst first (keys of T.notices).
 */
export function feedState(live, mode, heard, now) {
  if (mode === 'ended') return { known: false, word: 'stopped', wrong: ['ended'] };
  // What was wrong before may be well by now.
  if (mode === 'reconnecting' && now - heard > STALE) return { known: false, word: mode, wrong: ['away'] };
  const { links } = live,
    wrong = [];
  const quiet = links.mqtt === 'down' || links.meter === 'down' || live.fresh === false;
  if (live.overload && !quiet) wrong.push('overload');
  if (links.mqtt === 'down') wrong.push('mqtt');
  else if (quiet) wrong.push('silent');
  if (links.database === 'down') wrong.push('database');
  else if (links.storer === 'down' || links.storer === 'stalled') wrong.push('storer');
  const word = mode === 'reconnecting' ? mode : quiet ? 'stopped' : mode;
  return { known: live.power != null && !quiet, word, wrong };
}

/** From here on the subscribed power is near. */
export const NEAR = 0.9;
const isNear = (power, limit) => power >= limit * NEAR && power <= limit;

/**
 * What is left before the breaker, VA: {left, phase, near}; below 0: how much too much. Of three phases that of the
 * tightest one, which opens it; phase: its number, or null. Null when nothing is known of a limit, or of one of three
 * phases: it may be the tightest one. Of a meter that arrives decoded (interval) it is not measurable.
 */
export function headroom(limit, { power, phases, interval }) {
  if (interval) return null;
  if (!phases?.length)
    return limit && power != null ? { left: limit - power, phase: null, near: isNear(power, limit) } : null;
  if (!phases.every((p) => p.limit && p.power != null)) return null;
  return phases
    .map((p, i) => ({ left: p.limit - p.power, phase: i + 1, near: isNear(p.power, p.limit) }))
    .reduce((tightest, p) => (p.left < tightest.left ? p : tightest));
}

const DRAWS = { dryer: 2500, car: 7400 }; // VA

/** The name of an appliance that takes more than what is left. */
export const tooMuch = (left) => Object.keys(DRAWS).find((name) => DRAWS[name] > left) ?? null;
