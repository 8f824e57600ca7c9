import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { yearBefore } from '../../time.js';
import { mean, withHoles } from './months.js';
import { csvFile, figures } from '../../part/figures.js';
import { bars } from '../../chart/bars.js';
import { picture } from '../../chart/picture.js';

const R = T.review;
const YEAR = 8766; // hours

/** The base load by month. year: the whole of the last twelve months' energy, or undefined. */
export function talonBlock({ months }, year, stop) {
  const list = withHoles(months).slice(-13),
    last = list.at(-1);
  if (!last) return h('section', { class: 'block' }, h('h2', null, R.talon), h('p', { class: 'muted' }, R.noData));
  const before = months.find((m) => m.month === yearBefore(`${last.month}-01`).slice(0, 7)),
    watts = list.map((m) => m.watts).filter((w) => w != null),
    name = (m) => f.capital(f.monthYear(`${m.month}-01`)),
    reading = h('p', { class: 'reading' });
  const chart = bars({
    bars: list.map((m) => ({
      label: f.monthName(`${m.month}-01`, 'narrow'),
      segments: m.watts == null ? [] : [{ css: 'base', value: m.watts }],
      text: `${name(m)}${T.colon}${m.watts == null ? R.noData : f.power(m.watts, 'W')}`,
    })),
    label: R.talonSummary(f.power(Math.min(...watts), 'W'), f.power(Math.max(...watts), 'W')),
    format: f.number,
    height: 180,
    reading,
    resting: '',
  });
  stop.push(chart.leave);
  // At the price that a kWh really cost on average: what runs all the time runs at every price. In winter heating is
  // part of it, so that one month says nothing of a year.
  const cost = year?.cost && year.total_wh ? (mean(watts.slice(-12)) * YEAR * year.cost.energy) / year.total_wh : null;
  return h(
    'section',
    { class: 'block' },
    h('h2', null, R.talon),
    h('p', { class: 'pair' }, h('span', { class: 'figure-l' }, f.power(last.watts, 'W'))),
    h(
      'p',
      { class: 'note' },
      `${f.capital(R.talonIn(f.monthYear(`${last.month}-01`), before && f.change(last.watts, before.watts)))} `,
      cost != null && R.talonCost(f.euro(cost, 0)),
    ),
    reading,
    chart.node,
    figures({
      caption: R.talon,
      columns: [{ text: T.tempo.columns.month, number: false }, R.columns.watts],
      rows: () => list.map((m) => [name(m), m.watts == null ? '–' : f.number(m.watts)]),
      csv: {
        name: 'talon.csv',
        href: () =>
          csvFile(
            [T.file.month, R.columns.watts],
            list.map((m) => [m.month, m.watts ?? '']),
          ),
      },
      png: () => picture({ name: 'talon', title: `${R.talon} (W)`, drawing: chart.svg }),
    }),
  );
}
