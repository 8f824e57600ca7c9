/** @import {Child, Props} from '../../../deploy/page/types' */

// Drawn on a 24 grid with a stroke of 1.7. Each is one path, so that no picture has to be fetched.
export const ICONS = {
  now: 'M3 17h18M3 17v-3M7.5 17v-2M12 17v-3M16.5 17v-2M21 17v-3M4 7h9v3H4zM17 5.5v6',
  day: 'M3 18h18M3.5 14.5 7 13l2.5 1 2-8 3 9 2.5-3.5 3.5 1',
  review: 'M3.5 20V11M9 20V5M14.5 20v-7M20 20V8.5',
  contracts: 'M3.5 4.5h17v16h-17zM3.5 9.5h17M8 2.5v4M16 2.5v4M7 13h2.5v3H7z',
  status: 'M12 3 4.5 6v5.5c0 4.5 3 7.8 7.5 9.5 4.5-1.7 7.5-5 7.5-9.5V6zM8.7 12l2.3 2.3 4.3-4.6',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  left: 'm14.5 5-7 7 7 7',
  right: 'm9.5 5 7 7-7 7',
  ok: 'm5 12.5 4.5 4.5L19 7.5',
  warn: 'M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3',
  off: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12',
  info: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.8v.3',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  speak: 'M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  theme: 'M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17',
  flag: 'M6 21V4h11l-2.5 4L17 12H6',
  help: 'M9 9.2a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.2v.3',
};

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
