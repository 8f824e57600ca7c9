// What the values of a meter may be whose owner chose their names: the labels of its two modes, and a guess.
import { REGISTERS } from '../../base/offers.js';

/** @typedef {import('../../../../deploy/page/answers').Discovered['meters'][number]['values']} Values as found on the broker */

const many = (name, count) => Array.from({ length: count }, (_, i) => `${name}${i + 1}`),
  SUPPLIER = Array.from({ length: 10 }, (_, i) => `EASF${String(i + 1).padStart(2, '0')}`);

/** By mode: what a meter sends, as far as it tells a household something. */
export const LABELS = {
  historic: [
    ...Object.keys(REGISTERS).sort((a, b) => Number(b === 'BASE') - Number(a === 'BASE')),
    ...['PAPP', 'IINST', ...many('IINST', 3), 'ISOUSC', 'ADPS', 'PTEC', 'OPTARIF', 'DEMAIN', 'ADCO'],
  ],
  standard: [
    ...['EAST', ...SUPPLIER, 'EAIT', 'SINSTS', ...many('SINSTS', 3), 'SINSTI', ...many('IRMS', 3), ...many('URMS', 3)],
    ...['PREF', 'LTARF', 'NGTF', 'NTARF', 'STGE', 'ADSC', 'PRM'],
  ],
};
/** @typedef {keyof typeof LABELS} Mode */
/** labels: by the name of a value. @typedef {{mode: Mode, unit: string, labels: Map<string, string>}} Guess */

const TOTAL = { historic: 'BASE', standard: 'EAST' };
export const isRegister = (label) => label in REGISTERS || /^EA(?:ST|IT|S[FD]\d\d)$/.test(label);
/** Labels are of one mode. @type {(labels: string[]) => Mode} */
export const modeOf = (labels) => (labels.some((label) => LABELS.historic.includes(label)) ? 'historic' : 'standard');

const SURE = 1e6; // no home has used so many kWh, and each that is some months old so many Wh

/**
 * What values may be: by their names, as the server guesses, and by their size.
 * @type {(values: Values) => Guess}
 */
export function guessed(values) {
  const labels = new Map();
  for (const { name, label } of values) if (label) labels.set(name, label);
  const mode = modeOf([...labels.values()]);
  if (![...labels.values()].some(isRegister)) {
    const large = values.filter(({ name, value }) => !labels.has(name) && Number(value) >= SURE);
    if (large.length === 1) labels.set(large[0].name, TOTAL[mode]);
  }
  return { mode, unit: unitOf(registerOf(values, labels)), labels };
}

/** What a register sends, of those that are there. @type {(values: Values, labels: Map<string, string>) => string} */
export function registerOf(values, labels) {
  const one = values.find(({ name, value }) => value != null && isRegister(labels.get(name) ?? ''));
  return String(one?.value ?? '');
}

const unitOf = (value) => (/\.\d*[1-9]/.test(value) ? 'kWh' : Number(value) >= SURE ? 'Wh' : '');
