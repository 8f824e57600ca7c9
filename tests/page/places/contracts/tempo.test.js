import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { chanceOf, coloursOf, differenceOf } from '../../../../monitor/page/places/contracts/tempo.js';

const plain = (text) => text.replace(/\s/g, ' ');

test('a day that was announced has its colour and says so', () => {
  const data = { first: '2026-09-01', colours: { 2026: 'BW-R' }, sources: 'mr-f' };
  assert.deepEqual(
    [...coloursOf(data, 2026)],
    [
      ['2026-09-01', { colour: 'blue', source: 'compteur' }],
      ['2026-09-02', { colour: 'white', source: 'annonce' }],
      ['2026-09-04', { colour: 'red', source: 'importé' }],
    ],
  );
});

test('a chance is told in words', () => {
  assert.equal(plain(chanceOf({ day: '2026-12-04', colour: 'blue', chance: 0.67 })), 'bleu probable, 67 %');
});

test('a difference is a sentence, and says who is right', () => {
  assert.equal(
    plain(differenceOf({ day: '2020-12-03', meter: 'white', announced: 'red' })),
    'Jeudi 3 décembre 2020 : le compteur dit blanc, l’annonce disait rouge. C’est le compteur qui est facturé.',
  );
});
