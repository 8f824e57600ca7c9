import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvText } from '../../monitor/page/part/csv.js';

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
