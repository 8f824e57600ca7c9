import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../browser.js';
import { choices } from '../../../../monitor/page/places/now/tariff.js';

const NOW = Date.parse('2026-11-25T17:30:00Z'); // 18:30 in Paris
const said = (later, now = NOW) =>
  choices(later && { meter: '031961123456', ...later }, now)
    .map((choice) => choice.join(' '))
    .join(', ')
    .replace(/\s/g, ' ');
const night = { at: '2026-11-25T21:00:00Z', price: 1568 };
const blue = { at: '2026-11-26T05:00:00Z', price: 1412, colour: 'blue' };

test('what a wash costs now stands beside the next cheaper price and the cheapest one', () => {
  const cheaper = [{ ...night, colour: null }, blue];
  assert.equal(
    said({ price: 1871, change: night, cheaper }),
    '0,19 € maintenant, 0,16 € à 22 h, 0,14 € demain à 6 h (Bleu)',
  );
});

test('a price that is the lowest already stands beside the one that follows', () => {
  const change = { at: '2026-11-26T05:30:00Z', price: 2001 };
  assert.equal(said({ price: 1568, change, cheaper: [] }), '0,16 € maintenant, 0,20 € demain dès 6 h 30');
});

test('while a roof exports, a wash costs less, and how much it exports is told', () => {
  const surplus = { power: 377, price: 1183 };
  assert.equal(
    said({ price: 1612, surplus, change: night, cheaper: [{ ...blue, price: 812 }] }),
    '0,12 € maintenant, en partie avec votre soleil (377 W de surplus), 0,08 € demain à 6 h (Bleu)',
  );
  const whole = { power: 1460, price: 0 };
  assert.equal(
    said({ price: 1612, surplus: whole, change: null, cheaper: [] }),
    '0,00 € maintenant avec votre soleil (1 460 W de surplus), 0,16 € sans soleil',
  );
});

test('a price that does not change, or is not known, is nothing to choose from', () => {
  assert.equal(said({ price: 1952, change: null, cheaper: [] }), '');
  assert.equal(said({ price: null, change: null, cheaper: [] }), '');
  assert.equal(said(null), '');
});

test('an answer that nobody has renewed since the price changed is not shown for long', () => {
  const answer = { price: 1871, change: night, cheaper: [{ ...night, colour: null }] };
  assert.notEqual(said(answer, Date.parse('2026-11-25T21:01:00Z')), '');
  assert.equal(said(answer, Date.parse('2026-11-25T21:03:00Z')), '');
});
