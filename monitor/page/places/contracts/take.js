// "C'est mon offre": a contract from the ranking, from a day on.
import { h, icon } from '../../base/dom.js';
import { isDate } from '../../base/time.js';
import { changed } from '../../parts/changes.js';
import { refusal } from '../../parts/refusal.js';
import { W as PARTS } from '../../parts/words.js';
import { W } from './words.js';

/**
 * Contracts with one more; of the same meter and day there is one.
 * @type {(lines: any[], line: {meter: string, from: string, offer: string, power: number | null}) => any[]}
 */
export const withLine = (lines, line) => [
  ...lines.filter(({ meter, from }) => meter !== line.meter || from !== line.from),
  line,
];

/**
 * saved(...what to say): it is saved, or undone.
 * @param {{offer: string, power: number | null, meter: {id: string, known_since?: string | null}, from: string,
 *   today: string, saved: (...text: any[]) => Promise<void>}} options
 */
export function takeOffer({ offer, power, meter, from, today, saved }) {
  const day = h('input', { type: 'date', value: from, max: today, required: true }),
    wrong = h('p', { class: 'wrong', role: 'status' }),
    first = meter.known_since;
  const undo = (change) =>
    h(
      'button',
      {
        class: 'link-button',
        type: 'button',
        onclick: () => change.undo().then(() => saved(PARTS.changes.undone), tell),
      },
      PARTS.changes.undo,
    );
  function tell(error) {
    if (error.status === undefined) throw error;
    wrong.replaceChildren(icon('warn'), ...refusal(error));
  }
  async function take(event) {
    event.preventDefault();
    if (!isDate(day.value)) return;
    const line = { meter: meter.id, from: day.value, offer, power };
    try {
      const change = await changed('contracts', (lines) => withLine(lines, line));
      await saved(icon('ok'), PARTS.changes.saved, undo(change));
    } catch (error) {
      tell(error);
    }
  }
  return h(
    'details',
    { class: 'take', 'data-key': `take ${offer}` },
    h('summary', null, W.take.mine),
    h(
      'form',
      { class: 'range-form', onsubmit: take },
      h('label', { class: 'inline' }, W.take.since, day),
      first &&
        first !== from &&
        h(
          'button',
          {
            class: 'link-button',
            type: 'button',
            onclick: () => {
              day.value = first;
            },
          },
          W.take.first,
        ),
      h('button', { class: 'button' }, PARTS.notes.save),
    ),
    wrong,
  );
}
