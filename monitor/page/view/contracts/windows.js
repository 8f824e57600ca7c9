// Where on a clock of 24 hours the meter really ran on its low register.
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { figures } from '../../part/figures.js';
import { notice } from '../../part/notice.js';
import { changes, spans } from './spans.js';
import { block } from '../block.js';

const P = T.contracts;

/** months: [month, '22:00–06:00, 12:30–15:30'], oldest first. */
export function windowsBlock(months) {
  const list = changes(months),
    [month, hours] = list.at(-1),
    name = (text) => f.monthYear(`${text}-01`);
  return block(
    P.windows,
    h('p', { class: 'note' }, P.windowsNote),
    list.length > 1 && hours && notice('warn', P.moved(name(month), hours)),
    h(
      'ul',
      { class: 'windows', 'aria-label': P.windowsSummary },
      list.map(([since, text]) =>
        h(
          'li',
          null,
          h('span', null, P.windowsFrom(name(since))),
          h(
            'span',
            { class: 'day-bar', 'aria-hidden': 'true' },
            spans(text).map(([a, b]) =>
              h('span', { class: 'window', '--a': `${(a / 24) * 100}%`, '--w': `${((b - a) / 24) * 100}%` }),
            ),
          ),
          h('span', { class: 'n' }, text || '–'),
        ),
      ),
      h(
        'li',
        { class: 'hours-scale', 'aria-hidden': 'true' },
        h('span'),
        h(
          'span',
          null,
          [0, 6, 12, 18, 24].map((hour) => h('span', null, f.hourOnly(hour))),
        ),
      ),
    ),
    figures({
      caption: P.windows,
      columns: [
        { text: P.columns.month, number: false },
        { text: P.hours, number: false },
      ],
      rows: () => months.map(([m, text]) => [f.capital(name(m)), text || '–']),
    }),
  );
}
