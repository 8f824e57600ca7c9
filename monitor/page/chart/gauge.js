// The subscribed power as a ruler: one tick a kVA, the bar is now, the flag is today's peak.
import { h, set } from '../base/dom.js';
import { kva, number } from '../base/format.js';
import { T } from '../base/i18n.js';

const NEAR = 0.9; // of the limit: what is above is hatched as soon as the bar reaches it

/** @param {{limit: number, thin?: boolean, label: string}} options */
export function gauge({ limit, thin = false, label }) {
  const top = limit * 1.08;
  const percent = (v) => `${Math.min(100, (v / top) * 100)}%`;
  const bar = h('div', { class: 'gauge-bar' }),
    near = h('div', { class: 'gauge-near' }),
    flag = h('div', { class: 'gauge-peak', hidden: true }, thin ? null : h('span', null, T.chart.peak));
  const ticks = [];
  const every = limit > 12000 ? 3000 : 1000;
  for (let v = 0; v <= limit; v += every) {
    ticks.push(
      h(
        'div',
        { class: `tick${v === limit ? ' end' : ''}`, '--at': percent(v) },
        thin || (v && v !== limit && (v / every) % 3) ? null : h('span', null, v === limit ? kva(v) : number(v / 1000)),
      ),
    );
  }
  const node = h(
    'div',
    {
      class: `gauge${thin ? ' thin' : ''}`,
      role: 'meter',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': limit,
      'aria-valuenow': 0,
      'aria-valuetext': T.unknown,
    },
    h(
      'div',
      { class: 'gauge-track', '--limit': percent(limit), '--near': percent(limit * NEAR) },
      h('div', { class: 'gauge-beyond' }),
      bar,
      near,
      flag,
    ),
    h('div', { class: 'gauge-ticks', 'aria-hidden': 'true' }, ticks),
  );
  node.classList.add('unknown');
  return {
    node,
    /** @type {(value: number | null, text: string) => void} */
    set(value, text) {
      node.classList.toggle('unknown', value == null);
      const known = value ?? 0;
      node.classList.toggle('over', known > limit);
      node.classList.toggle('near', known >= limit * NEAR && known <= limit);
      for (const part of [bar, near]) part.style.setProperty('--at', percent(known));
      set(node, { 'aria-valuenow': Math.min(limit, known), 'aria-valuetext': text });
    },
    /** @type {(value: number | null | undefined) => void} */
    peak(value) {
      flag.hidden = value == null;
      flag.classList.toggle('flip', (value ?? 0) > limit * 0.85);
      if (value != null) flag.style.setProperty('--at', percent(value));
    },
  };
}
