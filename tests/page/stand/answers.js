// A household that does not exist: answers of the API in their shapes, made from the time. For looking at the page.
import { dateOf, dayEnd, dayStart, plusDays, seasonOf } from '../../../monitor/page/base/time.js';
import { DEVICES } from './found.js';
import { DECODED, FOUND, READERS } from './ports.js';

const PRODUCER = '051234560042',
  HOUR = 3600e3,
  MINUTE = 60e3,
  DAYS = 400,
  FRAMES = 7; // days for which frames are kept
const dateOffset = (ms) => Math.round((Date.parse(`${dateOf(ms)}T00:00Z`) - dayStart(dateOf(ms))) / MINUTE);
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const wave = (x, period) => Math.sin((2 * Math.PI * x) / period);
const power = (ms) => {
  const hour = (ms / HOUR + 1) % 24;
  const base = 320 + 60 * wave(ms, 7 * HOUR) + (hour > 6 && hour < 9 ? 1900 : 0) + (hour > 18 && hour < 22 ? 2600 : 0);
  return Math.max(120, Math.round((base + (ms % 1860e3 < 500e3 ? 1400 : 0) + 25 * wave(ms, 11e3)) / 10) * 10);
};
/** Of the roof of the producer; what its home does not use is injected. */
const roof = (ms) => {
  const hour = (ms / HOUR + 1) % 24;
  return hour > 8 && hour < 17 ? Math.round(3600 * Math.sin((Math.PI * (hour - 8)) / 9) * (1 + wave(ms, 5e6) / 8)) : 0;
};
const surplus = (ms) => Math.max(0, roof(ms) - power(ms));
const colourOf = (date) => 'BBBBBWBBRB'[(Date.parse(date) / 864e5) % 10];
const REGISTER = { B: 'JB', W: 'JW', R: 'JR' };
const registerAt = (ms) => {
  const hour = Math.floor((ms / HOUR + 1) % 24);
  const date = dateOf(ms - 6 * HOUR);
  return `BBR${hour >= 6 && hour < 22 ? 'HP' : 'HC'}${REGISTER[colourOf(date)]}`;
};
const PRICE = { BBRHCJB: 1325, BBRHPJB: 1612, BBRHCJW: 1499, BBRHPJW: 1871, BBRHCJR: 1575, BBRHPJR: 7060 };
const word = { B: 'blue', W: 'white', R: 'red' };

const METERS = (now, first) => [
  meter('041234567890', 'Maison', now, first, { subscribed: 9000, phases: 1, offer: 'tempo', mode: 'historic' }),
  meter(PRODUCER, 'Atelier', now, first, {
    subscribed: 12000,
    phases: 3,
    offer: 'hchp',
    mode: 'standard',
    producer: true,
  }),
];
const meter = (id, name, now, first, more) => ({
  id,
  name,
  replaced: [],
  serial: `…${id.slice(-4)}`,
  unit: 'VA',
  first,
  known_since: first,
  known_until: first && dateOf(now),
  last: iso(now),
  contract_year: '09-01',
  weather: true,
  producer: false,
  structure: more.offer,
  ...more,
});

// A home with devices; with a plug that counts too much.
export const HAS_DEVICES = ['devices', 'above'];
const SHARES = { 'Voiture électrique': 0.31, 'Chauffe-eau': 0.22, 'Lave-linge': 0.03 };
const metersOf = (now, first, state) =>
  METERS(now, first).map((meter) =>
    HAS_DEVICES.includes(state) ? { ...meter, devices: Object.keys(SHARES).sort() } : meter,
  );
const running = (now) => [
  { name: 'Voiture électrique', power: 7360, on: true, at: iso(now) },
  { name: 'Chauffe-eau', power: 2180, on: true, at: iso(now) },
  { name: 'Lave-linge', power: 1, on: false, at: iso(now) },
  { name: 'Congélateur', power: null, on: false, at: null },
];
function devicesOf({ wh, cost }, state) {
  const add = (columns) => Object.values(columns)[0].map((_, i) => sum(Object.values(columns).map((list) => list[i])));
  const times = (list, share) => list.map((value) => Math.round(value * share * (state === 'above' ? 4 : 1))),
    of = (totals) => Object.fromEntries(Object.entries(SHARES).map(([name, share]) => [name, times(totals, share)]));
  const [house, spent] = [add(wh), cost && add(cost)],
    devices = of(house),
    costs = spent ? of(spent) : of(house.map(() => null));
  const used = sum(Object.values(devices).map(sum)),
    paid = spent && sum(Object.values(costs).map(sum));
  return {
    devices,
    devices_cost: costs,
    devices_whole: {
      devices: Object.fromEntries(
        Object.keys(SHARES).map((name) => [name, { wh: sum(devices[name]), cost: spent && sum(costs[name]) }]),
      ),
      house_wh: sum(house),
      rest_wh: sum(house) - used,
      rest_cost: spent && sum(spent) - paid,
      above: state === 'above' ? { periods: house.length, devices_wh: used, house_wh: sum(house) } : null,
    },
  };
}

