import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import '../browser.js';
import { isSeen, isUrgent, putAway } from '../../../monitor/page/parts/alerts.js';

document.documentElement.dataset = {};
const kept = new Map();
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
};
beforeEach(() => kept.clear());

const alert = (more = {}) => ({
  id: 'backup///1764500000',
  kind: 'backup',
  text: { fr: 'Dernière sauvegarde il y a 9 jours', en: 'Last backup 9 days ago' },
  ...more,
});

test('an alert that was put away stays away while it lasts, also when its days go on', () => {
  assert.equal(isSeen(alert()), false);
  putAway(alert());
  assert.equal(isSeen(alert()), true);
  assert.equal(
    isSeen(alert({ text: { fr: 'Dernière sauvegarde il y a 10 jours', en: 'Last backup 10 days ago' } })),
    true,
  );
});

test('it comes back when it says something else, or begins again', () => {
  putAway(alert());
  assert.equal(isSeen(alert({ text: { fr: 'Aucune sauvegarde', en: 'No backup' } })), false);
  assert.equal(isSeen(alert({ id: 'backup///1764600000' })), false);
});

test('several are put away, and no more are kept than there can be', () => {
  for (let n = 0; n < 200; n++) putAway(alert({ id: `disk///${n}` }));
  assert.equal(isSeen(alert({ id: 'disk///199' })), true);
  assert.equal(isSeen(alert({ id: 'disk///190' })), true);
  assert.ok([...kept.values()].join('').length < 20000);
});

test('what the browser kept and cannot be read is nothing', () => {
  for (const text of ['{', '{"a": 1}', 'null', '7']) {
    kept.set('seen', text);
    assert.equal(isSeen(alert()), false, text);
  }
});

test('what needs somebody now is urgent, advice is not', () => {
  const urgent = ['overload', 'power_cut', 'silent'];
  assert.deepEqual(
    ['budget', 'backup', ...urgent, 'disk', 'prices'].filter((kind) => isUrgent({ kind })),
    urgent,
  );
});
