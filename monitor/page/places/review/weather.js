// What the comparison with the year before would be in the same weather.
import * as f from '../../base/format.js';
import { W } from './words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

/**
 * The change, if it can be told, and what it rests on. Where it was warm, where days are missing, or where more is drawn
 * on warm days, nothing.
 * @type {(answer: Answers.Weather | null | undefined) => {change?: string, text: string, note: string} | null}
 */
export function weatherOf(answer) {
  const compared = answer?.compared;
  if (!answer || !compared?.wh_per_degree_day || compared.wh_per_degree_day < 0 || compared.quality == null)
    return null;
  const explained = W.explained(f.percent(compared.quality), f.number(compared.days));
  if (compared.why_not === 'weak') return { text: W.weatherWeak, note: f.capital(explained) };
  if (compared.change == null) return null;
  return { change: f.signedPercent(compared.change), text: W.equalWeather, note: f.capital(explained) };
}
