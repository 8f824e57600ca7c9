import * as api from '../../base/api.js';
import * as f from '../../base/format.js';
import { h } from '../../base/dom.js';
import { again } from '../../base/router.js';
import { dateOf, dayStart, hoursIn, isDate, sameTime } from '../../base/time.js';
import { piece, stamp } from '../../parts/refresh.js';
import { nothingAt } from '../../parts/known/known.js';
import { notice, whosePrices } from '../../parts/notice.js';
import { usedByHour, hours, inOne } from './hours.js';
import { factsOf } from './facts.js';
import { head, shortcuts } from './head.js';
import { ofWhole, sideOfInterval } from './compared_day.js';
import { power } from './power.js';
import { blank, page } from '../../parts/block.js';
import { noteForm, notesBlock, notesOf } from '../../parts/notes.js';
import { whyBlock } from '../../parts/why.js';
import { contradiction } from '../../sources/sources.js';
import { W } from './words.js';

const POINTS = 1500; // the minutes of a day of 25 hours

/** @import {Context} from '../../../../deploy/page/types' */
/** @param {Context} context */
export default async function day({ meter, meters, detail, query, now }) {
  const today = dateOf(now()),
    date = isDate(detail) ? detail : today,
    other = isDate(query.get('c')) ? query.get('c') : null,
    goesOn = date === today,
    keys = shortcuts(date, today),
    ask = () => answers({ meter, date, other, today, now: now() });
  const view = (content, leave = () => {}) => {
    addEventListener('keydown', keys.handle);
    return {
      title: f.capital(f.fullDate(date)),
      node: page('day', head(meter, date, today), content, keys.help),
      leave() {
        removeEventListener('keydown', keys.handle);
        leave();
      },
    };
  };
  const data = await ask();
  if (isEmpty(data)) {
    const begun = async () => isEmpty(await ask()) || again();
    return { ...view(nothing(meter, date, today)), ...(goesOn && { refresh: begun }) };
  }
  const parts = await partsOf({
    meter,
    several: meters.length > 1,
    date,
    other,
    query,
    keys,
    data,
    updated: goesOn ? stamp(now) : null,
  });
  const refresh = async () => {
    const next = await ask();
    if (isEmpty(next) || !next.series !== !data.series) return again();
    parts.refresh(next);
  };
  return { ...view(parts.nodes(), parts.leave), entered: parts.entered, ...(goesOn && { refresh }) };
}

/** What is asked for: compared: the curve of the other day on the grid of this one; otherDay: what was counted of it. */
async function answers({ meter, date, other, today, now }) {
  // Before the first frame, and after today, there is no curve to ask for; energy may have been imported.
  const known = (day) => meter.first && day >= meter.first && day <= today,
    away = () => null;
  const [series, counted, compared, otherDay, baseLoad, peaks, soFar, written] = await Promise.all([
    known(date) ? api.series(meter.id, date, { points: POINTS }).catch(missing) : null,
    api.energy(meter.id, { by: 'hour', date }).catch(missing),
    other && known(other) && api.series(meter.id, other, { points: POINTS, align: date }).catch(away),
    other && other <= today ? against(meter, other, date === today ? now : null) : null,
    api.baseload(meter.id, date, date).catch(away),
    api.peaks(meter.id, date, date, 1).catch(away),
    // Hours are some minutes behind, and this page must not say less than the one before it.
    date === today ? api.live(meter.id).then((live) => live.today, away) : null,
    notesOf(meter.id),
  ]);
  return { series, energy: ofDays(counted), compared, otherDay, baseLoad, peaks, soFar, written };
}

/** What was imported for a month is that of none of its days. */
const ofDays = (energy) => (energy?.whole?.across_wh ? null : energy);

