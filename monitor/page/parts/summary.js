// One sentence: is all well, and if not, what to look at. No drawing here.

const DAY = 86400e3,
  BACKUP_DAYS = 8; // a weekly one is not late on its day

/** What to look at, the worst first: names of links (W.summary.link) and of facts (W.summary.facts). */
export function troubles({ links, audit, disk, backup, prices_error, unused, refused_topics }, now) {
  const wrong = links.filter(({ state }) => !['up', 'unknown'].includes(state)).map(({ id }) => ['link', id]);
  if (audit && !audit.ok) wrong.push(['facts', 'audit']);
  if (disk?.years != null && disk.years < 1) wrong.push(['facts', 'disk']);
  if (staleDays(backup, now)) wrong.push(['facts', 'backup']);
  if (prices_error) wrong.push(['facts', 'prices']);
  if (unused?.length > 0 || refused_topics?.length > 0) wrong.push(['facts', 'settings']);
  return wrong;
}

/**
 * What a home that works still lacks: names of W.summary.facts.
 * @returns {string[]}
 */
export function toDo({ links, backup }, told) {
  const blind = links.some(({ id, state }) => id === 'database' && state !== 'up');
  return [...(backup || blind ? [] : ['backup']), ...(told?.sends === false ? ['alerts'] : [])];
}

/** Of these, what is wrong with what is kept: disk, backup, audit. */
export const keeping = (status, now) =>
  troubles(status, now)
    .filter(([list, name]) => list === 'facts' && !['prices', 'settings'].includes(name))
    .map(([, name]) => name);

/** How many days ago the last backup was, if it should have been repeated since; else null. None at all is no fault. */
export function staleDays(backup, now) {
  const days = backup ? Math.floor((now - Date.parse(backup.at)) / DAY) : 0;
  return days >= BACKUP_DAYS ? days : null;
}

/** complete, recovered, gap, none: what a day's square says. */
export function level(day) {
  if (!day?.hours) return 'none'; // rows begin with the first frame
  if (day.coverage >= 0.9995) return 'complete';
  return day.recovered ? 'recovered' : 'gap';
}