const OF = { name: 'EDF · Tarif Bleu', assumed: true };
const figures = { before: null, now: null, from: null, to: null, watts: null, hours: null, register: null };
/** A red day, with a step in the afternoon. */
function why(id, from, to) {
  const ago = (weeks, t) => iso(at(plusDays(dateOf(t), -7 * weeks), t)),
    ran = (first, last) => ({ from: iso(from + first * MINUTE), to: iso(from + last * MINUTE) });
  return {
    meter: id,
    from: iso(from),
    to: iso(to),
    assumed: true,
    compared: [1, 2, 3, 4].map((weeks) => ({ from: ago(weeks, from), to: ago(weeks, to) })),
    why_not: null,
    now: { wh: 24310, cost: 91200 },
    before: { wh: 14050, cost: 21100 },
    parts: [
      { ...figures, kind: 'colour', register: 'BBRHPJR', before: 0.04, now: 0.61, wh: 0, cost: 54700 },
      { ...figures, kind: 'step', ...ran(122, 450), watts: 1850, wh: 8000, cost: 12000 },
      { ...figures, kind: 'hours', hours: [18, 22], wh: -1400, cost: -2100 },
    ],
    rest: { wh: 3660, cost: 5500, large: false },
  };
}
const GONE = {
  kind: 'forget-meter',
  arguments: { meter: '021861999999' },
  name: '021861999999',
  label: 'Ancien compteur',
  last: '2026-03-10T10:00:00Z',
};
const at = (date, t) => dayStart(date) + (t - dayStart(dateOf(t)));

/** A heat pump, six weeks ago; yesterday something that is too new to be compared. */
function notes(id, day, now) {
  const back = (days) => plusDays(dateOf(now), -days);
  const side = (first, last, wh, cost) => ({ first, last, wh, cost, coverage: 0.998 });
  return {
    meter: id,
    assumed: true,
    notes: [
      { at: back(42), text: 'Pompe à chaleur' },
      { at: back(1), text: 'Congélateur' },
    ],
    compared:
      day === back(42)
        ? { days: 28, before: side(back(71), back(43), 14900, 28300), after: side(back(41), back(13), 11900, 23400) }
        : null,
  };
}

// What Home Assistant's app says is still to be set up.
export const IN_APP = ['install', 'port', 'broker'];
const app = (state) => ({
  ports: ['install', 'port'].includes(state) ? [] : ['/dev/ttyUSB0'],
  meter: !['install', 'port'].includes(state),
  found: state === 'port' ? FOUND : [],
  broker: ['install', 'broker'].includes(state) ? 'none' : 'service',
  database: 'internal',
});
const event = (now, [kind, minutes, length, path, fr, en, meter = '041234567890']) => ({
  id: `${kind}/${meter ?? ''}//${minutes}`,
  kind,
  meter,
  began: iso(now - (now % 1000) - minutes * MINUTE),
  ended: length == null ? null : iso(now - (now % 1000) - (minutes - length) * MINUTE),
  path,
  text: { fr, en },
});
const BUDGET = 'Budget du mois\u00a0: environ 135\u202f€ prévus, entre 122 et 150\u202f€, pour un budget de 120\u202f€',
  OVER = 'Month’s budget: about €135 expected, between €122 and €150, for a budget of €120',
  TRIP = 'Maison · Risque de coupure\u00a0: 9\u202f450\u202fVA, limite 9\u202f000\u202fVA',
  RED_DAY = 'Maison · Jour rouge jeudi 19 novembre\u00a0: 0,71\u202f€ le kWh',
  READER = ['Le lecteur ne répond plus', 'The reader is not responding', null];
const ACTIVE = [
  ['backup', 40, null, 'etat', 'Dernière sauvegarde il y a 9\u202fjours', 'Last backup 9 days ago', null],
  ['budget', 3 * 1440, null, 'bilan', BUDGET, OVER, null],
];
const PAST = [
  ...Array.from({ length: 6 }, (_, i) => ['silent', 1440 + 300 * i, 12, 'etat', ...READER]),
  ['overload', 5000, 3, '', TRIP, 'Maison · About to trip'],
  ['red', 9000, 0, 'contrats', RED_DAY, 'Maison · Red day'],
];
const RULES = { overload: 'Puissance proche de la limite', budget: 'Budget du mois', white: 'Jour blanc' };
/** In the state alarm two go on. */
export function alerts(now, state) {
  const second = now - (now % 1000),
    alarm = state === 'alarm';
  const sent = { waiting: 0, failed: 0, failed_at: null, why: null },
    failed = { waiting: 1, failed: 2, failed_at: iso(second - HOUR), why: 'smtp 535' };
  return {
    sends: alarm,
    rules: Object.entries(RULES).map(([name, fr]) => ({ name, on: name !== 'white', text: { fr, en: name } })),
    active: alarm ? ACTIVE.map((row) => event(now, row)) : [],
    past: PAST.map((row) => event(now, row)),
    addresses: alarm
      ? [
          { name: 'mailto 2', sent: 3, sent_at: iso(second - 5e8), ...failed },
          { name: 'ntfy 1', sent: 12, sent_at: iso(second - HOUR), ...sent },
        ]
      : [],
  };
}
const EMPTY = ['empty', 'install']; // no meter yet
const OFFERS = [
  ['base', 'EDF', 'Tarif Bleu, option Base', 'base'],
  ['hchp', 'EDF', 'Tarif Bleu, option Heures Creuses', 'hchp'],
  ['tempo', 'EDF', 'Tarif Bleu, option Tempo', 'tempo'],
  ['edf-zen-fixe', 'EDF', 'Zen Fixe'],
  ['alpiq-stable-hc', 'Alpiq', 'Électricité Stable, Heures Creuses'],
  ['octopus-eco-fixe', 'Octopus Energy', 'Éco-conso Fixe'],
  ['mint-online-hc', 'Mint', 'Online & Green, Heures Creuses'],
  ['engie-happy-heures', 'Engie', 'Happy Heures Vertes'],
  ['total-heures-eco-hc', 'TotalEnergies', 'Heures Éco, Heures Creuses'],
  ['bellenergie-prudence', 'Bellenergie', 'Prudence'],
  ['sobry-socap', 'Sobry', 'Socap'],
  ['enercoop-base', 'Enercoop', 'Basic'],
  ['ohm-extra-eco', 'Ohm Énergie', 'Extra Éco'],
];

