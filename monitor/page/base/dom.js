import { ICONS } from './icons.js';

/** @import {Child, Props} from '../../../deploy/page/types' */
/** @typedef {keyof typeof ICONS} Icon */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Props are attributes, listeners (`onclick`) and custom properties (`--at`); null, undefined and false set nothing.
 * @template {HTMLElement | SVGElement} Target
 * @param {Target} node
 * @param {Props<Target> | null} props
 * @param {Child[]} children
 */
function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else if (name.startsWith('--')) node.style.setProperty(name, String(value));
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  const flat = /** @type {any[]} */ (children).flat(Infinity);
  node.append(...flat.filter((c) => c != null && c !== false));
  return node;
}

/**
 * An element of HTML with its content.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props<HTMLElementTagNameMap[Tag]> | null} [props]
 * @param {...Child} children
 */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props ?? null, children);
/**
 * An element of SVG with its content.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props<SVGElementTagNameMap[Tag]> | null} [props]
 * @param {...Child} children
 */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props ?? null, children);

/**
 * An icon is decoration: the words are beside it, or in the aria-label of its button.
 * @param {Icon} name
 */
export function icon(name, extra = '') {
  return s(
    'svg',
    { class: `icon ${extra}`, 'aria-hidden': 'true', viewBox: '0 0 24 24' },
    s('path', { d: ICONS[name] }),
  );
}

/**
 * Sets attributes of a node that is there.
 * @type {(node: Element, attributes: Record<string, string | number>) => void}
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
}

/**
 * A node that is there: what index.html has, or what was drawn.
 * @type {(selector: string) => HTMLElement}
 */
export const ofPage = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** Screen readers hear this once. */
export function say(text) {
  ofPage('#say').textContent = text;
}

/**
 * Offers a file to the browser. The address is given up later: the download may not have begun when click returns.
 * @type {(blob: Blob, name: string) => void}
 */
export function save(blob, name) {
  const link = h('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60e3);
}

let serial = 0;
export const id = (stem) => `${stem}-${++serial}`;
