// What the household of the stand lets be fetched: respond(method, path, body, sections, language, now) gives {status, body}.
const HOSTS = {
  tempo: ['www.services-rte.com', 'www.api-couleur-tempo.fr', 'open-dpe.fr'],
  enedis: ['conso.boris.sh'],
  spot: ['api.energy-charts.info'],
  temperature: ['archive-api.open-meteo.com', 'api.open-meteo.com'],
  prices: ['www.data.gouv.fr', 'www.cre.fr'],
  release: ['api.github.com'],
};
const SAID = {
  tempo: ['Demain est rouge. Open DPE : prévisions de 8 jours.', 'Tomorrow is red. Open DPE: forecasts of 8 days.'],
  enedis: ['1 096 jours et 104 semaines de courbe.', '1,096 days and 104 weeks of curve.'],
  spot: ['Prix jusqu’au 26/11/2026 (CC BY 4.0).', 'Prices until 2026-11-26 (CC BY 4.0).'],
  temperature: ['1 095 jours (Open-Meteo.com, CC BY 4.0).', '1,095 days (Open-Meteo.com, CC BY 4.0).'],
  prices: ['Une proposition.', 'One proposal.'],
  release: ['Vous avez la dernière version.', 'You have the newest release.'],
};
const PLACES = ['Bordeaux', 'Lille', 'Lyon', 'Paris'];
// What is proposed once the switch `prices` was tried.
const PROPOSAL = {
  id: '0123456789ab',
  source: 'www.data.gouv.fr',
  date: '2026-11-20',
  name: 'EDF Tarif Bleu, base',
  from: '2026-11-01',
};
const ROWS = [
  ['Base', 'Base', '€/kWh', '€/kWh', 0.2016, 0.194],
  ['Abonnement, 6 kVA', 'Subscription, 6 kVA', '€/mois', '€/month', 15.47, 15.65],
];
const BILL = {
  month: '2026-10',
  before: { euros: 842_000, partial: false },
  after: { euros: 817_500, partial: false },
};
const NO_TOKEN = ['Collez d’abord un jeton de Conso API.', 'First paste a token of Conso API.'];

export function fetched() {
  let hasToken = false,
    isTaken = false;
  const attempts = {};
  const entry = (name, sections, language, now) => {
    const value = sections.fetch.value[name],
      on = typeof value === 'object' ? value.on : value,
      { at = null, failed = false } = attempts[name] ?? {},
      word = ([fr, en]) => (language === 'en' ? en : fr);
    return {
      name,
      on,
      hosts: HOSTS[name],
      running: false,
      asked_at: at,
      worked_at: failed ? null : at,
      said: at && !failed ? word(SAID[name]) : null,
      failed_at: failed ? at : null,
      problem: failed ? word(NO_TOKEN) : null,
      next_at: on && at ? new Date(now + 86_400_000).toISOString() : null,
      has_token: name === 'enedis' && hasToken,
      offers: name === 'prices' && at ? [proposal(language)] : null,
    };
  };
  const proposal = (language) => ({
    ...PROPOSAL,
    taken: isTaken,
    rows: ROWS.map(([fr, en, unit, unitEn, before, after]) =>
      language === 'en' ? { name: en, unit: unitEn, before, after } : { name: fr, unit, before, after },
    ),
    bill: isTaken ? null : BILL,
  });
  /** The press on a proposal, as the server answers it. */
  function press(method, id) {
    if (id !== PROPOSAL.id || !attempts.prices)
      return { status: 404, body: { detail: 'Cette proposition n’existe plus.' } };
    isTaken = method === 'POST';
    return { status: 200, body: { id, taken: isTaken } };
  }
  return {
    respond(method, path, body, sections, language, now) {
      const [, name, what, id] = path.split('/'),
        one = () => ({ status: 200, body: entry(name, sections, language, now) });
      if (!name)
        return {
          status: 200,
          body: { places: PLACES, providers: Object.keys(HOSTS).map((each) => entry(each, sections, language, now)) },
        };
      if (what === 'take') return press(method, id ?? body.id);
      if (what === 'token') hasToken = method === 'PUT' && !!body.token;
      if (what === 'try') attempts[name] = { at: new Date(now).toISOString(), failed: name === 'enedis' && !hasToken };
      return one();
    },
  };
}
