// What several houses draw together. No drawing here.
import { standing } from './feed_state.js';

/** {rows, sum} of answers of `live`, each {power, wh, cost}; null: not known, and then the sum is not, either. */
export function together(answers) {
  const rows = answers.map((live) => ({
    power: live && standing(live, 'live', 0, 0).known ? live.power : null,
    wh: live?.today?.wh ?? null,
    cost: live?.today?.cost ?? null,
  }));
  const add = (name) => rows.reduce((sum, row) => (sum == null || row[name] == null ? null : sum + row[name]), 0);
  return { rows, sum: { power: add('power'), wh: add('wh'), cost: add('cost') } };
}
