import * as api from '../../base/api.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { again } from '../../base/router.js';
import { contractYear, dateOf, daysBetween, earlier, period, plusDays, yearBefore } from '../../base/time.js';
import { piece, stamp } from '../../parts/refresh.js';
import { nothingAt } from '../../parts/known/known.js';
import { notice } from '../../parts/notice.js';
import { answered, away, blank, came, page, toSettings } from '../../parts/block.js';
import { notesBlock, notesOf } from '../../parts/notes.js';
import { whyBlock } from '../../parts/why.js';
import { comparing } from './compared_period.js';
import { usedByPeriod, energyBars } from './bars.js';
import { expectedBlock } from '../../parts/expected.js';
import { isKnown } from './groups.js';
import { head, titleOf } from './head.js';
import { maps } from './map.js';
import { peaksBlock } from './peaks.js';
import { baseLoadBlock } from './base_load.js';
import { totals } from './totals.js';
import { W as PARTS } from '../../parts/words.js';
import { drawnName } from '../../sources/sources.js';
import { W } from './words.js';

const EXPLAINED = 62; // days at most
const BY_DAY = 400; // days: a longer period is read by month
const WEATHER = { least: 14, most: 366 }; // days that the server compares at equal weather
const FORECAST = { month: 'month', year: 'year', contract: 'contract_year' };

/** @import {Context} from '../../../../deploy/page/types' */
/** @param {Context} context */
export default async function review({ meter, detail, query, now }) {
  const today = dateOf(now()),
    range = asContract(period(detail) ?? period(today.slice(0, 7)), meter.contract_year),
    title = titleOf(range),
    goesOn = range.from <= today && range.to >= today,
    by = daysBetween(range.from, range.to) > BY_DAY ? 'month' : 'day',
    energy = (from, to) => api.energy(meter.id, { by, from, to }),
    ask = questions({ meter, range, today, now, energy }),
    header = head({ meter, range, title, today, query }),
    view = (...content) => ({ title, node: page('review', header, content) });
  const answers = await ask();
  if (!answers.all.rows.some(isKnown)) {
    const begun = async () => (await energy(range.from, range.to)).rows.some(isKnown) && again();
    return { ...view(nothing(meter, range, today)), ...(goesOn && { refresh: begun }) };
  }
  const updated = goesOn ? stamp(now) : null,
    parts = partsOf({ meter, range, today, query, title, by, updated });
  parts.show(answers);
  const refresh = async () => {
    parts.show(await ask());
    updated?.set();
  };
  return { ...view(parts.nodes()), ...(goesOn && { refresh }) };
}

/** Of a year, the year before is both the period before and the same one a year earlier. */
const sameAsBefore = (range) => period(range.previous)?.from === yearBefore(range.from);

/** Asks for what is shown of a period; closed: what of it is compared. What cannot be had is null, and leaves the rest. */
function questions({ meter, range, today, now, energy }) {
  const open = range.to >= today,
    end = earlier(range.to, today),
    length = daysBetween(range.from, open ? plusDays(today, -1) : range.to),
    before = period(range.previous),
    comparable = meter.weather && length + 1 >= WEATHER.least && length < WEATHER.most;
  const nothingMore = () => null;
  return async () => {
    const { hour, mine, past } = comparing({ meter, range, today, now: now(), energy });
    const [all, closed, previous, yearAgo, peaks, baseLoad, baseLoads, lastYear, notes, forecast, weather] =
      await Promise.all([
        energy(range.from, range.to),
        hour === undefined ? mine() : mine().catch(nothingMore),
        before && past(before.from, before.to).catch(nothingMore),
        sameAsBefore(range) ? null : past(yearBefore(range.from), yearBefore(range.to)).catch(nothingMore),
        api.peaks(meter.id, range.from, range.to).catch(away),
        api.baseload(meter.id, range.from, end).catch(away),
        api.baseload(meter.id, plusDays(end, -400), end).catch(away),
        api.energy(meter.id, { by: 'month', from: plusDays(today, -364), to: today }).catch(away),
        notesOf(meter.id),
        open && range.kind in FORECAST ? api.forecast(meter.id).catch(away) : null,
        comparable ? api.weather(meter.id, range.from, range.to).catch(nothingMore) : null,
      ]);
    const others = { previous, yearAgo, weather, hour };
    return { all, closed: open ? closed : all, others, peaks, baseLoad, baseLoads, lastYear, notes, forecast };
  };
}

/** What is below the head. */
function partsOf({ meter, range, today, query, title, by, updated }) {
  const unit = query.get('u') === 'eur' ? 'euro' : 'kwh';
  const notices = piece((cost, offer) =>
      h(
        'div',
        { class: 'notices' },
        !cost &&
          notice(
            'warn',
            T.prices.none,
            offer ? W.noPriceMore : T.prices.noContract,
            toSettings('contrat', T.prices.set),
          ),
      ),
    ),
    figures = piece((all, closed, { previous, yearAgo, weather, hour }) =>
      totals({
        data: all,
        closed,
        hour,
        others: sameAsBefore(range)
          ? [[W.before[range.kind], previous, weather]]
          : [
              [W.before[range.kind], previous],
              [W.yearAgo, yearAgo, weather],
            ],
        open: range.to >= today,
        updated: updated?.node,
      }),
    ),
    expected = piece((period, budget) =>
      answered(PARTS.expected.title, period, () => expectedBlock(period, range.kind === 'month' ? budget : null)),
    ),
    bars = piece((data, written) => energyBars({ meter, data, range, today, unit, query, written })),
    used = piece((data) => usedByPeriod({ data, range, query })),
    map = piece((data, drawn) => maps({ meter, data, drawn, range })),
    top = piece((peaks) => answered(W.peaks, peaks, () => peaksBlock(peaks, range))),
    base = piece((watts, baseLoads, year, written) =>
      answered(T.baseLoad, baseLoads, () =>
        baseLoadBlock({ range, title, watts, months: baseLoads.months, year, written }),
      ),
    ),
    flags = piece((written) => notesBlock(meter, written, range.from, range.to)),
    why = daysBetween(range.from, range.to) < EXPLAINED ? whyBlock(meter, range.from, range.to).node : null;
  return {
    nodes: () => [
      notices.node,
      figures.node,
      expected.node,
      bars.node,
      used.node,
      flags.node,
      why,
      map.node,
      h('div', { class: 'two' }, top.node, base.node),
    ],
    show({ all, closed, others, peaks, baseLoad, baseLoads, lastYear, notes: written, forecast }) {
      notices.show(all.whole.cost, all.offer);
      figures.show(all, closed, others);
      expected.show(came(forecast) ? forecast?.[FORECAST[range.kind]] : forecast, forecast?.budget);
      bars.show(all, written);
      used.show(all);
      flags.show(written);
      map.show(by === 'day' ? all : null, drawnName(all));
      top.show(peaks);
      base.show(baseLoad?.median, baseLoads, lastYear?.whole, written);
    },
  };
}

const nothing = (meter, range, today) =>
  range.from > today
    ? blank(W.notBegun)
    : nothingAt(W.empty, meter, (day) => !meter.first && [`bilan/${day.slice(0, 4)}`, day.slice(0, 4)]);

/** A free range that is the contract's year is named so. */
function asContract(range, start) {
  const contract = start && range.kind === 'range' && contractYear(range.from, start) === range.text;
  return contract ? { ...range, kind: 'contract' } : range;
}