/** What is below the head. Energy that was imported has no curve. updated: the time of it, of today. */
async function partsOf({ meter, several, date, other, query, keys, data, updated }) {
  const { series, compared: compare } = data,
    why = whyBlock(meter, date, date),
    chart = series && (await power({ meter, date, series, other, compare, query, keys, why: why.of })),
    unknownOther = other && !data.otherDay?.side && !compare;
  const notes = piece((series, energy) =>
      h(
        'div',
        { class: 'notices' },
        remarks(date, series),
        contradiction(energy),
        unknownOther && notice('info', W.emptyTitle(f.fullDate(other))),
      ),
    ),
    flags = piece((written) => notesBlock(meter, written, date, date)),
    figures = piece((data) =>
      factsOf({ meter, ...data, other: data.otherDay?.side && { ...data.otherDay, date: other } }, updated?.node),
    ),
    whose = piece((energy) => energy?.whole?.cost && whosePrices(energy.prices)),
    byHour = piece(
      (energy, before) =>
        energy?.rows.length &&
        !inOne(energy.rows) &&
        hours(meter, date, energy, before && { date: other, rows: before.rows }),
    ),
    byDevice = piece((energy) => energy && usedByHour(energy, date));
  function show() {
    const { gaps, coverage } = data.series ?? {};
    notes.show(data.series && { gaps, coverage }, data.energy);
    flags.show(data.written);
    figures.show(data);
    whose.show(data.energy);
    byHour.show(data.energy, data.otherDay?.energy);
    byDevice.show(data.energy);
  }
  const note = noteForm(meter, date, several, async () => {
    data = { ...data, written: await notesOf(meter.id) };
    flags.show(data.written);
  });
  show();
  return {
    nodes: () => [
      chart?.node,
      notes.node,
      flags.node,
      note,
      figures.node,
      whose.node,
      why.node,
      byHour.node,
      byDevice.node,
    ],
    entered: chart?.entered,
    refresh(next) {
      data = next;
      chart?.refresh(next.series, next.compared);
      show();
      updated.set();
    },
    leave: () => chart?.leave(),
  };
}

/** What is counted of the day that this one is compared with; until: today has come so far, and so has the other. */
async function against(meter, other, until) {
  const [energy, peaks, part] = await Promise.all([
    api.energy(meter.id, { by: 'hour', date: other }).catch(() => null),
    until == null ? api.peaks(meter.id, other, other, 1).catch(() => null) : null,
    until == null ? null : api.interval(meter.id, dayStart(other), sameTime(until, other)).catch(() => null),
  ]);
  const whole = ofDays(energy);
  return {
    energy: whole?.rows.length && !inOne(whole.rows) ? whole : null,
    side: until == null ? ofWhole(whole, peaks?.peaks[0]) : part && sideOfInterval(part),
    sameHour: until != null,
  };
}

/** A day that nobody knows is no fault; a database that is away is one. */
function missing(error) {
  if (error.status === 404) return null;
  throw error;
}

function isEmpty({ series, energy }) {
  const drawn = series && (series.mean.some((v) => v != null) || series.gaps.some((gap) => gap[3]));
  return !drawn && !energy?.rows.some((r) => r.total || r.injected || r.made);
}

/** Today's button is in the head of every other day; from here the way goes to where there is something. */
function nothing(meter, date, today) {
  if (date > today) return blank(W.future(f.fullDate(date)));
  const way = (day) =>
    day !== date && /** @type {[string, string]} */ ([`jour/${day}`, meter.first ? W.emptyButton : f.fullDate(day)]);
  return nothingAt(W.emptyTitle(f.fullDate(date)), meter, way);
}

function remarks(date, series) {
  const length = hoursIn(date),
    out = [];
  if (length !== 24) out.push(notice('info', length === 25 ? W.hours25 : W.hours23));
  if (!series) return [...out, notice('info', W.noCurve)];
  const lost = series.gaps.reduce((sum, g) => sum + g[1] - g[0], 0),
    recovered = series.gaps.reduce((sum, g) => sum + (g[3] ?? 0), 0);
  if (lost)
    out.push(
      notice(
        'info',
        W.partial(f.duration(lost), f.coverage(series.coverage)),
        recovered > 0 && W.partialRecovered(f.energy(recovered)),
      ),
    );
  return out;
}
