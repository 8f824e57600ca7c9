// An interval of the day that somebody has selected on its curve: its energy, its cost, and those of the compared day.
import * as f from '../../base/format.js';
import { clock } from '../../base/format.js';
import { HOUR, MINUTE, at, dayEnd, sameTime } from '../../base/time.js';
import * as api from '../../base/api.js';
import { T } from '../../base/i18n.js';
import { h, say } from '../../base/dom.js';
import { note } from '../../base/router.js';
import { compared } from '../../parts/compared.js';
import { sideOfInterval } from './compared_day.js';
import { drawnText, ofInterval } from '../../sources/sources.js';
import { W } from './words.js';
import { W as PARTS } from '../../parts/words.js';

// Times of a day as an address has them: `07:10..07:25`.
/** 24:00 is the end of the day, so that an address says on which side of midnight it is. */
export const clockOf = (t, date) => (t === dayEnd(date) ? '24:00' : clock(t, t % MINUTE !== 0));

/** Two instants → '07:10..07:25'; of the hour that comes twice in autumn, times of the second have a `b`: '02:30b'. */
export const writeSpan = (span, date) =>
  span
    .map((t) => {
      const text = clockOf(t, date);
      return t - at(date, text) >= HOUR ? `${text}b` : text;
    })
    .join('..');

/** '07:10..07:25' → two instants; null for anything else. */
export function spanOf(date, text) {
  if (!/^\d\d:\d\d(:\d\d)?b?\.\.\d\d:\d\d(:\d\d)?b?$/.test(text ?? '')) return null;
  const [from, to] = text
    .split('..')
    .map((clock) => at(date, clock.replace('b', '')) + (clock.endsWith('b') ? HOUR : 0));
  return to > from ? [from, to] : null;
}

/**
 * The line above the curve. hint: what it says when nothing is selected; clear(): ends the selection; why(from, to):
 * says why it was different; other: the day that is compared, or null.
 */
export function selection({ meter, date, other, hint, clear, why }) {
  const resting = h('span', { class: 'muted' }, hint),
    node = h('p', { class: 'reading' }, resting);
  /** @type {HTMLElement | null} */
  let measured = null;
  /** @type {[from: number, to: number] | null} */
  let chosen = null;
  let turn = 0,
    left = false; // the view is no longer there: what comes late must not write into the next one's address

  async function select(from, to, quietly = false) {
    const mine = ++turn;
    if (left) return;
    chosen = from == null ? null : [from, to];
    if (!quietly) note({ t: chosen && writeSpan(chosen, date) });
    if (!chosen) {
      measured = null;
      node.replaceChildren(resting);
      return;
    }
    const part = await api.interval(meter.id, from, to).catch(() => null);
    if (mine !== turn || left) return;
    // Where frames are no longer kept, readings are of minutes or hours: what is said is what was measured.
    const span = part ? [Date.parse(part.from), Date.parse(part.to)] : chosen,
      then = other && part && (await thenText(part, span));
    if (mine !== turn || left) return;
    const said = h(
      'span',
      { class: 'measured' },
      h('strong', null, span.map((t) => clockOf(t, date)).join('–')),
      ` · ${part ? intervalText(part) : T.unknown} `,
      h('button', { class: 'link-button', onclick: clear }, W.clear),
      part && [' ', h('button', { class: 'link-button', onclick: () => why(...span) }, PARTS.why.ask)],
      then && h('span', { class: 'compare-text' }, then),
    );
    measured = said;
    node.replaceChildren(said);
    if (!quietly) say(said.textContent);
  }

  /** The same hours of the day that is compared: 'jeu 19 nov : 0,50 kWh, +24 % · 0,10 €, +30 %'. */
  async function thenText(part, span) {
    const [from, to] = span.map((t) => sameTime(t, other, date)),
      earlier = await api.interval(meter.id, from, to).catch(() => null);
    return `${f.shortDate(other)}${T.colon}${earlier && earlier.coverage > 0 ? againstText(part, earlier) : T.noData}`;
  }

  return {
    node,
    select,
    /** What the cursor is on; null: on nothing. */
    point: (text) => node.replaceChildren(text ?? measured ?? resting),
    /** The day has gone on; from `settled` on what was known may not have been complete. */
    renew: (settled) => chosen && chosen[1] > settled && select(...chosen, true),
    leave() {
      left = true;
    },
  };
}

const peakText = (power, unit, at) => W.maxPower(f.power(power, unit), f.clock(at, true));

function intervalText(part) {
  const ran = ofInterval(part);
  return f.joined([
    drawnText(part, f.energy(part.wh)),
    part.cost != null && W.bareCost(f.euro(part.cost)),
    part.partial_cost && W.costIncomplete,
    ran && W.ofDevices(ran),
    part.injected_wh > 0 && `${T.tariff.injected} ${f.energy(part.injected_wh)}`,
    part.mean != null && W.meanPower(f.power(part.mean, 'W')),
    part.max
      ? peakText(part.max.power, part.unit, Date.parse(part.max.at))
      : part.decoded && `${W.peak}${T.colon}${T.notMeasurable}`,
  ]);
}

/** What another interval had, each amount with the change from it to this one. */
function againstText(part, earlier) {
  // An interval has no part of the subscription.
  const [now, before] = [part, earlier].map((one) => sideOfInterval({ ...one, subscription: 0 })),
    change = before.wh > 0 ? compared(now, before) : {},
    amount = (text, ratio) => f.joined([text, ratio != null && f.signedPercent(ratio)], ', ');
  return f.joined([
    amount(f.energy(before.wh), change.energy),
    before.cost != null && amount(f.euro(before.cost), change.money),
    before.peak && peakText(before.peak.power, earlier.unit, before.peak.at),
  ]);
}
