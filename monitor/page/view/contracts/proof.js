// The nights that show the off-peak hours of the meter, to be printed for a supplier.
import * as api from '../../api.js';
import * as f from '../../format.js';
import { T } from '../../i18n.js';
import { h } from '../../dom.js';
import { dateOf } from '../../time.js';
import { csvButton, plainTable } from '../../part/figures.js';
import { page, wayTo } from '../block.js';
import { effectOf } from './reform.js';
import { W } from '../words.js';

/** @import * as Answers from '../../../../deploy/page/answers' */
/** @import {Data} from '../../part/figures.js' */
/** @import {Context} from '../../../../deploy/page/types' */

const P = W.contracts.reform;

/** @param {Context} context */
export async function proof({ meter, now }) {
  const data = await api.offPeak(meter.id);
  return { title: P.title, node: page('proof', P.title, content(data, dateOf(now()))) };
}

/** @param {Answers.Off_Peak} data */
function content(data, today) {
  const back = wayTo('contrats', T.places.contracts),
    first = data.nights[0];
  if (!first) return [h('p', null, P.noNights), h('p', null, back)];
  const { change, against, written, effect } = data,
    known = data.nights.filter((night) => night.agrees != null),
    apart = known.filter((night) => !night.agrees).length;
  /** @type {(name: (day: string) => string) => Data} */
  const nights = (name) => ({
    columns: [
      [P.columns.night, ({ day }) => name(day), 'words'],
      [P.columns.observed, ({ exact, windows }) => (exact ? windows : P.about(windows)), 'words'],
      [P.columns.written, ({ written }) => written ?? '–', 'words'],
      [P.columns.agrees, ({ agrees }) => (agrees == null ? '–' : agrees ? P.yes : P.no), 'words'],
    ],
    rows: data.nights,
  });
  return [
    h(
      'dl',
      { class: 'proof-facts' },
      fact(P.facts.meter, data.meter),
      fact(P.facts.point, h('span', { class: 'to-fill' })),
      fact(P.facts.range, P.range(f.fullDate(first.day), f.fullDate(data.nights.at(-1)?.day))),
      fact(P.facts.made, f.fullDate(today)),
      written && fact(P.facts.bill, bothSeasons(written)),
      change && fact(P.facts.change, P.changeOf(f.fullDate(change.since), change.old, change.new)),
      against && fact(P.facts.against, P.againstOf(f.fullDate(against.since), against.new, against.old)),
      known.length > 0 && fact(P.facts.nights, P.apart(apart, known.length)),
    ),
    effect && h('p', null, effectOf(effect)),
    h('p', { class: 'note' }, P.method),
    h(
      'p',
      { class: 'files' },
      h('button', { class: 'button', onclick: () => print() }, P.print),
      csvButton(() => ({ name: T.file.names.proof, ...nights(String) })),
      back,
    ),
    plainTable({ caption: P.title, stacks: true, ...nights(f.tableDate) }),
  ];
}

const fact = (name, value) => h('div', null, h('dt', null, name), h('dd', null, value));

const bothSeasons = ({ winter, summer }) =>
  winter === summer ? winter : `${P.winter}${T.colon}${winter} · ${P.summer}${T.colon}${summer}`;
