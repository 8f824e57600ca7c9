// Where on a clock of 24 hours the meter really ran on its low register.
import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { figures } from '../../parts/table.js';
import { block } from '../../parts/block.js';
import { W } from './words.js';

/** '22:00–06:00, 12:30–15:30' → parts of a day from 0 to 24 h; what goes over midnight is two. '' has none. */
export function spans(text) {
  if (!text) return [];
  return text.split(', ').flatMap((span) => {
    const [a, b] = span.split('–').map((clock) => {
      const [hour, minute] = clock.split(':').map(Number);
      return hour + minute / 60;
    });
    if (a < b) return [[a, b]];
    return [
      [0, b],
      [a, 24],
    ].filter(([from, to]) => to > from);
  });
}

/** Of a list of months, those at which the windows changed; the first one is always there. */
export const changes = (months) => months.filter(([, text], i) => !i || text !== months[i - 1][1]);

/** months: [month, '22:00–06:00, 12:30–15:30'], oldest first. */
export function windowsBlock(months) {
  const name = (text) => f.monthYear(`${text}-01`);
  return block(
    W.windows,
    h('p', { class: 'note' }, W.windowsNote),
    windowRows(changes(months).map(([since, text]) => [W.windowsFrom(name(since)), text])),
    figures({
      caption: W.windows,
      columns: [
        [T.month, ([month]) => f.capital(name(month)), 'words'],
        [W.hours, ([, text]) => text || '–', 'words'],
      ],
      rows: months,
    }),
  );
}

/** Windows on a clock of 24 hours; rows: [name, '22:00–06:00, 12:30–15:30']. */
const windowRows = (rows) =>
  h(
    'ul',
    { class: 'windows', 'aria-label': W.windowsSummary },
    rows.map(([name, text]) =>
      h(
        'li',
        null,
        h('span', null, name),
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
  );
