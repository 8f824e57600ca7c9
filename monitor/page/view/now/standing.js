// What can be said of the newest value: is it known, how does it come, what is wrong. No drawing here.
const STALE = 15000; // without an answer of the server

/** The newest `live`, and what a later event says of it. An event leaves out what has not changed. */
export function merged(live, news) {
  const next = { ...live, ...news, links: { ...live.links, ...news.links } };
  if (!('ring' in news)) next.ring = null; // only of the answer that brought it
  if (news.links?.meter === 'up' && !news.silent_since) next.silent_since = null;
  return next;
}

/**
 * {known, word, wrong}: known: is live.power the power of now; word: how the values come (a key of T.now);
 * wrong: what to tell, the worst first (keys of T.notices).
 */
export function standing(live, mode, heard, now) {
  const { links } = live,
    wrong = [];
  const down = (name) => links[name] === 'down';
  const away = mode === 'reconnecting' && now - heard > STALE;
  if (live.overload) wrong.push('overload');
  if (down('mqtt')) wrong.push('mqtt');
  else if (down('reader')) wrong.push('reader');
  else if (down('meter')) wrong.push('silent');
  if (down('database')) wrong.push('database');
  else if (down('storer')) wrong.push('storer');
  const cut = down('mqtt') || down('reader') || down('meter');
  const word = mode === 'reconnecting' ? 'reconnecting' : cut ? 'stopped' : mode === 'slow' ? 'slow' : 'live';
  return { known: live.power != null && !cut && !away, word, wrong };
}
