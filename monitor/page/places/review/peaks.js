import * as f from '../../base/format.js';
import { T } from '../../base/i18n.js';
import { h } from '../../base/dom.js';
import { href } from '../../base/router.js';
import { MINUTE, dateOf, dayEnd, dayStart } from '../../base/time.js';
import { plainTable } from '../../parts/table.js';
import { block, emptyBlock } from '../../parts/block.js';
import { W } from './words.js';

/** Writes days of a range: with the year, where it has several. */
export const dayIn = ({ from, to }) =>
  from.slice(0, 4) === to.slice(0, 4) ? f.shortDate : (day) => `${f.shortDate(day)} ${day.slice(0, 4)}`;

/** The highest powers, each a link to its twenty minutes. */
export function peaksBlock({ peaks, unit, decoded }, range) {
  if (!peaks.length) return emptyBlock(W.peaks, decoded ? f.capital(`${T.notMeasurable}.`) : T.noData);
  const three = peaks.some((p) => p.phase != null),
    [rank, power, date, time] = W.peaksColumns;
  const dayOf = (peak) => {
    const at = Date.parse(peak.at),
      day = dateOf(at);
    return h('a', { href: href(`jour/${day}`, { z: around(at, day) }) }, dayIn(range)(day));
  };
  return block(
    W.peaks,
    plainTable({
      caption: W.peaks,
      columns: [
        [rank, (peak) => String(peaks.indexOf(peak) + 1), 'words'],
        [power, (peak) => f.power(peak.power, unit)],
        three && [W.phase, (peak) => peak.phase ?? '–'],
        [date, dayOf, 'words'],
        [time, (peak) => f.clock(Date.parse(peak.at), true)],
      ],
      rows: peaks,
    }),
    decoded && h('p', { class: 'note' }, W.partlyDecoded),
  );
}

/** Twenty minutes around a moment, inside its day, as an address has them. */
function around(at, day) {
  const from = Math.max(dayStart(day), at - 10 * MINUTE),
    to = Math.min(dayEnd(day) - MINUTE, at + 10 * MINUTE);
  return `${f.clock(from)}..${f.clock(to)}`;
}
