import { h } from '../base/dom.js';
import { T } from '../base/i18n.js';
import { href } from '../base/router.js';

/** A place: its title, or all that its head has, and its content. */
export const page = (css, head, ...content) =>
  h(
    'div',
    { class: `page ${css}` },
    h('header', { class: 'head' }, typeof head === 'string' ? h('h1', null, head) : head),
    content,
  );

/** A place that has nothing to show says why, and more. */
export const blank = (why, ...more) =>
  h(
    'div',
    { class: 'blank' },
    h('h2', null, why),
    more.map((one) => one && h('p', null, one)),
  );

/** The way to a place that has something. */
export const wayTo = (path, text) => h('a', { class: 'button', href: href(path) }, text);

/** The way to where something is set. @type {(group: string, text: string) => HTMLElement} */
export const toSettings = (group, text) => h('a', { href: href(`reglages/${group}`) }, text);

/** A part of a page below its heading. */
export const block = (title, ...content) => h('section', { class: 'block' }, h('h2', null, title), content);

/** One that has nothing to show, and says why. */
export const emptyBlock = (title, text) => block(title, h('p', { class: 'muted' }, text));

/** What stands for an answer that did not come. */
export const FAILED = { failed: true };

/**
 * An answer that did not come leaves the rest of the page: FAILED, or null where the server has nothing to say. A fault of
 * the page itself does not.
 */
export function away(error) {
  if (error.status === undefined) throw error;
  return error.status >= 400 && error.status < 500 ? null : FAILED;
}

/** @type {(answer: any) => boolean} */
export const came = (answer) => answer != null && answer !== FAILED;

/**
 * A part of a page by its answer; where that did not come, the part says so in its place.
 * @type {(title: string, answer: any, make: (answer: any) => ChildNode | false | null) => ChildNode | false | null}
 */
export const answered = (title, answer, make) =>
  answer === FAILED ? emptyBlock(title, T.notices.blockFailed) : answer && make(answer);
