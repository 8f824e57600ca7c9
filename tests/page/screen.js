// As much of a browser as main.js and router.js need: a document, an address with a history, and what waits for a timer.
class Node extends EventTarget {
  parentNode = null;
  childNodes = [];
  append(...nodes) {
    for (const node of nodes) this.#adopt(node, this.childNodes.length);
  }
  replaceChildren(...nodes) {
    for (const node of this.childNodes) node.parentNode = null;
    this.childNodes = [];
    this.append(...nodes);
  }
  after(...nodes) {
    for (const node of nodes.reverse()) this.parentNode.#adopt(node, this.parentNode.childNodes.indexOf(this) + 1);
  }
  replaceWith(node) {
    const { parentNode: parent } = this,
      at = parent.childNodes.indexOf(this);
    this.remove();
    parent.#adopt(node, at);
  }
  remove() {
    if (this.parentNode) this.parentNode.childNodes = this.parentNode.childNodes.filter((node) => node !== this);
    this.parentNode = null;
  }
  get firstChild() {
    return this.childNodes[0] ?? null;
  }
  hasChildNodes() {
    return this.childNodes.length > 0;
  }
  get textContent() {
    return this.childNodes.map((node) => (typeof node === 'string' ? node : node.textContent)).join('');
  }
  set textContent(text) {
    this.replaceChildren(String(text));
  }
  #adopt(node, at) {
    if (node instanceof Node) {
      node.remove();
      node.parentNode = this;
    }
    this.childNodes.splice(at, 0, node instanceof Node ? node : String(node));
  }
}

class Element extends Node {
  attributes = new Map();
  dataset = {};
  style = { setProperty() {} };
  classList = {
    toggle: (name, on) => (on ? this.#classes.add(name) : this.#classes.delete(name)),
    add() {},
    remove() {},
  };
  #classes = new Set();
  setAttribute(name, value) {
    this.attributes.set(name, value);
    if (name === 'class') this.#classes = new Set(value.split(' '));
  }
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }
  removeAttribute(name) {
    this.attributes.delete(name);
  }
  has(name) {
    return this.#classes.has(name);
  }
  /** By one class only: what is asked for with more is not there. */
  querySelectorAll(selector) {
    const name = /^\.([\w-]+)$/.exec(selector)?.[1];
    return this.childNodes
      .filter((node) => node instanceof Element)
      .flatMap((node) => [...(name && node.has(name) ? [node] : []), ...node.querySelectorAll(selector)]);
  }
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  focus() {}
}

const places = Object.fromEntries(['#main', '#nav', '.skip', '#say'].map((name) => [name, new Element()]));
/** Milliseconds of the timers that were set, in order; none of them ever ends. */
export const timers = [];
export const [main, root] = [places['#main'], new Element()];

globalThis.Element = Element;
globalThis.location = new URL('http://house.test/');
globalThis.history = {
  pushState: (_state, _title, address) => {
    location.href = new URL(address, location).href;
  },
  replaceState: () => {},
};
globalThis.document = Object.assign(new EventTarget(), {
  baseURI: 'http://house.test/',
  documentElement: root,
  hidden: false,
  title: '',
  querySelector: (selector) => places[selector] ?? null,
  createElement: () => new Element(),
  createElementNS: () => new Element(),
  createComment: () => new Node(),
});
const page = new EventTarget();
for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'])
  globalThis[name] = page[name].bind(page);
globalThis.setTimeout = (_, ms) => timers.push(ms);
globalThis.clearTimeout = () => {};
globalThis.setInterval = () => 0;
globalThis.scrollTo = () => {};
globalThis.matchMedia = () => ({ matches: false });
globalThis.EventSource = class extends EventTarget {
  close() {}
};

/** Let all that can go on without an answer go on. */
export async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}