/** state: what is staged, see STATES. Throws {status, detail}. */
export function answer(route, query, now, state) {
  const id = query.get('meter') ?? '041234567890';
  const down = { mute: 'meter', mqtt: 'mqtt', database: 'database', reader: 'reader', storer: 'storer' }[state];
  const reads = ['meters', 'live', 'later', 'status', 'app', 'alerts'],
    isEmpty = EMPTY.includes(state);
  if (state === 'database' && !['live', 'later', 'status', 'alerts'].includes(route))
    throw { status: 503, detail: 'La base ne répond pas.' };
  if (isEmpty && !reads.includes(route)) throw { status: 404, detail: 'Aucune donnée.' };
  // A young meter came in the middle of today.
  const began =
    state === 'young' ? Math.floor((now - 2 * HOUR) / HOUR) * HOUR : dayStart(dateOf(now - DAYS * 24 * HOUR));
  const from = Math.max(time(query.get('from')), began),
    to = Math.min(time(query.get('to')), now);
  switch (route) {
    case 'meters':
      return { zone: 'Europe/Paris', now: iso(now), meters: isEmpty ? [] : metersOf(now, dateOf(began), state) };
    case 'devices':
      return { devices: running(now), refused_topics: refusedTopics(state) };
    case 'live':
      return live(id, now, state, down);
    case 'later':
      return later(id, now, state);
    case 'series':
      if (to <= began) throw { status: 404, detail: 'Aucune donnée pour cette période.' };
      return series(id, from, to, now - FRAMES * 24 * HOUR);
    case 'energy':
      return energy(id, query.get('by'), from, to, state);
    case 'interval':
      return interval(id, from, to, state);
    case 'status':
      return status(id, now, state, down);
    case 'forgettable':
      return { gone: [GONE] };
    case 'offers':
      return { offers: OFFERS.map(([id, supplier, name, structure = null]) => ({ id, supplier, name, structure })) };
    case 'message':
      return {
        numbers: [
          { path: 'apower', value: 61.2 },
          { path: 'aenergy.total', value: 312412 },
        ],
      };
    case 'ports':
      return { readers: READERS };
    case 'discovered':
      return { connected: true, complete: true, refused_topics: [], devices: DEVICES, meters: DECODED };
    case 'app':
      return app(state);
    case 'alerts':
      return alerts(now, state);
    case 'events':
      return events(id, now);
    case 'tempo':
      return tempo(now, query.get('season'));
    case 'compare':
      return compare(id, now, query);
    case 'power':
      return neededPower(id, now);
    case 'peaks':
      return { meter: id, unit: 'VA', decoded: false, peaks: peaks(from, to, +(query.get('n') ?? 10)) };
    case 'baseload':
      return baseload(id, from, to);
    case 'why':
      return why(id, from, to);
    case 'weather':
      return weather(id, query, now);
    case 'notes':
      return notes(id, query.get('at'), now);
    case 'forecast':
      return forecast(id, now, state, began);
    case 'indexes':
      return indexes(id, query, now);
    case 'profile':
      return profile(id, from, to, query.get('by') ?? 'day');
    default:
      throw { status: 404, detail: 'Adresse inconnue.' };
  }
}

const time = (text) => (!text ? Number.NaN : text.length === 10 ? dayStart(text) : Date.parse(text));
function days(from, to) {
  const list = [];
  for (let d = dateOf(from); dayStart(d) < to; d = plusDays(d, 1)) list.push(d);
  return list;
}

function later(id, now, state) {
  const price = (t) => PRICE[registerAt(t)],
    night = dayStart(dateOf(now)) + 22 * HOUR;
  if (state === 'unpriced' || EMPTY.includes(state))
    return { meter: id, price: null, assumed: false, surplus: null, change: null, cheaper: [] };
  const change = { at: iso(night), price: price(night) };
  return {
    meter: id,
    price: price(now),
    assumed: true,
    surplus: null,
    change,
    cheaper: price(night) < price(now) ? [{ ...change, colour: null }] : [],
  };
}

/** A house that heats with electricity, in a year that was colder than the one before. */
function weather(id, query, now) {
  const [first, after] = [query.get('from'), query.get('to')],
    last = [plusDays(after, -1), plusDays(dateOf(now), -1)].sort()[0],
    days = Math.round((Date.parse(last) - Date.parse(first)) / 864e5) + 1,
    compared = {
      first,
      last,
      days,
      degree_days: days * 11.2,
      degree_days_before: days * 9.4,
      wh: days * 24310,
      wh_before: days * 23870,
      wh_per_degree_day: 2140,
      quality: 0.78,
      why_not: null,
      change: -0.1232,
    };
  return { meter: id, base: 18, thermometer: 'jardin', compared };
}

