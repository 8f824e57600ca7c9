// The last ten minutes, moving.
import { sparkline } from '../../chart/sparkline.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { figures } from '../../parts/table.js';
import { href } from '../../base/router.js';
import { MINUTE, SECOND } from '../../base/time.js';
import { W } from './words.js';

const PLACEHOLDER = '–';

export function minutesBlock(meter, now) {
  const { unit } = meter,
    chart = sparkline({ limit: meter.subscribed, unit }),
    mean = h('span', { class: 'muted unit' });
  const node = h(
    'section',
    { class: 'block minutes', 'aria-labelledby': 'now-minutes' },
    h(
      'div',
      { class: 'block-head' },
      h('h2', { id: 'now-minutes' }, W.minutes, ' ', mean),
      h('a', { href: href('jour') }, W.toDay),
    ),
    chart.node,
    figures({
      caption: W.minutes,
      columns: [
        [T.columns.time, ({ from }) => f.clock(from), 'words'],
        [T.columns.mean(unit), ({ powers }) => (powers.length ? f.number(meanOf(powers)) : PLACEHOLDER)],
        [T.columns.max(unit), ({ powers }) => (powers.length ? f.number(Math.max(...powers)) : PLACEHOLDER)],
      ],
      rows: () => byMinute(chart.points(), now()),
    }),
  );
  function draw() {
    chart.draw(now());
    const [min, max] = chart.range(),
      known = max != null;
    chart.node.setAttribute(
      'aria-label',
      known ? W.minutesSummary(f.power(min, unit), f.power(max, unit)) : `${W.minutes}${T.colon}${T.unknown}`,
    );
  }
  const stop = eachSecond(draw);
  return {
    node,
    draw,
    show(live) {
      if (live.ring) chart.replace(live.ring);
      if (live.power != null && live.fresh !== false) chart.push(Date.parse(live.at), live.power);
    },
    /** The only true watts: what the index says. */
    mean(live, known) {
      mean.textContent = known && live.mean ? meanText(live.mean) : '';
    },
    leave: stop,
  };
}

/** The heading says of how much, unless it is less. */
function meanText({ watts, seconds }) {
  if (watts == null) return '';
  const power = f.power(watts, 'W');
  return seconds > 570 ? W.meanActive(power) : W.mean(power, f.duration(seconds * 1000));
}

/** Whoever asked for less motion gets a picture that is redrawn once a minute. Nothing is drawn while nobody looks. */
function eachSecond(draw) {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let drawn = 0;
  const timer = setInterval(() => {
    if (document.hidden || (still.matches && Date.now() - drawn < MINUTE)) return;
    drawn = Date.now();
    draw();
  }, SECOND);
  return () => clearInterval(timer);
}

const meanOf = (list) => list.reduce((a, b) => a + b, 0) / list.length;

/** The minutes of the clock, with what was measured in them. */
function byMinute(points, now) {
  const first = Math.floor(now / MINUTE) * MINUTE - 9 * MINUTE;
  return Array.from({ length: 10 }, (_, i) => {
    const from = first + i * MINUTE;
    return { from, powers: points.filter(([at]) => at >= from && at < from + MINUTE).map(([, power]) => power) };
  });
}
