// One sentence: is all well, and if not, what to look at. No drawing here.

/** What to look at, the worst first: names of links (T.status.link) and of facts (T.status.facts). */
export function troubles({ links, audit, disk }) {
  const found = links.filter(({ state }) => !['up', 'unknown'].includes(state)).map(({ id }) => ['link', id]);
  if (audit && !audit.ok) found.push(['facts', 'audit']);
  if (disk?.years != null && disk.years < 1) found.push(['facts', 'disk']);
  return found;
}

/** complete, recovered, gap, none: what a day's square says. */
export function level(day) {
  if (!day?.hours) return 'none';
  if (day.coverage >= 0.9995) return 'complete';
  return day.recovered ? 'recovered' : day.coverage > 0 || day.total ? 'gap' : 'none';
}
