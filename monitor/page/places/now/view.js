import { alerts } from '../../parts/alerts.js';
import * as api from '../../base/api.js';
import { inApp } from '../../base/browser.js';
import { gauge } from '../../chart/gauge.js';
import { h } from '../../base/dom.js';
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { follow } from '../../base/live.js';
import { reloadIfNewer } from '../../parts/new_version.js';
import { again } from '../../base/router.js';
import { dateOf, SECOND, wall } from '../../base/time.js';
import { page, toSettings } from '../../parts/block.js';
import { expectedLine, todayBlock } from './today.js';
import { laterBlock, tariffBlock, tomorrowBand } from './tariff.js';
import { minutesBlock } from './minutes.js';
import { noticesBlock } from './notices.js';
import { powerBlock } from './power.js';
import { merged, feedState } from './feed_state.js';
import { keeping } from '../../parts/summary.js';
import { runningBlock, runningOf } from '../../sources/sources.js';
import { W } from './words.js';

/** @import {Context, Meter} from '../../../../deploy/page/types' */
/** @param {Context<Meter | null>} context */
export default async function now({ meter, now: clock, title }) {
  const [live, prices, running] = await Promise.all([
    api.live(meter?.id),
    meter && laterOf(meter),
    meter && runningOf(meter),
  ]);
  return live.at && meter ? present(meter, live, prices, running, clock) : never(meter, title);
}

/** Prices to come are no reason to show nothing. */
const laterOf = (meter) => api.later(meter.id).catch(() => null);

/** The newest values of a meter, as they come; onProblem: of an answer that did not. */
const listen = (meter, onState, onMode, onProblem) =>
  follow({
    open: () => new EventSource(api.stream(meter?.id)),
    poll: () =>
      api.live(meter?.id).catch((error) => {
        onProblem?.(error);
        throw error;
      }),
    onState,
    onAlerts: alerts.take,
    onMode,
  });

function present(meter, live, prices, running, clock) {
  const blocks = blocksOf(meter, prices, clock);
  let kept = [], // what is wrong with what is kept: slow to find out, and no matter of seconds
    left = false,
    mode = 'live',
    heard = clock(),
    hour = wall(heard).hour;

  function show() {
    const how = feedState(live, mode, heard, clock());
    alerts.cover(
      meter.id,
      how.wrong.map((name) => (name === 'mqtt' ? 'silent' : name)),
    );
    blocks.show(live, prices, how, kept);
  }
  function take(news) {
    const before = live;
    live = merged(live, news);
    heard = clock();
    blocks.minutes.show(live);
    show();
    const isBack = live.links.database === 'up' && before.links.database !== 'up';
    if (live.register !== before.register || isBack) refresh();
  }
  // Events tell of power and links only: energy, peak and prices come with the whole answer. While nobody answers, the
  // notices of this view say so.
  async function refresh() {
    blocks.today.load();
    if (wall(clock()).hour !== hour) lookAround();
    hour = wall(clock()).hour;
    const [news, next, others] = await Promise.all([
      api.live(meter.id).catch(() => null),
      laterOf(meter),
      runningOf(meter),
    ]);
    if (left) return;
    if (next?.price != null) prices = next; // a monitor that has just started does not know them yet
    blocks.running?.show(others);
    if (news) take(news);
  }
  async function lookAround() {
    blocks.expected.load();
    const status = await api.status(meter.id).catch(() => null);
    if (!status || left) return;
    kept = keeping(status, clock()).filter((name) => !alerts.says(name));
    show();
  }
  blocks.minutes.show(live);
  blocks.minutes.draw();
  blocks.running?.show(running);
  show();
  blocks.today.load();
  const later = setTimeout(lookAround, 5 * SECOND); // first what everybody came for
  const stop = listen(meter, take, (next) => {
    if (mode === 'reconnecting') reloadIfNewer();
    mode = next;
    show();
  });
  return {
    title: W.title,
    node: blocks.node,
    refresh,
    tick: show, // silence grows without an event
    leave() {
      left = true;
      stop();
      alerts.cover(null, []);
      clearTimeout(later);
      blocks.minutes.leave();
    },
  };
}

/** All that is on the page; show(live, prices, feedState, kept): as it is now. */
function blocksOf(meter, prices, clock) {
  const time = h('time', { class: 'clock' }),
    link = h('span', { class: 'link' }),
    notices = noticesBlock(meter),
    power = powerBlock(meter),
    tariff = tariffBlock(),
    tomorrow = tomorrowBand(),
    later = laterBlock(prices, clock()),
    running = runningBlock(meter),
    expected = expectedLine(meter),
    today = todayBlock(meter, dateOf(clock()), expected.node),
    minutes = minutesBlock(meter, clock);
  const node = page(
    'now',
    [h('h1', null, W.title), h('p', { class: 'head-side' }, time, link)],
    notices.node,
    h('div', { class: 'now-grid' }, power.node, tariff.node, later?.node, today.node, minutes.node),
    running?.node,
    tomorrow.node,
  );
  function show(live, prices, { known, word, wrong }, kept) {
    const at = known ? live.at : (live.silent_since ?? live.at);
    const moment = f.recent(Date.parse(at), clock());
    time.textContent = live.interval ? W.last(moment) : moment;
    time.dateTime = at;
    link.className = `link ${word === 'live' || word === 'slow' ? 'on' : 'cut'}`;
    link.textContent = word === 'live' && live.interval ? W.every(f.rhythm(live.interval)) : W[word];
    notices.show([...wrong, ...(kept.length && !wrong.includes('away') ? ['kept'] : [])], { live, now: clock(), kept });
    power.show(live, known);
    tariff.show(live, clock());
    tomorrow.show(live, clock());
    later?.show(prices, clock());
    today.show(live, clock());
    minutes.mean(live, known);
  }
  return { node, today, expected, minutes, running, show };
}

/** There was never a frame: the page waits for the first one. */
function never(meter, place) {
  const limit = meter?.subscribed;
  const node = page(
    'now',
    place,
    h(
      'div',
      { class: 'blank' },
      h('p', { class: 'figure-xl muted', 'aria-hidden': 'true' }, '–', h('small', null, f.THIN, meter?.unit ?? 'VA')),
      limit && gauge({ limit, label: T.power }).node,
      h('h2', null, T.notices.never),
      h('p', null, inApp() ? T.notices.neverApp : T.notices.neverMore),
      h('p', null, toSettings('port', T.notices.port)),
    ),
  );
  // While this page waited for the first meter, several came: one has to be chosen.
  const stop = listen(
    meter,
    (live) => live.fresh && again(),
    () => {},
    (error) => error.meters && again(),
  );
  return { title: place, node, leave: stop };
}
