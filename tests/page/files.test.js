import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import './browser.js';
import { columnOf } from '../../monitor/page/tariff.js';

test('a register is called in a file as in the file of a report', () => {
  const texts = readFileSync(fileURLToPath(new URL('../../monitor/report/texts.py', import.meta.url)), 'utf8');
  const french = texts.slice(0, texts.indexOf('EN: Mapping'));
  for (const name of ['BASE', 'HCHC', 'HCHP', 'EJPHN', 'EJPHPM', 'BBRHCJB', 'BBRHPJB', 'BBRHCJW', 'BBRHPJR']) {
    const [, word] = new RegExp(`"${name}": "([^"]+)"`).exec(french);
    assert.equal(columnOf(name), `${word} (Wh)`);
  }
  assert.equal(columnOf('EASF07'), 'Registre EASF07 (Wh)');
});

test('no head of a file is a code', () => {
  const folder = fileURLToPath(new URL('../../monitor/page/view/', import.meta.url));
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of sources) assert.doesNotMatch(readFileSync(folder + name, 'utf8'), /['`_](Wh|EUR|utc)['`]/, name);
});