/** Registers that go on by 8 and 2 kWh a day. */
function indexes(id, query, now) {
  const dates = [query.get('from'), query.get('to')],
    moments = [now, ...dates.map((day) => day && dayStart(day))];
  const registers = [
    ['HCHC', 'Heures creuses', 8000],
    ['HCHP', 'Heures pleines', 2000],
  ].map(([name, label, day]) => {
    const [present, from, to] = moments.map((moment) => moment && Math.round((moment / HOUR / 24) * day));
    return { name, label, kind: 'supplier', now: present, from, to, wh: to && to - from };
  });
  const [present, from, to] = moments.map((moment) => moment && iso(moment)),
    wh = to && registers.reduce((sum, one) => sum + one.wh, 0);
  return {
    meter: id,
    from: dates[0],
    to: dates[1],
    coverage: to && 1,
    meters: [{ id, mode: 'historic', now: present, from, to, registers, wh }],
    wh,
  };
}
/** What is known so far of a month and a year goes on at the same rate. */
function forecast(id, now, state, began) {
  const month = dateOf(now).slice(0, 7),
    year = month.slice(0, 4),
    whyNot = state === 'young' ? 'few_days' : null;
  const period = (first, next) => {
    const [start, end] = [dayStart(first), dayStart(next)],
      { total_wh, cost } = energy(id, 'day', Math.max(start, began), now, state).whole;
    const of = (amount) => {
      const likely = (share) =>
        whyNot || amount == null ? null : Math.round(amount * (1 + (share * (end - now)) / (now - start)));
      return { so_far: amount ?? null, expected: likely(1), low: likely(0.7), high: likely(1.3) };
    };
    return {
      from: iso(start),
      to: iso(end),
      until: iso(now),
      why_not: whyNot,
      wh: of(total_wh),
      cost: of(cost?.total),
    };
  };
  return {
    meter: id,
    assumed: true,
    budget: 1700000,
    month: period(`${month}-01`, `${plusDays(`${month}-01`, 31).slice(0, 7)}-01`),
    year: period(`${year}-01-01`, `${+year + 1}-01-01`),
    contract_year: null,
  };
}

function live(id, now, state, down) {
  if (EMPTY.includes(state))
    return { meter: id, at: null, links: { meter: 'never', reader: 'down', mqtt: 'up', storer: 'up', database: 'up' } };
  const decoded = state === 'decoded';
  const at = down === 'meter' || down === 'mqtt' ? now - 3 * MINUTE : decoded ? now - (now % MINUTE) : now;
  const three = id === PRODUCER,
    dawn = state === 'dawn';
  const subscribed = three ? 12000 : 9000;
  const watts = state === 'overload' ? 9320 : state === 'near' ? (three ? 5300 : 8700) : power(at);
  const links = {
    meter: 'up',
    reader: 'up',
    mqtt: 'up',
    storer: 'up',
    database: 'up',
    ...(down && { [down]: 'down' }),
  };
  const change = dayStart(dateOf(now)) + 22 * HOUR;
  const next = (name, hours, seen = hours) => {
    const register = registerAt(change + seen * HOUR);
    return { at: iso(change + hours * HOUR), register: three ? name : register, price: PRICE[register] };
  };
  const second = (i) => now - 599e3 + i * 1000;
  return {
    meter: id,
    at: iso(at),
    power: watts,
    unit: 'VA',
    subscribed,
    phases: three ? [0.2, 0.7, 0.1].map((part) => ({ power: Math.round(watts * part), limit: 4000 })) : null,
    volts: three ? [235, 233, 236] : [234],
    register: three ? 'HCHP' : registerAt(at),
    price: state === 'unpriced' ? null : PRICE[registerAt(at)],
    assumed: state !== 'unpriced',
    since: iso(dayStart(dateOf(now)) + 6 * HOUR),
    until: iso(change),
    next: state === 'tomorrow' ? [next('HCHC', 0)] : [next('HCHC', 0), next('HCHP', 8, 9)],
    colour: three ? null : word[colourOf(dateOf(now))],
    tomorrow: three || state === 'tomorrow' ? null : word[colourOf(plusDays(dateOf(now), 1))],
    tomorrow_by: three || state === 'tomorrow' ? null : 'meter',
    overload: decoded ? null : state === 'overload',
    source: decoded ? 'zigbee2mqtt' : null,
    interval: decoded ? 60 : null,
    mean: at === now ? { watts: 1790, seconds: 597 } : null,
    silent_since: at === now || decoded ? null : iso(at),
    peak: state === 'database' || decoded ? null : { power: 5340, at: iso(dayStart(dateOf(now)) + 7.9 * HOUR) },
    today:
      state === 'database'
        ? null
        : {
            at: iso(state === 'late' ? now - 20 * MINUTE : now),
            wh: Math.round(((now - dayStart(dateOf(now))) / HOUR) * 440), // so it is another one each minute
            cost: ['unpriced', 'young'].includes(state) ? null : 11234,
            same_hour_last_week_wh: 7290,
            same_hour_last_week_cost: state === 'unpriced' ? null : 12480,
            injected_wh: three ? 772 : 0,
            production_wh: three ? 3140 : null,
          },
    fresh: at === now || decoded,
    injected: three ? (dawn ? 0 : 320) : null,
    production: three ? { power: dawn ? 0 : 1260, at: iso(now - MINUTE) } : null,
    name: null,
    links,
    ring:
      down === 'mqtt'
        ? null
        : {
            t0: now - 599e3,
            step: 1000,
            power: Array.from({ length: 600 }, (_, i) => (second(i) > at ? null : power(second(i)))),
          },
  };
}

