import * as f from '../../base/format.js';
import { contradiction, drawnName, madeFacts, worthFacts } from '../../sources/sources.js';
import { W } from './words.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { wall } from '../../base/time.js';
import { compared, isWhole, reasonOf, sideOf } from '../../parts/compared.js';
import { keyValues } from '../../parts/table.js';
import { remark, oldPrices, whosePrices } from '../../parts/notice.js';

/** @import * as Answers from '../../../../deploy/page/answers' */

// What the comparison with the year before would be in the same weather.
/**
 * The change, if it can be told, and what it rests on. Where it was warm, where days are missing, or where more is drawn
 * on warm days, nothing.
 * @type {(answer: Answers.Weather | null | undefined) => {change?: string, text: string, note: string, thermometer: string | null} | null}
 */
export function weatherOf(answer) {
  const compared = answer?.compared;
  if (!answer || !compared?.wh_per_degree_day || compared.wh_per_degree_day < 0 || compared.quality == null)
    return null;
  const explained = W.explained(f.percent(compared.quality), f.number(compared.days));
  const said = { note: f.capital(explained), thermometer: answer.thermometer };
  if (compared.why_not === 'weak') return { text: W.weatherWeak, ...said };
  if (compared.change == null) return null;
  return { change: f.signedPercent(compared.change), text: W.equalWeather, ...said };
}

/**
 * Energy and cost of the whole period, the parts of the bill, and comparisons: [name, answer or null, weather]; hour: until
 * which a period is compared that began today, null if there is none yet.
 */
export function totals({ data, closed, hour, others, open, updated }) {
  const { whole, prices } = data,
    { cost } = whole,
    name = drawnName(data),
    missing = Math.round(whole.hours * (1 - whole.coverage)),
    parts = cost?.parts;
  return h(
    'section',
    { class: 'totals', 'aria-label': T.bill.total },
    h(
      'p',
      { class: 'pair' },
      name && h('span', { class: 'figure-name' }, name),
      h('span', { class: 'figure-2xl' }, f.energy(whole.total_wh)),
      cost && h('span', { class: 'figure-2xl' }, f.euro(cost.total)),
      updated,
    ),
    cost && whosePrices(prices),
    cost && prices?.checked && h('p', { class: 'note' }, W.pricesChecked(f.fullDate(prices.checked))),
    missing > 0 && remark(W.partial(missing, f.number(whole.hours), f.coverage(whole.coverage))),
    cost?.missing.length > 0 && remark(T.prices.missing),
    cost && oldPrices(prices),
    contradiction(data),
    keyValues([
      cost && { name: T.bill.sub, value: f.euro(cost.subscription), note: parts && W.subNote },
      cost && { name: T.bill.used, value: f.euro(cost.energy) },
      parts && {
        name: W.taxes,
        value: f.euro(parts.accise + (parts.cta ?? 0) + parts.vat),
        note: W.taxParts(f.euro(parts.accise), f.euro(parts.vat), parts.cta && f.euro(parts.cta)),
      },
      whole.injected_wh > 0 && { name: T.tariff.injected, value: f.energy(whole.injected_wh), tone: 'inj-text' },
      ...madeFacts(data),
      ...worthFacts(data),
    ]),
    h(
      'dl',
      { class: 'against' },
      others.map(([name, answer, weather]) =>
        h(
          'div',
          null,
          h('dt', null, name),
          hour === null || (hour && !closed)
            ? h('dd', { class: 'muted' }, hour ? T.todayNothing : W.comparedFrom(f.hourOnly(1)))
            : against(
                closed,
                answer,
                hour ? W.untilHour(f.hourOnly(wall(hour).hour)) : open && W.atSameDay,
                weatherOf(weather),
              ),
        ),
      ),
    ),
  );
}

/** Who said the temperatures; Open-Meteo's licence asks for its name with a link. */
function saidBy(thermometer) {
  if (thermometer !== 'open-meteo.com') return thermometer;
  const link = { href: 'https://open-meteo.com/', target: '_blank', rel: 'noreferrer' };
  return [h('a', link, 'Open-Meteo.com'), ' (CC BY 4.0)'];
}

/** Each amount of the other period with the change from it to this one, and why energy and money do not go together. */
function against(closed, answer, until, weather) {
  if (!closed?.whole || closed.whole.across_wh || !answer || !isWhole(answer))
    return h('dd', { class: 'muted' }, answer?.whole?.total_wh > 0 ? W.partlyBefore : T.noData);
  const before = sideOf(answer),
    change = compared(sideOf(closed), before),
    pair = (amount, change) => h('span', { class: 'against-pair' }, `${amount} `, h('strong', null, change));
  return [
    h(
      'dd',
      { class: 'against-pairs' },
      pair(f.energy(before.wh), f.signedPercent(change.energy)),
      before.cost != null && pair(f.euro(before.cost, 0), change.money == null ? '' : f.signedPercent(change.money)),
      until && h('span', { class: 'muted' }, until),
    ),
    weather && h('dd', null, weather.change && h('strong', null, weather.change), weather.change && ' ', weather.text),
    weather?.note && h('dd', { class: 'note' }, weather.note),
    weather?.thermometer && h('dd', { class: 'note' }, W.temperatures, saidBy(weather.thermometer)),
    change.partial && (before.cost ?? closed.whole.cost) != null && h('dd', { class: 'note' }, W.costIncomplete),
    change.price && h('dd', { class: 'note' }, why(change)),
  ];
}

/** 'le kWh a coûté 0,277 € au lieu de 0,232 € (jours rouges : 6 contre 2)'. */
export function why({ price, why: reason }) {
  const text = W.priceOfKwh(...price.map((amount) => f.euro(amount, 3)));
  return f.capital(reason ? `${text} (${reasonOf(reason)}).` : `${text}.`);
}
