import '../../browser.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { hasNew, pieces, sentences } = await import('../../../../monitor/page/places/settings/past.js');

test('a file is sent in pieces of a megabyte, an empty one in one', () => {
  assert.deepEqual(pieces(0), [[0, 0]]);
  assert.deepEqual(pieces(1 << 20), [[0, 1 << 20]]);
  assert.deepEqual(pieces((1 << 20) + 1), [
    [0, 1 << 20],
    [1 << 20, (1 << 20) + 1],
  ]);
});

const plain = (list) => list.map((text) => text.replaceAll(/[\u00a0\u202f]/g, ' '));

test('a file is told by its days, what would be added, what is left alone and what is missing', () => {
  const result = {
    from: '2024-02-29T23:00:00Z',
    to: '2026-02-28T23:00:00Z',
    meter_is_new: false,
    new: { hours: 17520, days: 1 },
    new_wh: { EAST: 8412000, EAIT: 1000 },
    same: 3,
    read: 24,
    finer: 0,
    different: [{ import: 2, count: 1 }],
    overlaps: [],
    gaps: { count: 1, hours: 12 },
    left_out: [{ fr: 'lignes vides', en: 'empty lines', count: 2 }],
  };
  assert.deepEqual(plain(sentences(result)), [
    'Du 1er mars 2024 au 28 février 2026.',
    'À ajouter : 17 520 heures, 1 jour, 8 412 kWh.',
    'Valeurs déjà importées : 3.',
    'Valeurs déjà mesurées par le compteur, ignorées : 24.',
    'Valeurs déjà là, mais différentes ; les anciennes sont gardées : 1.',
    'Il manque 12 heures dans le fichier.',
    'lignes vides : 2',
  ]);
  assert.equal(hasNew(result), true);
});

test('a file without anything new, and one of days, are told, too', () => {
  const none = { from: null, to: null, new: {}, new_wh: {}, same: 8760, gaps: { hours: 0 } };
  assert.deepEqual(plain(sentences(none)), ['Rien à ajouter.', 'Valeurs déjà importées : 8 760.']);
  assert.equal(hasNew(none), false);
  const days = { from: '2026-01-01', to: '2026-01-31', new: { days: 30 }, same: 0, gaps: { days: 1 } };
  assert.deepEqual(plain(sentences(days)), [
    'Du 1er janvier 2026 au 31 janvier 2026.',
    'À ajouter : 30 jours.',
    'Il manque 1 jour dans le fichier.',
  ]);
});
