import { h } from '../base/dom.js';
import { register } from '../base/tariff.js';
import { T } from '../base/i18n.js';

/** @import {Child} from '../../../deploy/page/types' */

/** A colour is never alone: the swatch has a pattern and the word stands beside it. */
export const swatch = (css) => h('span', { class: `swatch ${css}`, 'aria-hidden': 'true' });
/** @type {(css: string, text: Child, size?: string) => HTMLElement} */
export const chip = (css, text, size = '') => h('span', { class: `chip ${size}` }, swatch(css), text);
/** @type {(name: string, size?: string) => HTMLElement} */
export const registerChip = (name, size) => {
  const r = register(name);
  return chip(r.css, r.long, size);
};
/** @type {(colour: string, size?: string) => HTMLElement} */
export const colourChip = (colour, size) => chip(`day-${colour}`, T.tariff[colour], size);
