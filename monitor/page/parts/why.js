// Why an interval, a day or a month was different from the same days before: asked for once somebody opens it.
import * as api from '../base/api.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { h } from '../base/dom.js';
import { dateOf } from '../base/time.js';
import { register } from '../base/tariff.js';
import { lazy } from './refresh.js';
import { plainTable } from './table.js';
import { W } from './words.js';

/** @import {Why} from '../../../deploy/page/answers' */
/** @import {Child, Time} from '../../../deploy/page/types' */

const DAY = 25 * 3600e3; // a local day at most

/**
 * The block below the figures of a period. of(from, to): opens it for an interval inside.
 * @param {{id: string}} meter
 * @param {Time} from
 * @param {Time} to
 */
export function whyBlock(meter, from, to) {
  let span = /** @type {[Time, Time]} */ ([from, to]);
  const block = lazy({
    title: W.why.title,
    waiting: W.why.waiting,
    failed: W.why.failed,
    ask: async () => told(await api.why(meter.id, ...span)),
  });
  return {
    node: h('section', { class: 'block why', 'aria-label': W.why.title }, block.node),
    /** @type {(from: Time, to: Time) => void} */
    of(from, to) {
      span = [from, to];
      block.open();
    },
  };
}

/** @type {(answer: Why) => Child} */
function told(answer) {
  const { from, to, why_not: nothing, now, before, compared, parts, rest } = answer,
    span = [from, to].map(Date.parse),
    hours = span.some((t) => dateOf(t) !== dateOf(span[0])) ? null : span.map((t) => f.clock(t)).join('–');
  if (!now || !before) return h('p', null, nothing && W.why.none[nothing]);
  const priced = now.cost != null && before.cost != null;
  const instead = (value, than, write) => W.why.instead(write(value), write(than), than > 0 && f.change(value, than));
  return [
    h(
      'p',
      null,
      hours && h('strong', null, `${hours} · `),
      instead(now.wh, before.wh, f.energy),
      priced && ` · ${instead(now.cost, before.cost, f.euro)}`,
    ),
    nothing
      ? h('p', null, W.why.none[nothing])
      : plainTable({
          caption: W.why.causes,
          columns: [
            [W.why.cause, (part) => (part === rest ? W.why.rest : causeOf(part, span)), 'words'],
            [T.energy, ({ wh }) => (wh ? signed(wh, f.energy) : '–')],
            priced && [T.cost, ({ cost }) => signed(cost, f.euro)],
          ],
          rows: rest?.large ? [...parts, rest] : parts,
        }),
    h('p', { class: 'note' }, comparedWith(compared), priced && ` ${W.why.withoutSubscription}`),
  ];
}

/** '+1,20 €', and no sign where nothing is left of it. */
function signed(value, write) {
  const text = write(Math.abs(value));
  return /[1-9]/.test(text) ? `${value < 0 ? '−' : '+'}${text}` : text;
}

/** @type {(compared: Why['compared']) => string} */
function comparedWith(compared) {
  const first = compared.map(({ from }) => dateOf(Date.parse(from)));
  if (compared.length > 1) return W.why.mean(first.map(f.shortDate).join(', '));
  return W.why.range(f.fullDate(first[0]), f.fullDate(dateOf(Date.parse(compared[0].to) - 1)));
}

/** @type {(part: Why['parts'][number], span: number[]) => string} */
function causeOf(part, span) {
  const { now = 0, before = 0 } = part;
  switch (part.kind) {
    case 'base':
      return W.why.base(f.power(now, 'W'), f.power(before, 'W'));
    case 'step':
      return stepOf(part, span);
    case 'hours':
      if (!part.hours) return part.wh < 0 ? W.why.lessAll : W.why.moreAll;
      return (part.wh < 0 ? W.why.lessHours : W.why.moreHours)(f.hourOnly(part.hours[0]), f.hourOnly(part.hours[1]));
    case 'weather':
      return (part.wh > 0 ? W.why.colder : W.why.warmer)(celsius(now), celsius(before));
    case 'colour':
      return W.why.colour(
        register(part.register).long,
        f.percent(now ?? 0),
        f.percent(before ?? 0),
        (now ?? 0) < (before ?? 0),
      );
    default:
      return W.why.price(f.euro(now, 4), f.euro(before, 4));
  }
}

const celsius = (value) => `${f.number(value, 1)}${f.THIN}°C`;

function stepOf({ watts, from, to }, span) {
  const [low, high] = [from, to].map(Date.parse),
    say = (t) => (span[1] - span[0] > DAY ? f.shortDate(dateOf(t)) : f.clock(t)),
    size = f.power(watts, 'W'),
    length = f.duration(high - low);
  return high < span[1] ? W.why.step(size, say(low), say(high), length) : W.why.stepOn(size, say(low), length);
}
