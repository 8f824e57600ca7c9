// A section with its form: each change is saved at once, and can be undone. What is wrong is said at its field.
import { h, icon } from '../../base/dom.js';
import { T } from '../../base/i18n.js';
import { keeper } from '../../parts/changes.js';
import { refusal } from '../../parts/refusal.js';
import { drawn, missing, nodeAt, say } from './form.js';
import { W } from './words.js';

/** @type {(at: string) => keyof typeof W.one} */
function nameOf(at) {
  const name = at.replace(/\[\d+\]/g, '').replace(/^.*\./, '');
  return name in W.one ? /** @type {keyof typeof W.one} */ (name) : 'entry';
}

/** @import {Saved} from '../../base/api.js' */
/** @import {Outcome} from '../../parts/changes.js' */
/** @import {Node, Place, Widgets} from './form.js' */

/**
 * @typedef {{node: HTMLElement, place: Place, redraw: () => void, leave: () => void}} Section
 * above: what stands above the form; draw: what is shown instead of the form as it is declared; isWhole: whether it makes sense to save; told: hears what became of a change.
 * @param {{name: string, form: Node, saved: Saved, widgets?: Widgets, draw?: (place: Place) => HTMLElement,
 *   told?: (outcome: Outcome, value: any) => void, above?: HTMLElement, isWhole?: (value: any) => boolean,
 *   begin?: object}} options
 * @returns {Section}
 */
export function sectionForm({
  name,
  form,
  saved,
  widgets = {},
  draw,
  told = () => {},
  above,
  isWhole = () => true,
  begin,
}) {
  const body = h('div', { class: 'form' }),
    status = h('p', { class: 'status-line', role: 'status' }),
    kept = keeper(name, saved, tell);
  let value = saved.value;
  const place = {
    at: name,
    get: () => value,
    set(next) {
      value = next;
      clear();
      // What is not whole yet would only be refused.
      if (missing({ ...form, required: true }, value, name) || !isWhole(value)) return show(W.incomplete);
      kept.change(value);
    },
  };

  function redraw() {
    const content = draw ? draw(place) : drawn(form, place, { widgets, nameOf, begin });
    body.replaceChildren(...(content ? [content] : []));
  }
  const clear = () => {
    for (const one of body.querySelectorAll('.wrong:not([hidden])'))
      say(/** @type {HTMLElement} */ (one.parentElement), '');
  };
  const show = (...parts) => status.replaceChildren(...parts.filter(Boolean));
  const button = (text, onclick) => h('button', { class: 'link-button', type: 'button', onclick }, text);
  const undo = () => kept.canUndo && button(W.undo, () => kept.undo());

  /** @param {Outcome} outcome */
  function tell(outcome) {
    const { state, errors = [], warnings = [], problem } = outcome;
    clear();
    if (state === 'idle') show();
    if (state === 'saving') show(W.saving);
    if (state === 'saved') show(icon('ok'), W.saved, undo());
    if (state === 'undone') show(icon('ok'), W.undone, undo());
    if (state === 'elsewhere') show(icon('info'), W.elsewhere);
    if (state === 'wrong') show(icon('warn'), errors.length ? W.wrong : (problem?.detail ?? W.wrong));
    if (state === 'failed')
      show(
        icon('warn'),
        ...refusal(problem),
        button(T.notices.retry, () => kept.again()),
      );
    if (state === 'undone' || state === 'elsewhere') {
      value = kept.value;
      redraw();
    }
    for (const { at, detail } of errors) remark(at, detail, true);
    for (const { at, detail } of warnings) remark(at, detail, false);
    told(outcome, kept.value);
  }
  function remark(at, text, isWrong) {
    say(nodeAt(body, at) ?? body, text, isWrong);
  }
  redraw();
  return {
    node: h('div', { class: 'section', 'data-section': name }, above, body, status),
    place,
    redraw,
    leave: () => kept.flush(),
  };
}
