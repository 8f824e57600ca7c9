// Why something could not be saved or asked for, in words.
import { T } from '../base/i18n.js';
import { W } from './words.js';

/**
 * What is wrong, and perhaps what helps.
 * @param {import('../base/api.js').Problem | undefined} problem
 * @returns {string[]}
 */
export function refusal(problem) {
  const N = T.notices;
  switch (problem?.status) {
    case 0:
      return [N.away];
    case 401:
      return [N.ended];
    case 403:
      return [problem.detail ?? W.changes.forbidden];
    case 422:
      return (problem.errors ?? []).map(({ detail }) => detail);
    case 503:
      return [problem.detail ?? N.database];
    default:
      return [problem?.detail ?? W.changes.failed];
  }
}
