import { h } from '../base/dom.js';
import { T } from '../base/i18n.js';

/** @import {KeyValue, Child} from '../../../deploy/page/types' */
/**
 * A row of figures between hairlines. other: what another day had; what is false is left out.
 * @param {(KeyValue | false | null | undefined)[]} list
 */
export function keyValues(list) {
  return h(
    'dl',
    { class: 'key-values' },
    /** @type {KeyValue[]} */ (list.filter(Boolean)).map(({ name, value, note, tone, other }) =>
      h(
        'div',
        null,
        h('dt', null, name),
        h(
          'dd',
          null,
          h('span', { class: `key-value ${tone ?? ''}` }, value),
          note && h('span', { class: 'note' }, note),
          other && h('span', { class: 'note compare-text' }, other),
        ),
      ),
    ),
  );
}

/**
 * The head of a column, its cell of a row, and whether that is words and no number.
 * @typedef {[head: string, cell: (row: any) => Child, kind?: 'words']} Column
 * What is false is left out.
 * @typedef {{columns: (Column | false | null | undefined)[], rows: any[]}} Data
 */

/**
 * "Voir les chiffres": the table behind a chart, made when it is opened; csv: the address of the same as a file. rows(): those of that moment.
 * @param {{caption: string, columns: Data['columns'], rows: Data['rows'] | (() => Data['rows']), note?: string | null,
 *   csv?: string | null}} options
 */
export function figures({ caption, columns, rows, note, csv }) {
  const body = h('div', {
    class: 'table-wrap',
    tabindex: 0,
    role: 'region',
    'aria-label': `${T.figures}${T.colon}${caption}`,
  });
  return h(
    'details',
    {
      class: 'figures',
      'data-key': caption,
      ontoggle: (e) => {
        if (body.hasChildNodes() || !e.currentTarget.open) return;
        body.append(table({ caption, columns, rows: typeof rows === 'function' ? rows() : rows }));
      },
    },
    h('summary', null, T.figures),
    note && h('p', { class: 'note' }, note),
    body,
    csv && h('p', { class: 'files' }, h('a', { class: 'button', href: csv, download: '' }, T.csv)),
  );
}

/** @type {(columns: Data['columns']) => Column[]} */
const shown = (columns) => /** @type {Column[]} */ (columns.filter(Boolean));

/**
 * stacks: on a phone each cell has its column's name above it, and the head goes: nothing is beside the screen.
 * @param {Data & {caption: Child, stacks?: boolean}} options
 */
export function table({ caption, columns, rows, stacks = false }) {
  const role = (name) => (stacks ? { role: name } : null); // a cell that is laid out anew is no cell any more
  const css = (kind) => ({ class: kind === 'words' ? null : 'n' }),
    list = shown(columns);
  return h(
    'table',
    { class: stacks ? 'stacks' : null, ...role('table') },
    h('caption', { class: 'hidden' }, caption),
    h(
      'thead',
      role('rowgroup'),
      h(
        'tr',
        role('row'),
        list.map(([head, , kind]) => h('th', { scope: 'col', ...css(kind), ...role('columnheader') }, head)),
      ),
    ),
    h(
      'tbody',
      role('rowgroup'),
      rows.map((row) =>
        h(
          'tr',
          role('row'),
          list.map(([head, cell, kind], i) =>
            i
              ? h('td', { ...css(kind), ...role('cell'), 'data-name': stacks && head }, cell(row))
              : h('th', { scope: 'row', ...css(kind), ...role('rowheader') }, cell(row)),
          ),
        ),
      ),
    ),
  );
}

/**
 * A table that is not behind a chart; a wide one is moved sideways.
 * @param {Parameters<typeof table>[0] & {caption: string}} options
 */
export const plainTable = (options) =>
  h('div', { class: 'table-plain', tabindex: 0, role: 'region', 'aria-label': options.caption }, table(options));
