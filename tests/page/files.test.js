import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import './browser.js';
import { columnOf } from '../../monitor/page/tariff.js';
import { csvText } from '../../monitor/page/part/csv.js';

test('a register is called in a file as in the file of a report', () => {
  assert.equal(columnOf('HCHC'), 'Heures creuses (Wh)');
  assert.equal(columnOf('EJPHPM'), 'EJP, pointe mobile (Wh)');
  assert.equal(columnOf('BBRHPJR'), 'Rouge, heures pleines (Wh)');
  assert.equal(columnOf('EASF07'), 'Registre EASF07 (Wh)');
});

test('no head of a file is a code', () => {
  const folder = fileURLToPath(new URL('../../monitor/page/view/', import.meta.url));
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  for (const name of sources) assert.doesNotMatch(readFileSync(folder + name, 'utf8'), /['`_](Wh|EUR|utc)['`]/, name);
});

test('text that begins as a formula is text, and a number is a number', () => {
  const formulas = ['=HYPERLINK("x")', '+1', '-1', '@a', '\ta', '\ra'];
  const [, row] = csvText(formulas, [formulas.map((_, i) => -i - 0.5)], true).split('\r\n');
  assert.equal(row, '-0,5;-1,5;-2,5;-3,5;-4,5;-5,5');
  const head = csvText(formulas, [], false).slice(1, -2);
  assert.equal(head, `"'=HYPERLINK(""x"")","'+1","'-1","'@a","'\ta","'\ra"`);
});

test('a file for a French spreadsheet has semicolons, decimal commas and accents; other text stays as it is', () => {
  assert.equal(csvText(['é', 'n'], [['a"b;c', 1.5]], true), '\ufeff"é";"n"\r\n"a""b;c";1,5\r\n');
  assert.equal(csvText(['Bleu, creuses'], [['1 = 1']], false), '\ufeff"Bleu, creuses"\r\n"1 = 1"\r\n');
});
