// The one large number: power now, what is left of the subscribed power, and the phases.
import { gauge } from '../../chart/gauge.js';
import { h, icon, say } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { powersOf, powerText } from '../../sources/sources.js';
import { headroom, tooMuch } from './feed_state.js';
import { W } from './words.js';

const PLACEHOLDER = '–';
const not = (name) => `${name}${T.colon}${T.notMeasurable}`;

export function powerBlock(meter) {
  const { subscribed: limit, unit } = meter,
    figure = h('span', { class: 'figure-xl' }),
    unitText = (name) => h('small', null, `${f.THIN}${name}`),
    left = h('p', { class: 'headroom' }),
    flag = h('p', { class: 'note peak-note', hidden: true }),
    what = h('p', { class: 'flow-name', hidden: true }),
    others = h('p', { class: 'flows', hidden: true }),
    phases = h('ul', { class: 'phases', hidden: true }),
    measure = limit ? gauge({ limit, label: T.power }) : null;
  let spoken = T.unknown;
  const read = h(
    'button',
    { class: 'round', 'aria-label': W.read, title: W.read, onclick: () => say(spoken) },
    icon('speak'),
  );
  const node = h(
    'section',
    { class: 'block power', 'aria-label': T.power },
    h('div', { 'aria-live': 'off' }, what, figure),
    others,
    measure?.node,
    h('div', { class: 'headroom-line' }, left, flag, read),
    phases,
  );
  function show(live, known) {
    const { power, peak } = live,
      spare = known ? headroom(limit, live) : null,
      words = room(spare, meter),
      cure = spare?.near ? W.tooMuch[tooMuch(spare.left)] : null,
      sentence = `${words.join('')}${cure ? W.because(cure) : ''}`,
      now = f.power(power, unit),
      parts = powersOf(live, known, unit),
      [large] = parts ?? [[null, power, unit]];
    figure.replaceChildren(large[1] == null ? PLACEHOLDER : f.number(large[1]), unitText(large[2]));
    figure.classList.toggle('stale', !known);
    showRoom(left, known, spare?.near, words, sentence);
    if (known && live.interval) left.replaceChildren(h('span', { class: 'muted' }, limit ? not(W.headroom) : ''));
    const said = parts ? f.joined(parts.map(powerText), ', ') : now;
    spoken = known ? W.spoken(said, sentence) : W.spokenUnknown(said);
    measure?.set(known ? power : null, known ? `${now}. ${words.join('')}` : T.unknown);
    measure?.peak(peak?.power);
    showPeak(flag, live, unit);
    what.hidden = !parts;
    others.hidden = !parts || parts.length < 2;
    what.textContent = parts?.[0][0] ?? '';
    others.replaceChildren(...(parts ?? []).slice(1).map(flowLine));
    showPhases(phases, live, known, unit);
  }
  return { node, show };
}

const flowLine = (flow) => h('span', { class: flow[1] < 0 && 'inj-text' }, powerText(flow));

/** What is left, or too much, in words: [before, the amount, after]. */
function room(spare, { subscribed, unit }) {
  if (!spare) return ['', '', ''];
  const amount = f.power(Math.abs(spare.left), unit);
  if (spare.phase) return (spare.left < 0 ? W.overPhase : W.leftPhase)(amount, spare.phase);
  return (spare.left < 0 ? W.over : W.left)(amount, f.kva(subscribed));
}

function showRoom(line, known, near, words, sentence) {
  const [before, value, after] = words;
  line.classList.toggle('near', Boolean(near));
  if (near) line.replaceChildren(icon('warn'), h('span', null, sentence));
  else if (known) line.replaceChildren(before, h('strong', null, value), after);
  else line.replaceChildren(h('span', { class: 'muted' }, T.unknown));
}

function showPeak(line, { peak, interval }, unit) {
  line.hidden = !peak && !interval;
  if (line.hidden) return;
  const text = peak ? W.peak(f.power(peak.power, unit), f.clock(Date.parse(peak.at))) : not(W.peakName);
  line.replaceChildren(h('span', { class: 'flag', 'aria-hidden': 'true' }), text);
}

// The tightest first: its fuse opens first. The order is that of the first look, so that lines do not jump about.
function showPhases(list, { phases, interval }, known, unit) {
  if (!phases?.length) {
    list.hidden = true;
    return;
  }
  list.hidden = false;
  if (list.childElementCount !== phases.length) {
    const load = (p) => (p.limit ? p.power / p.limit : 0);
    const order = phases.map((p, i) => [i, load(p)]).sort((a, b) => b[1] - a[1]);
    list.lines = order.map(([i]) => phaseLine(i, phases[i], unit));
    list.replaceChildren(...list.lines.map((line) => line.node));
  }
  for (const line of list.lines) line.show(phases, known, interval);
}

function phaseLine(index, { limit }, unit) {
  const name = T.phase(index + 1);
  const measure = limit ? gauge({ limit, thin: true, label: name }) : null;
  const power = h('span', { class: 'n' }),
    left = h('span', { class: 'n muted' });
  return {
    node: h('li', null, h('span', { class: 'phase-name' }, name), measure?.node ?? h('span'), power, left),
    show(phases, known, interval) {
      const p = phases[index],
        text = f.power(p.power, unit);
      power.textContent = text;
      power.classList.toggle('stale', !known);
      left.textContent =
        known && limit && p.power != null && !interval ? W.phaseLeft(f.power(Math.max(0, limit - p.power), unit)) : '';
      measure?.set(known ? p.power : null, known ? text : T.unknown);
    },
  };
}
