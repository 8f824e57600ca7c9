import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessed, isRegister, LABELS } from '../../../../monitor/page/places/settings/port_labels.js';

const value = (name, label, sent) => ({ name, label, value: sent });

test('values are what the server guesses of their names, in the mode of these', () => {
  const { mode, labels } = guessed([value('linky_hchc', 'HCHC', 4000123), value('puissance', null, 410)]);
  assert.equal(mode, 'historic');
  assert.deepEqual([...labels], [['linky_hchc', 'HCHC']]);
});

test('the one value that is as large as a register is the total, where no name says so', () => {
  const { mode, unit, labels } = guessed([value('total', null, 12345678), value('linky_sinsts', 'SINSTS', 1410)]);
  assert.deepEqual([mode, unit, labels.get('total')], ['standard', 'Wh', 'EAST']);
  const two = guessed([value('a', null, 12345678), value('b', null, 2345678)]);
  assert.deepEqual([...two.labels], []);
});

test('the unit of registers is guessed only where their size leaves no doubt', () => {
  const unit = (sent) => guessed([value('linky_east', 'EAST', sent)]).unit;
  assert.deepEqual([12345678, '12345678', 12345.678, '12345.678'].map(unit), ['Wh', 'Wh', 'kWh', 'kWh']);
  assert.deepEqual([12345, '12345.0', 999999, null, 'unknown'].map(unit), ['', '', '', '', '']);
});

test('energies are registers, and nothing else is', () => {
  const registers = LABELS.standard.filter(isRegister);
  assert.deepEqual([registers.length, registers[0], registers.at(-1)], [12, 'EAST', 'EAIT']);
  assert.deepEqual(LABELS.historic.filter((label) => !isRegister(label)).slice(0, 3), ['PAPP', 'IINST', 'IINST1']);
});
