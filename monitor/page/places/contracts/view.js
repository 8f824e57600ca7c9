import * as api from '../../base/api.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { href } from '../../base/router.js';
import { dateOf, plusDays, seasonOf, tempoDay } from '../../base/time.js';
import { piece, stamp } from '../../parts/refresh.js';
import { notice, wrongSettings } from '../../parts/notice.js';
import { stepper } from '../../parts/controls.js';
import { compared, offersBlock } from './offers.js';
import { powerBlock } from './power.js';
import { whyNothing } from './ranking.js';
import { byColour, coloursOf, remaining, seasonMap } from './tempo.js';
import { windowsBlock } from './off_peak.js';
import { answered, away, blank, block, came, emptyBlock, FAILED, page, toSettings, wayTo } from '../../parts/block.js';
import { W } from './words.js';

const NOTHING = {},
  SOON = 2000; // ms that the page waits for what stands above the rest, and would move it // the server knows nothing that could be compared

/** @import {Context} from '../../../../deploy/page/types' */
/** @param {Context} context */
export default async function contracts(context) {
  const { meter, detail, now } = context;
  const today = dateOf(now()),
    season = /^\d{4}$/.test(detail) ? +detail : seasonOf(today),
    isTempo = meter.offer === 'tempo',
    title = T.places.contracts,
    ask = () => Promise.all(questions(meter, season, isTempo, today)),
    updated = season === seasonOf(today) ? stamp(now) : null,
    parts = partsOf({ meter, season, today, isTempo });
  let [answers] = await Promise.all([ask(), parts.above]);
  const head = h('h1', null, title);
  if (isTempo && answers[0] && !coloursOf(answers[0], season)?.size && !updated)
    return { title, node: noSeason(season, [head, seasons(meter, season, today, answers[0])]) };
  parts.show(answers, tempoDay(now()));
  const refresh = async () => {
    parts.askPower();
    const next = await ask();
    if (!next.some(came)) await api.tempo(meter.id, season); // says why
    // What cannot be read now stays as it was.
    answers = next.map((answer, i) => (came(answer) ? answer : (answers[i] ?? answer)));
    parts.show(answers, tempoDay(now()));
    updated?.set();
  };
  return { title, node: page('contracts', [head, updated?.node], parts.nodes()), ...(updated && { refresh }) };
}

/** Colours, days, offers and status; each null or FAILED when it cannot be read. */
const questions = (meter, season, isTempo, today) => [
  api.tempo(meter.id, season).catch(away).then(known),
  isTempo ? api.energy(meter.id, { by: 'day', from: `${season}-09-01`, to: seasonEnd(season) }).catch(away) : null,
  (meter.known_since ?? today) < today
    ? compared(meter.id).catch((error) => (error.status === 404 ? NOTHING : away(error)))
    : NOTHING,
  api.status(meter.id).catch(away).then(known),
];

/** Where there is nothing to fill with a sentence: what did not come is as if it was not there. */
const known = (answer) => (came(answer) ? answer : null);

/** The season, with the ways to the one before and after it. */
function seasons(meter, season, today, data) {
  const way = (year, label) =>
    data && year >= firstSeason(meter) && year <= seasonOf(today) && { href: href(`contrats/${year}`), label };
  const title = `Tempo, ${W.season(season).toLowerCase()}`;
  return stepper(title, way(season - 1, T.previous), way(season + 1, T.next), 'h2');
}

const noSeason = (season, head) => page('contracts', head, blank(W.noSeason(season), wayTo('contrats', W.thisSeason)));

/** What is below the head; show(answers, running): running: the Tempo day that runs. */
function partsOf({ meter, season, today, isTempo }) {
  const colours = (data) => data && coloursOf(data, season);
  const trouble = piece(
      (known) => !known && h('div', { class: 'notices' }, notice('warn', T.notices.database, T.notices.databaseMore)),
    ),
    wrong = piece((status) => wrongSettings(status)),
    left = piece((data, running) => {
      const days = colours(data) && remaining(data, season, today, running);
      // Of another offer only a calendar file tells colours: good to know, but not what this page is for then.
      if (!isTempo) return days && block(W.season(season), days);
      return h('section', { class: 'block' }, seasons(meter, season, today, data), days);
    }),
    map = piece((data) => colours(data) && seasonMap(data, colours(data), season, today)),
    costs = piece(
      (data, days, running) =>
        colours(data) &&
        !(days?.rows && !days.rows.some((row) => row.total)) &&
        answered(W.byColour, days, () => byColour(days, colours(data), running)),
    ),
    comparison = offersBlock({ meter, today }),
    offers = piece((what) =>
      answered(W.compare, what, () => (what === 'nothing' ? nothingBlock(meter, today) : comparison.node)),
    ),
    windows = piece((list) => list?.length > 0 && windowsBlock(list)),
    power = piece((needed) => answered(W.power.title, needed, powerBlock));
  // Seconds of a year may take longer than the rest, which does not wait for them.
  /** @type {any} */
  let needed = season === seasonOf(today) && (meter.first ?? today) < today ? FAILED : null;
  async function askPower() {
    if (needed !== FAILED) return;
    needed = await api.neededPower(meter.id).catch(away);
    power.show(needed);
  }
  const asked = askPower();
  return {
    above: Promise.race([asked, new Promise((done) => setTimeout(done, SOON))]),
    nodes: () => [
      ...[trouble, wrong, offers, power].map(({ node }) => node),
      ...(isTempo ? [left, map, costs, windows] : [windows, left, map]).map(({ node }) => node),
    ],
    askPower,
    show(answers, running) {
      const [data, days, compare, status] = answers;
      trouble.show([data, days, compare].some(came)); // the state of the links is known without the database, too
      const unused = status?.unused.filter(({ section }) => section === 'contracts') ?? [];
      wrong.show({ prices_error: status?.prices_error, unused });
      left.show(data, running);
      map.show(data);
      costs.show(isTempo && data, days, running);
      offers.show(came(compare) ? (compare === NOTHING ? 'nothing' : 'offers') : compare);
      if (came(compare) && compare !== NOTHING) comparison.show(compare);
      windows.show(status?.windows);
    },
  };
}

function nothingBlock(meter, today) {
  const why = whyNothing(meter, today);
  return why === 'noContract'
    ? block(W.compare, h('p', { class: 'muted' }, T.prices.noContract), toSettings('contrat', T.prices.set))
    : emptyBlock(W.compare, W[why]);
}

const seasonEnd = (season) => plusDays(`${season + 1}-09-01`, -1);
const firstSeason = (meter) => (meter.first ? seasonOf(meter.first) : Number.POSITIVE_INFINITY);
