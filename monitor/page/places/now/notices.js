// Only when there is something to say. Heard once by a screen reader, when it begins.
import { inApp } from '../../base/browser.js';
import { h, say } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { piece } from '../../parts/refresh.js';
import { quietNotice } from '../../parts/notice.js';
import { reloadButton } from '../../parts/new_version.js';
import { href } from '../../base/router.js';
import { dateOf } from '../../base/time.js';
import { headroom } from './feed_state.js';
import { W as PARTS } from '../../parts/words.js';

const N = T.notices;

const TEXTS = {
  overload: ({ live, meter }) => ['warn', overload(meter, live), N.overloadMore],
  mqtt: () => ['off', N.mqtt, N.mqttMore],
  silent: ({ live, meter, now }) => {
    const more = [
      live.links.reader === 'down' && N.reader,
      live.power != null && N.silentMore(f.power(live.power, meter.unit)),
      live.power != null && (live.interval ? N.adapter : inApp() ? N.cableApp : N.cable),
    ];
    return ['off', silent(Date.parse(live.silent_since ?? live.at), now), f.joined(more, ' ')];
  },
  database: ({ live }) => [
    'warn',
    N.database,
    live.links.mqtt === 'up' && live.fresh !== false ? N.databaseMore : N.framesWait,
  ],
  kept: ({ kept }) => [
    'warn',
    PARTS.summary.notWell(kept.map((name) => PARTS.summary.facts[name]).join(', ')),
    h('a', { href: href('etat') }, N.keptMore),
  ],
  away: () => ['off', N.away, N.awayMore],
  ended: () => ['warn', N.ended, reloadButton()],
  storer: () => ['warn', N.storer, N.databaseMore],
};

export function silent(since, now) {
  const day = dateOf(since);
  const at = day === dateOf(now) ? f.hour(since) : N.onDay(f.fullDate(day), f.hour(since));
  return N.silent(at, f.duration(Math.max(0, now - since)));
}

/** The meter says that it is too much; a moment later its power may not. Of three phases one is too much. */
export function overload(meter, live) {
  const spare = headroom(meter.subscribed, live);
  if (!(spare?.left < 0)) return N.overloadSaid;
  return spare.phase
    ? N.overloadPhase(f.power(-spare.left, meter.unit), spare.phase)
    : N.overload(f.power(live.power, meter.unit), f.kva(meter.subscribed));
}

export function noticesBlock(meter) {
  const shown = piece((texts) =>
    h(
      'div',
      { class: 'notices' },
      texts.map(([kind, title, more]) => quietNotice(kind, title, more)),
    ),
  );
  let kinds = '';
  return {
    node: shown.node,
    show(wrong, known) {
      const texts = wrong.map((kind) => TEXTS[kind]({ meter, ...known }));
      shown.show(texts);
      // "since 3 min" grows; that is not said again.
      if (wrong.join() !== kinds) say(texts.map(([, title]) => title).join(' '));
      kinds = wrong.join();
    },
  };
}