const hoursOf = (day) => {
  const list = [];
  for (let t = dayStart(day); t < dayEnd(day); t += HOUR) list.push(power(t));
  return list;
};

function profile(id, from, to, by) {
  const all = days(from, to);
  return by === 'weekday'
    ? { meter: id, by, unit: 'Wh', first: null, rows: all.slice(0, 7).map((day) => hoursOf(day).slice(0, 24)) }
    : { meter: id, by, unit: 'Wh', first: dateOf(from), rows: all.map(hoursOf) };
}

function peaks(from, to, n) {
  const list = days(from, to).map((day, i) => {
    const at = dayStart(day) + 19.3 * HOUR + i * 1000;
    return { day, at: iso(at), power: power(at) + 900 + (i % 17) * 40, phase: null };
  });
  return list.sort((a, b) => b.power - a.power).slice(0, n);
}

function baseload(id, from, to) {
  const list = days(from, to),
    ofMonth = (day) => [610, 580, 450, 300, 220, 190, 171, 175, 200, 310, 480, 590][day.slice(5, 7) - 1], // it heats
    watts = list.map((day, i) => ofMonth(day) + (i % 5)),
    months = [...new Set(list.map((day) => day.slice(0, 7)))].map((month) => ({ month, watts: ofMonth(month) + 2 })),
    median = [...watts].sort((a, b) => a - b)[watts.length >> 1] ?? null;
  return { meter: id, method: 'p10', unit: 'W', median, first: list[0] ?? null, watts, months };
}

function series(id, from, to, kept) {
  const step = to - from <= 2 * HOUR ? 1000 : MINUTE;
  const count = Math.floor((to - from) / step);
  const at = (i) => from + i * step;
  const mean = Array.from({ length: count }, (_, i) => (step === 1000 && at(i) < kept ? null : power(at(i))));
  const spread = (by) => mean.map((v) => v + by);
  return {
    meter: id,
    t0: from,
    step,
    source: step === 1000 ? 'frames' : 'minutes',
    unit: 'VA',
    mean,
    ...(step === MINUTE && { min: spread(-60), max: spread(180) }),
    ...(id === PRODUCER && {
      mean: mean.map((v, i) => v && Math.max(0, v - roof(at(i)))),
      ...(step === MINUTE && { min: undefined, max: undefined }),
      injected: mean.map((v, i) => v && surplus(at(i))),
      production: mean.map((v, i) => v && roof(at(i))),
    }),
    registers: [[from, to, registerAt(from + 12 * HOUR)]],
    gaps: [],
    overloads: [],
    volts: { min: 229, max: 241 },
    offsets: [[from, dateOffset(from)]],
    peak: { at: iso(from + 19 * HOUR), power: 5340 },
    decoded: false,
    coverage: 1,
  };
}

function energy(id, by, from, to, state) {
  const cells = [];
  if (by === 'hour') for (let t = from; t < to; t += HOUR) cells.push([iso(t), t, Math.min(t + HOUR, to)]);
  else for (const d of days(from, to)) cells.push([d, dayStart(d), Math.min(dayEnd(d), to)]);
  const names = id === PRODUCER ? ['HCHC', 'HCHP'] : Object.keys(PRICE);
  const wh = Object.fromEntries(names.map((name) => [name, cells.map(() => 0)]));
  cells.forEach(([, a, b], i) => {
    for (let t = a; t < b; t += HOUR) {
      const name = id === PRODUCER ? ['HCHC', 'HCHP'][+registerAt(t).includes('HP')] : registerAt(t);
      wh[name][i] += Math.round(power(t) * Math.min(1, (b - t) / HOUR));
    }
  });
  const price = (name) => PRICE[name] ?? { HCHC: 1579, HCHP: 2081 }[name];
  const cost = Object.fromEntries(
    names.map((name) => [name, wh[name].map((v) => Math.round((v / 1000) * price(name)))]),
  );
  const priced = state !== 'unpriced';
  const column = (part) => cells.map(part);
  const columns = {
    start: column(([start]) => start),
    hours: column(([, a, b]) => Math.ceil((b - a) / HOUR)),
    wh,
    cost: priced ? cost : null,
    subscription: priced ? column(([, a, b]) => Math.round(((b - a) / HOUR) * 217)) : null,
    recovered_wh: column((_, i) => (i % 90 === 40 ? 1200 : 0)),
    imported_wh: column(() => 0),
    across_wh: column(() => 0),
    partial_cost: column(() => !priced),
    coverage: column((_, i) => (i % 90 === 40 ? 0.93 : i % 90 === 70 ? 0.5 : 1)),
  };
  const made = id === PRODUCER && madeOf(cells);
  if (made) {
    for (const name of names)
      wh[name] = wh[name].map((v, i) => Math.max(0, Math.round(v - made.self_consumed_wh[i] / names.length)));
    Object.assign(columns, made);
  }
  return {
    meter: id,
    by,
    zone: 'Europe/Paris',
    offer: id === PRODUCER ? 'hchp' : 'tempo',
    prices: { version: '2026-08-01', checked: '2026-11-02', error: null, of: OF, old: [] },
    names: {},
    ...columns,
    whole: cells.length ? whole(columns, from, to) : null,
    ...(HAS_DEVICES.includes(state) && cells.length && devicesOf(columns, state)),
    ...(made && { sun: sunOf(made, sum(names.flatMap((name) => wh[name])), from) }),
  };
}

