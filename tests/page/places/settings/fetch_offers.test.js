import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetched } from '../../stand/fetch.js';

const { billOf, proposals, step } = await import('../../../../monitor/page/places/settings/fetch_offers.js');

const SECTIONS = {
  fetch: {
    value: {
      tempo: false,
      enedis: { on: false },
      spot: false,
      temperature: { on: false },
      prices: true,
      release: false,
    },
  },
};
const NOW = Date.parse('2026-11-25T13:32:07Z');

function stand() {
  const household = fetched();
  const ask = (method, path, body) => household.respond(method, path, body, SECTIONS, 'fr', NOW).body;
  return { ask, offers: () => ask('GET', 'fetch').providers.find(({ name }) => name === 'prices').offers };
}

test('nothing is proposed before the service was asked', () => {
  const { offers } = stand();
  assert.equal(offers(), null);
  assert.deepEqual(
    proposals('prices', offers(), async () => {}),
    [],
  );
});

test('each price is written before and after, with its unit', () => {
  const { ask, offers } = stand();
  ask('POST', 'fetch/prices/try');
  assert.deepEqual(offers()[0].rows.map(step), ['0,2016 → 0,1940 €/kWh', '15,47 → 15,65 €/mois']);
  assert.equal(step({ name: '', before: null, after: 0.2, unit: '€/kWh' }), '– → 0,2000 €/kWh');
});

test('the bill of last month is said as long as the prices are not taken, and again once they are undone', () => {
  const { ask, offers } = stand();
  ask('POST', 'fetch/prices/try');
  assert.match(billOf(offers()[0]) ?? '', /^Facture d’octobre 2026\s: avant 84,20\s€, après 81,75\s€\.$/);
  assert.deepEqual(ask('POST', 'fetch/prices/take', { id: offers()[0].id }), { id: '0123456789ab', taken: true });
  assert.equal(offers()[0].taken, true);
  assert.equal(billOf(offers()[0]), null);
  ask('DELETE', 'fetch/prices/take/0123456789ab');
  assert.equal(offers()[0].taken, false);
  assert.match(billOf(offers()[0]) ?? '', /^Facture d’octobre 2026\s: avant 84,20\s€, après 81,75\s€\.$/);
});
