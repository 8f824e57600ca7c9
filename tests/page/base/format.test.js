import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../browser.js';
import * as f from '../../../monitor/page/base/format.js';
import { useZone } from '../../../monitor/page/base/time.js';

test('a part of the time is rounded down: only what is whole is 100 %', () => {
  const text = (ratio) => f.coverage(ratio).replaceAll(f.THIN, ' ');
  assert.deepEqual([1, 0.99995, 0.999, 0.5].map(text), ['100 %', '99,9 %', '99,9 %', '50,0 %']);
});

test('numbers are written as people here write them', () => {
  f.useLocale('fr');
  assert.equal(f.power(1840), '1\u202f840\u202fVA');
  assert.equal(f.energy(620), '0,62\u202fkWh');
  assert.equal(f.energy(51_060), '51,1\u202fkWh');
  assert.equal(f.euro(13_456), '1,35\u202f€');
  assert.equal(f.euro(-13_456), '−1,35\u202f€');
  assert.equal(f.change(88, 100), '−12\u202f%');
  assert.equal(f.power(null), '–');
  assert.equal(f.fullDate('2026-09-01'), '1er septembre 2026');
  assert.equal(f.longDate('2026-09-01'), 'mardi 1er septembre 2026');
  assert.equal(f.fullDate('2026-09-11'), '11 septembre 2026');
  assert.equal(f.tableDate('2026-09-01'), '01/09/2026');
});

test('a day keeps its name wherever the meter is', () => {
  for (const zone of ['Pacific/Wallis', 'Pacific/Auckland', 'Pacific/Marquesas', 'Europe/Paris']) {
    useZone(zone);
    assert.equal(f.longDate('2026-09-01'), 'mardi 1er septembre 2026', zone);
  }
});

test('a duration never has sixty minutes, and long ones are told in days', () => {
  const texts = {
    45: '45 s',
    600: '10 min',
    3599: '1 h',
    7199: '2 h',
    7260: '2 h 01',
    172800: '48 h',
    26784000: '310 j',
  };
  for (const [seconds, text] of Object.entries(texts))
    assert.equal(f.duration(seconds * 1000).replaceAll(f.THIN, ' '), text);
});

test('English has minutes with their unit, and days that nobody takes for months', (t) => {
  f.useLocale('en');
  t.after(() => f.useLocale('fr'));
  const written = [7200, 7260, 10_080].map((seconds) => f.duration(seconds * 1000).replaceAll(f.THIN, ' '));
  assert.deepEqual(written, ['2 h', '2 h 1 min', '2 h 48 min']);
  assert.equal(f.tableDate('2026-12-05'), '5 Dec 2026');
  assert.equal(f.fullDate('2026-12-05'), '5 December 2026');
});