/** Production, its use at home and injection of some cells, from one value each ten minutes. */
function madeOf(cells) {
  const wh = (of, a, b) => {
    let total = 0;
    for (let t = a; t < b; t += 10 * MINUTE) total += of(t) / 6;
    return Math.round(total);
  };
  const production = cells.map(([, a, b]) => wh(roof, a, b)),
    injected = cells.map(([, a, b]) => wh(surplus, a, b)),
    own = production.map((made, i) => made - injected[i]);
  return {
    injected_wh: injected,
    production_wh: production,
    self_consumed_wh: own,
    self_consumption: own.map((wh, i) => (production[i] ? wh / production[i] : null)),
    self_sufficiency: own.map(() => 0.4),
    saved: own.map((wh) => Math.round(wh * 2.081)),
    earned: injected.map((wh) => Math.round(wh * 0.4)),
  };
}

function sunOf(made, drawn, from) {
  const [production, own, injected] = [made.production_wh, made.self_consumed_wh, made.injected_wh].map(sum);
  return {
    since: iso(from),
    heard: 9 * made.saved.length,
    injected_wh: injected,
    production_wh: production,
    self_consumed_wh: own,
    self_consumption: production ? own / production : null,
    self_sufficiency: own + drawn ? own / (own + drawn) : null,
    saved: sum(made.saved),
    earned: sum(made.earned),
    surplus_hours: made.injected_wh.filter(Boolean).length,
    contradiction: null,
  };
}

const sum = (list) => list.reduce((a, b) => a + b, 0);
function whole({ wh, cost, subscription, recovered_wh, injected_wh, coverage }, from, to) {
  const of = (columns) => Object.fromEntries(Object.entries(columns).map(([name, list]) => [name, sum(list)]));
  const parts = (energy, sub) => {
    const vat = Math.round((energy + sub) / 6),
      accise = Math.round(energy * 0.15);
    const cta = Math.round(sub * 0.1);
    const [subscription, net] = [sub - Math.round(sub / 6) - cta, energy - accise - Math.round(energy / 6)];
    return { energy: net, accise, subscription, cta, vat };
  };
  const by = cost && of(cost),
    energy = by && sum(Object.values(by)),
    sub = by && sum(subscription);
  return {
    from: iso(from),
    to: iso(to),
    hours: Math.ceil((to - from) / HOUR),
    wh: of(wh),
    total_wh: sum(Object.values(of(wh))),
    injected_wh: injected_wh ? sum(injected_wh) : null,
    recovered_wh: sum(recovered_wh),
    imported_wh: 0,
    across_wh: 0,
    coverage: sum(coverage) / coverage.length,
    cost: by && {
      energy,
      subscription: sub,
      total: energy + sub,
      by_register: by,
      parts: parts(energy, sub),
      missing: [],
    },
  };
}

function interval(id, from, to, state) {
  const { whole } = energy(id, 'hour', from, to);
  const devices = HAS_DEVICES.includes(state) && {
    devices: { 'Voiture électrique': 3100, 'Chauffe-eau': 420, 'Lave-linge': 0 },
    devices_cost: { 'Voiture électrique': 4990, 'Chauffe-eau': 680, 'Lave-linge': 0 },
  };
  return {
    meter: id,
    by: 'range',
    zone: 'Europe/Paris',
    from: iso(from),
    to: iso(to),
    wh: whole.total_wh,
    registers: whole.wh,
    injected_wh: whole.injected_wh,
    coverage: 1,
    mean: Math.round((whole.total_wh * HOUR) / (to - from)),
    decoded: false,
    max: { power: 4210, at: iso(from + (to - from) / 2) },
    unit: 'VA',
    cost: whole.cost?.energy ?? null,
    subscription: whole.cost?.subscription ?? null,
    partial_cost: false,
    prices: { version: '2026-08-01', checked: '2026-11-02', error: null, of: OF, old: [] },
    ...devices,
  };
}

const refusedTopics = (state) => (state === 'refused' ? ['boiler/status'] : []);

function status(id, now, state, down) {
  const last = { up: now, down: now - 3 * MINUTE };
  const details = { meter: '0,67 trame/s', reader: 'cave', mqtt: '2 ms', storer: 'main', database: 'MariaDB 11.8' };
  const links = Object.entries(details).map(([name, detail]) => {
    const is = EMPTY.includes(state) && name === 'meter' ? 'never' : down === name ? 'down' : 'up';
    return { id: name, state: is, last: is === 'never' ? null : iso(last[is]), detail };
  });
  const away = state === 'database' || EMPTY.includes(state);
  return {
    meter: id,
    links,
    yesterday: away
      ? null
      : { frames: 57410, expected: 57600, lost: 190, recovered_wh: 214, late_hours: 2, coverage: 0.9967 },
    spool: { bytes: away ? 214000 : 0, limit: 67108864, frames: away ? 182 : 0 },
    audit: away ? null : { at: iso(now - 9 * HOUR), ok: true, days: 365, missing: 0 },
    disk: away ? null : { used: 6.1e9, free: 47.8e9, years: 61 },
    backup: away ? null : { at: iso(now - 9 * HOUR), rows: 5210433 },
    volts: away ? null : { low: 207, high: 253, days: 365, lowest: 221, highest: 254, outside_minutes: 36 },
    unseen_export: null,
    windows: [['2025-10', '22:00–06:00']],
    off_peak: ['22:00-06:00'],
    versions: [['teleinfo-monitor', '1.0.0']],
    prices_error: null,
    unused: [],
    refused_topics: refusedTopics(state),
  };
}

