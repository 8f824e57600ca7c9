// What the owner wrote down about the home: flags on charts, and the time before and after.
import * as api from '../base/api.js';
import * as f from '../base/format.js';
import { T } from '../base/i18n.js';
import { h, icon } from '../base/dom.js';
import { changed } from './changes.js';
import { lazy } from './refresh.js';
import { refusal } from './refusal.js';
import { plainTable } from './table.js';
import { W } from './words.js';

/** @import {Notes} from '../../../deploy/page/answers' */
/** @import {Child} from '../../../deploy/page/types' */
/** @typedef {Notes['notes']} Written */

const LONGEST = 80; // characters of a note

/** @type {(meter: string) => Promise<Written>} */
export const notesOf = (meter) =>
  api.notes(meter).then(
    ({ notes }) => notes,
    () => [],
  );

/**
 * Those of a day, a month or a year, in a line; '' if there is none.
 * @type {(notes: Written, key: string) => string}
 */
export const notesAt = (notes, key) =>
  notes
    .filter(({ at }) => at.startsWith(key))
    .map(({ at, text }) => (at === key ? text : `${text} (${f.shortDate(at)})`))
    .join(', ');

/**
 * The notes of some days, each with what was drawn before and after it; null if there is none.
 * @param {{id: string}} meter
 * @param {Written} notes
 * @param {string} from
 * @param {string} to
 */
export function notesBlock(meter, notes, from, to) {
  const inside = notes.filter(({ at }) => at >= from && at <= to);
  return (
    inside.length > 0 &&
    h(
      'section',
      { class: 'block notes', 'aria-label': W.notes.title },
      h('h2', null, W.notes.title),
      h(
        'ul',
        null,
        inside.map((note) => h('li', null, line(note, from === to), beforeAndAfter(meter, note))),
      ),
    )
  );
}

/**
 * "Noter…", of a day; added() once it is saved. several: the note says of which meter it is.
 * @param {{id: string}} meter
 * @param {string} date
 * @param {boolean} several
 * @param {() => Promise<void>} added
 */
export function noteForm(meter, date, several, added) {
  const status = h('p', { class: 'status-line', role: 'status' }),
    text = h('input', { type: 'text', maxlength: LONGEST, required: true, autocomplete: 'off' });
  const tell = (error) => {
    if (error.status === undefined) throw error;
    status.replaceChildren(icon('warn'), ...refusal(error));
  };
  async function save(event) {
    event.preventDefault();
    const note = { at: date, text: text.value.trim(), ...(several && { meter: meter.id }) };
    if (!note.text) return;
    try {
      const change = await changed('notes', (list) => [...list, note]);
      const undo = () =>
        change.undo().then(() => {
          status.replaceChildren(W.changes.undone);
          return added();
        }, tell);
      text.value = '';
      node.open = false;
      status.replaceChildren(
        icon('ok'),
        W.changes.saved,
        h('button', { class: 'link-button', type: 'button', onclick: undo }, W.changes.undo),
      );
      await added();
    } catch (error) {
      tell(error);
    }
  }
  const node = h(
    'details',
    { class: 'take', 'data-key': 'note', ontoggle: () => node.open && text.focus() },
    h('summary', null, W.notes.add),
    h(
      'form',
      { class: 'range-form', onsubmit: save },
      h('label', { class: 'inline' }, W.notes.text, text),
      h('button', { class: 'button' }, W.notes.save),
    ),
  );
  return h('div', { class: 'note-form' }, node, status);
}

const line = ({ at, text }, isDay) =>
  h('p', null, icon('flag'), ' ', !isDay && `${f.fullDate(at)} · `, h('strong', null, text));

const beforeAndAfter = (meter, { at, text }) =>
  lazy({
    title: W.notes.compared,
    waiting: W.why.waiting,
    failed: W.why.failed,
    ask: async () => told((await api.notes(meter.id, at)).compared, text),
  }).node;

/** @type {(compared: Notes['compared'], text: string) => Child} */
function told(compared, text) {
  if (!compared) return h('p', { class: 'muted' }, W.notes.tooFew);
  const { days, before, after } = compared,
    priced = before.cost != null && after.cost != null,
    change = (now, then) => (then > 0 ? f.change(now, then) : '–');
  const side = (name, { first, last, wh, cost, coverage }) => ({
    name: W.notes.side(name, f.shortDate(first), f.shortDate(last)),
    energy: f.energy(wh),
    cost: priced && f.euro(cost),
    coverage: f.coverage(coverage),
  });
  return [
    plainTable({
      caption: `${W.notes.compared}${T.colon}${text}`,
      columns: [
        [W.notes.days, ({ name }) => name, 'words'],
        [W.notes.perDay.energy, ({ energy }) => energy],
        priced && [W.notes.perDay.cost, ({ cost }) => cost],
        [W.notes.perDay.coverage, ({ coverage }) => coverage],
      ],
      rows: [
        side(W.notes.sides.before, before),
        side(W.notes.sides.after, after),
        {
          name: W.notes.sides.change,
          energy: change(after.wh, before.wh),
          cost: priced && change(after.cost, before.cost),
        },
      ],
    }),
    h('p', { class: 'note' }, W.notes.method(days)),
  ];
}
