// The settings of the household that does not exist, and what was asked of its storer: as long as the stand runs.
import { readFileSync } from 'node:fs';
import { plusDays } from '../../../monitor/page/base/time.js';
import { access } from './access.js';
import { fetched } from './fetch.js';

const FORMS = JSON.parse(readFileSync(new URL('fields.json', import.meta.url), 'utf8'));
const METER = '041234567890';

const defaults = () => ({
  meters: { [METER]: { name: 'Maison' }, '051234560042': { name: 'Atelier' } },
  contracts: [],
  prices: {},
  calendars: { tempo: {}, days: {}, spot: {} },
  notes: [],
  budget: { euros: null },
  alerts: {},
  addresses: [],
  sources: [],
  retention: { frames: null, minutes: null, incomplete: 'keep' },
  ports: { reader: null, ports: [], labels: {} },
  fetch: {
    tempo: false,
    enedis: { on: false, meter: null },
    spot: false,
    temperature: { on: false, place: null },
    prices: false,
    release: false,
  },
  access: { home_network: true },
  page: { language: null, first_visit: true, not_needed: [] },
});

/** One household: respond(method, path, query, body, headers, now) gives {status, body, version}, or null: not here. */
export function household() {
  const sections = Object.fromEntries(Object.entries(defaults()).map(([name, value]) => [name, { value, version: 0 }])),
    requests = [],
    who = access(),
    outside = fetched();

  function put(name, { value }, headers) {
    const section = sections[name];
    if (headers['if-match'] === undefined) return { status: 428, body: { detail: 'If-Match manque.' } };
    if (headers['if-match'] !== `"${section.version}"`)
      return { status: 412, body: { detail: 'Modifié ailleurs.', value: section.value }, version: section.version };
    const errors = wrong(name, value);
    if (errors.length) return { status: 422, body: { detail: 'À corriger.', errors } };
    Object.assign(section, {
      value: name === 'addresses' ? shown(value, section.value) : value,
      version: section.version + 1,
    });
    return { status: 200, body: { value: section.value, ...remarks(name, value) }, version: section.version };
  }

  function request(method, [id, step], body, now) {
    if (method === 'POST' && !id) {
      requests.push({
        id: requests.length + 1,
        ...body,
        state: 'waiting',
        not_before: null,
        progress: null,
        result: null,
        problem: null,
        created_at: new Date(now).toISOString(),
        finished_at: null,
      });
      return { status: 201, body: { id: requests.length } };
    }
    const one = requests[id - 1];
    if (!id) return { status: 200, body: { requests: [...requests].reverse() } };
    if (!one) return { status: 404, body: { detail: 'Demande inconnue.' } };
    if (method === 'DELETE') one.state = 'cancelled';
    if (step === 'start') start(one, now);
    return { status: step === 'start' ? 202 : 200, body: one };
  }

  return {
    respond(method, path, query, body, headers, now) {
      const [place, ...rest] = path.split('/');
      if (place === 'requests') return request(method, rest, body, now);
      if (place === 'imports') return { status: 200, body: { imports: imported(requests) } };
      if (path === 'alerts/test')
        return { status: 200, body: shown(body.addresses, sections.addresses.value).map(tried) };
      if (place === 'fetch') return outside.respond(method, path, body, sections, query.get('lang') ?? 'fr', now);
      if (place === 'access') return who.respond(method, rest, body, now);
      if (place !== 'settings') return null;
      const [name, check] = rest;
      if (!name) return { status: 200, body: sections };
      if (name === 'fields') return { status: 200, body: FORMS[query.get('lang') ?? 'fr'] };
      if (!sections[name]) return { status: 404, body: { detail: 'Section inconnue.' } };
      if (method === 'PUT') return put(name, body, headers);
      if (check) return { status: 200, body: { errors: wrong(name, body.value), ...remarks(name, body.value) } };
      return { status: 200, body: sections[name], version: sections[name].version };
    },
  };
}

/** What is there of the requests, the newest first. */
function imported(requests) {
  const gone = requests.filter(({ kind }) => kind === 'import-forget').map((one) => one.arguments.id);
  return requests
    .filter((one) => one.kind === 'import' && one.result?.import && !gone.includes(one.result.import))
    .map((one) => ({
      id: one.result.import,
      meter: METER,
      kind: one.arguments.kind ?? 'enedis',
      file: one.arguments.name,
      taken_at: one.finished_at,
      point: null,
    }))
    .reverse();
}

const DELETES = ['forget-meter', 'forget-source', 'forget-program', 'import-forget'];

function start(one, now) {
  const waits = DELETES.slice(0, 3).includes(one.kind);
  one.not_before = new Date(now + (waits ? 3600e3 : 0)).toISOString();
  if (waits) return;
  Object.assign(one, { state: 'done', progress: 1, finished_at: new Date(now).toISOString() });
  if (one.kind === 'import')
    one.result = {
      file: one.arguments.name,
      kind: 'enedis',
      meter: one.arguments.meter,
      meter_is_new: false,
      dry_run: one.arguments.dry_run,
      import: one.arguments.dry_run ? null : one.id,
      from: '2024-02-29T23:00:00Z',
      to: '2026-02-28T23:00:00Z',
      new: { hours: 17520 },
      new_wh: { EAST: 8412000, EAIT: 1000 },
      same: 0,
      read: 24,
      finer: 0,
      between: 0,
      different: [],
      overlaps: [{ import: 1, count: 2 }],
      gaps: { count: 1, hours: 12, longest: null },
      left_out: [],
    };
}

/** What may be shown of addresses. */
const shown = (addresses, saved) =>
  addresses.map((one, i) => ({
    service: saved.find(({ id }) => id === one.id)?.service ?? one.split(':')[0],
    id: `a${i + 1}`,
  }));

/** The mail server refuses. */
const tried = ({ service, id }) =>
  service === 'mailtos'
    ? { service, id, ok: false, said: 'identifiant ou mot de passe refusé (535)' }
    : { service, id, ok: true, said: 'le service a accepté le message' };

/** What the server would refuse. */
function wrong(name, value) {
  if (name === 'contracts')
    return value.flatMap(({ power }, i) =>
      power > 36 ? [{ at: `contracts[${i}].power`, detail: 'un nombre de 1 à 36 est attendu' }] : [],
    );
  if (name === 'ports')
    return value.ports.flatMap((port, i) =>
      port.includes('#') ? [{ at: `ports.ports[${i}]`, detail: '# amènerait d’autres appareils' }] : [],
    );
  if (name === 'budget' && value.euros > 100000) return [{ at: 'budget.euros', detail: 'au plus 100000 est attendu' }];
  return [];
}

/** What it would say of it. */
function remarks(name, value) {
  if (!['contracts', 'prices'].includes(name)) return {};
  const warnings = name === 'contracts' ? value : [];
  return {
    warnings: warnings.flatMap(({ power }, i) =>
      power === 9 ? [] : [{ at: `contracts[${i}].power`, detail: `Le compteur dit 9 kVA, le contrat ${power} kVA.` }],
    ),
    bill: {
      month: plusDays('2026-11-25', -30).slice(0, 7),
      before: { euros: 2295300, partial: false },
      after: { euros: 2121000, partial: false },
    },
  };
}