const events = (id, now) => ({
  meter: id,
  events: [
    { kind: 'overload', at: iso(now - 20 * HOUR), seconds: 14, power: 9320 },
    { kind: 'gap', at: iso(now - 30 * HOUR), until: iso(now - 29.5 * HOUR), why: 'unknown', wh: 214 },
    { kind: 'voltage', at: iso(now - 900 * HOUR), until: iso(now - 899 * HOUR), volts: 254, phase: 1 },
    { kind: 'outage', at: iso(now - 2000 * HOUR), until: iso(now - 1998 * HOUR), why: 'outage' },
    { kind: 'epoch', at: iso(now - DAYS * 24 * HOUR), text: 'first', offer: 'tempo', subscribed: 9000 },
  ],
  next: null,
});

function tempo(now, season) {
  const today = dateOf(now),
    year = season ? +season : seasonOf(today);
  const list = days(dayStart(`${year}-09-01`), dayStart(`${year + 1}-09-01`));
  const colours = list.map((day) => (day <= today && day >= dateOf(now - DAYS * 24 * HOUR) ? colourOf(day) : '-'));
  const allowance = { blue: 300, white: 43, red: 22 };
  const used = Object.fromEntries(
    Object.entries(word).map(([c, name]) => [name, colours.filter((x) => x === c).length]),
  );
  const left = Object.keys(used).map((name) => [name, Math.max(0, allowance[name] - used[name])]);
  return {
    meter: '041234567890',
    season: year,
    first: list[0],
    colours: { [year]: colours.join('') },
    sources: colours.map((c) => (c === '-' ? '-' : 'm')).join(''),
    imported_until: null,
    allowance,
    used,
    remaining: Object.fromEntries(left),
    today: word[colourOf(today)],
    tomorrow: null,
    chances: [2, 3, 4, 5, 6, 7, 8, 9]
      .map((ahead) => ({ day: plusDays(today, ahead), chance: (92 - 6 * ahead) / 100 }))
      .filter(({ day }) => seasonOf(day) === year)
      .map((one) => ({ ...one, colour: word[colourOf(one.day)] })),
    source_of_chances: 'Open DPE',
    differs: [],
  };
}

function neededPower(id, now) {
  const three = id === PRODUCER,
    subscribed = three ? 12 : 9,
    lower = subscribed - 3;
  const powers = [-6, -3, 0, 3].map((by) => ({
    power: subscribed + by,
    yours: by === 0,
    above: { [-6]: 214_000, [-3]: 2460, 0: 40 }[by] ?? 0,
    trips: { [-6]: 43, [-3]: 0 }[by] ?? null,
    enough: { [-6]: false, [-3]: true }[by] ?? null,
    saving: -by * 160_800,
  }));
  return {
    meter: id,
    from: dateOf(now - 365 * 24 * HOUR),
    last_day: dateOf(now - 24 * HOUR),
    hours_missing: 12,
    winter_weeks_missing: 0,
    offer: three ? 'hchp' : 'tempo',
    assumed: true,
    power: subscribed,
    phases: three ? 3 : 1,
    refused: null,
    verdict: `${lower} kVA auraient suffi. ${lower - 3} kVA ne suffisent pas : 43 coupures possibles.`,
    powers,
    remarks: ['12 h sans mesure.'],
  };
}

