import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { href } from '../../router.js';
import { MINUTE, dateOf, dayEnd, dayStart } from '../../time.js';
import { csvFile, table } from '../../part/figures.js';
import { block } from '../block.js';

const R = T.review;

/** Writes days of a range: with the year, where it has several. */
export const dayIn = ({ from, to }) =>
  from.slice(0, 4) === to.slice(0, 4) ? f.shortDate : (day) => `${f.shortDate(day)} ${day.slice(0, 4)}`;

/** The highest powers, each a link to its twenty minutes. */
export function peaksBlock({ peaks, unit }, range) {
  const three = peaks.some((p) => p.phase != null),
    [rank, power, date, time] = R.peaksColumns;
  const rows = peaks.map((peak, i) => {
    const at = Date.parse(peak.at),
      day = dateOf(at);
    return [
      String(i + 1),
      f.power(peak.power, unit),
      ...(three ? [peak.phase ?? '–'] : []),
      h('a', { href: href(`jour/${day}`, { z: around(at, day) }) }, dayIn(range)(day)),
      f.clock(at, true),
    ];
  });
  const columns = [
    { text: rank, number: false },
    power,
    ...(three ? [R.phase] : []),
    { text: date, number: false },
    time,
  ];
  return block(
    R.peaks,
    rows.length
      ? h(
          'div',
          { class: 'table-plain', tabindex: 0, role: 'region', 'aria-label': R.peaks },
          table({ caption: R.peaks, columns, rows }),
        )
      : h('p', { class: 'muted' }, R.noData),
    rows.length > 0 &&
      h(
        'p',
        { class: 'files' },
        h(
          'a',
          {
            class: 'button',
            href: '#',
            download: `${T.file.names.peaks}.csv`,
            onclick: (e) => {
              e.currentTarget.href = csvFile(
                [T.file.power(unit), T.file.utc, T.file.phase],
                peaks.map((p) => [p.power, p.at, p.phase ?? '']),
              );
            },
          },
          T.csv,
        ),
      ),
  );
}

/** Twenty minutes around a moment, inside its day, as an address has them. */
function around(at, day) {
  const from = Math.max(dayStart(day), at - 10 * MINUTE),
    to = Math.min(dayEnd(day) - MINUTE, at + 10 * MINUTE);
  return `${f.clock(from)}..${f.clock(to)}`;
}