/** Offers of the market around the one of the meter: the ranking, a choice, prices to check, and what is refused. */
function compare(id, now, query) {
  const shift = +(query.get('shift') ?? 0),
    then = query.get('prices') === 'then';
  const WE = 'Le week-end et les jours fériés',
    REST = 'Les autres jours';
  const HC = { HC: 'Vos heures creuses', HP: 'Les autres heures' };
  // [id, supplier, name, kind, energy, subscription, rule, more]
  const list = [
    ['alpiq-stable-hc', 'Alpiq', 'Électricité Stable, Heures Creuses', 'fixed', 11904000, 1902000, HC],
    ['trv-tempo', 'EDF', 'Tarif Bleu, option Tempo', 'regulated', 12241265, 1934300, TEMPO_RULE],
    ['octopus-eco-fixe', 'Octopus Energy', 'Éco-conso Fixe', 'fixed', 12710000, 1944000, { BASE: 'À toute heure' }],
    ['mint-online-hc', 'Mint', 'Online & Green, Heures Creuses', 'indexed', 12920000, 1926000, HC],
    ['edf-zen-we-plus', 'EDF', 'Zen Week-End Plus', 'fixed', 13100000, 1903200, { WE, WEEK: REST }],
    ['engie-happy-heures', 'Engie', 'Happy Heures Vertes', 'fixed', 13360000, 1990000, HAPPY_RULE],
    ['edf-zen-we', 'EDF', 'Zen Week-End', 'fixed', 13470000, 1903200, { WE, WEEK: REST }],
    ['total-heures-eco-hc', 'TotalEnergies', 'Heures Éco, Heures Creuses', 'indexed', 13620000, 1910000, HC],
    ['trv-hphc', 'EDF', 'Tarif Bleu, option Heures Creuses', 'regulated', 13990000, 1934300, HC],
    ['bellenergie-prudence', 'Bellenergie', 'Prudence', 'fixed', 14240000, 1971000, { BASE: 'À toute heure' }],
    ['sobry-socap', 'Sobry', 'Socap', 'spot', 14410000, 1912000, { SPOT: 'Prix du marché, par quart d’heure' }],
    ['enercoop-base', 'Enercoop', 'Basic', 'indexed', 15590000, 1935000, { BASE: 'À toute heure' }],
    ['trv-base', 'EDF', 'Tarif Bleu, option Base', 'regulated', 15961385, 1941900, { BASE: 'À toute heure' }],
  ];
  const choice = (weekday, slot, total) => ({ weekday, slot, total });
  const CHOICES = {
    'edf-zen-we-plus': [2, 0, 4].map((weekday, i) => choice(weekday, null, 15003200 + i * 64000)),
    'engie-happy-heures': ['13:00-15:00', '15:00-17:00'].map((slot, i) => choice(null, slot, 15350000 + i * 48000)),
  };
  const yours = id === PRODUCER ? 'trv-hphc' : 'trv-tempo';
  const common = {
    hours_known: 8712,
    since: '2026-08-01',
    grade: 'B',
    checked: '2026-09-25',
    old: false,
    closed: false,
  };
  const offers = list
    .map(([name, supplier, title, kind, energy, subscription, rule]) => {
      const cost = Math.round((energy * (kind === 'fixed' ? 1 : 1 - shift / 500) * (then ? 104 : 100)) / 100),
        periods = Object.keys(rule),
        part = (whole) => Object.fromEntries(periods.map((period) => [period, Math.round(whole / periods.length)]));
      return {
        ...common,
        id: name,
        supplier,
        name: title,
        kind,
        yours: name === yours,
        energy: cost,
        subscription,
        total: cost + subscription,
        wh: part(7412000),
        by_period: kind === 'spot' ? {} : part(cost),
        rule,
        choices: CHOICES[name] ?? [],
        why: null,
        refused: null,
        grade: kind === 'regulated' ? 'A' : 'B',
        source: 'grille tarifaire du fournisseur',
        old: name === 'enercoop-base',
      };
    })
    .sort((a, b) => a.total - b.total)
    .map((one, i) => ({ ...one, rank: i + 1 }));
  const refused = ([name, supplier, title, why, text]) => ({
    ...common,
    id: name,
    supplier,
    name: title,
    kind: 'fixed',
    yours: false,
    rank: null,
    energy: null,
    subscription: null,
    total: null,
    wh: {},
    by_period: {},
    rule: {},
    choices: [],
    why,
    refused: text,
    source: null,
  });
  const OLD = 'Prix vus pour la dernière fois le 1er février 2026, il y a plus de six mois : non classés.',
    CHARGE = 'Cette offre rémunère une recharge pilotée par le fournisseur : le compteur ne la distingue pas.',
    DAYS_OF =
      'Le calendrier de ses jours n’est pas fourni pour 8712 h : donnez un fichier (option « calendars », nom « ohm-modulo »).';
  const unranked = [
    ['octopus-intelligent', 'Octopus Energy', 'Intelligent Octopus', 'driven_charge', CHARGE],
    ['ohm-modulo', 'Ohm Énergie', 'Modulo', 'calendar', DAYS_OF],
    ['selia-fixe-hc', 'Sélia', 'Fixe, Heures Creuses', 'old', OLD],
    ['jpme-hc', 'JPME', 'Fixe, Heures Creuses', 'old', OLD],
  ].map(refused);
  const best = offers[0],
    own = offers.find((one) => one.yours);
  return {
    meter: id,
    from: query.get('from') ?? plusDays(dateOf(now), -365),
    last_day: plusDays(dateOf(now), -1),
    measured_from: null,
    power: 9,
    at: then ? 'then' : 'today',
    shift,
    wh: 7412000,
    recovered_wh: 3860,
    hours: 8760,
    hours_known: 8712,
    why: null,
    refused: null,
    verdict: `${
      best.yours
        ? 'Votre contrat (supposé) est le moins cher'
        : `Avec vos habitudes inchangées, ${best.supplier} · ${best.name} aurait coûté ${((own.total - best.total) / 1e4).toFixed(2).replace('.', ',')} € de moins`
    } (parmi ${offers.length} offres aux prix récents, ${unranked.length} autres non classées).`,
    colours_until: plusDays(dateOf(now), -1),
    prices: { version: '2026-08-01', checked: '2026-11-02', error: null, of: OF, old: [] },
    offers: [...offers, ...unranked],
  };
}

const TEMPO_RULE = Object.fromEntries(
  [
    ['R', 'rouges'],
    ['W', 'blancs'],
    ['B', 'bleus'],
  ].flatMap(([code, colour]) => [
    [`BBRHCJ${code}`, `Les jours ${colour} (dès 6 h), la nuit de 22 h à 6 h`],
    [`BBRHPJ${code}`, `Les jours ${colour} (dès 6 h), les autres heures`],
  ]),
);
const HAPPY_RULE = {
  HAPPY: 'Le créneau choisi (de 13 h à 15 h, de 14 h à 16 h ou de 15 h à 17 h)',
  HC: 'La nuit de minuit à 6 h',
  HP: 'Les autres heures',
};
