// The first visit: one step after the other, each of which may be left out, and comes back in the settings until it is
// done. The step is in the address: a page that is loaded again goes on there, and so does the way back.
import { h, icon } from '../../../base/dom.js';
import { go, here, href, note } from '../../../base/router.js';
import { dateOf } from '../../../base/time.js';
import { page } from '../../../parts/block.js';
import { changed } from '../../../parts/changes.js';
import { sectionsOf } from '../sections.js';
import { W } from '../words.js';
import { brokerStep, passwordStep } from './access.js';
import { contractStep, devicesStep, pastStep, phoneStep } from './household.js';
import { meterStep } from './meter.js';
import { addressOf, declined, FIRST_VISIT, knownOf, nextOf, previousOf, stepAt, stepsOf } from './steps.js';

/** @import {Context, Meter, View} from '../../../../../deploy/page/types' */
/** @import {Made, Name, Step, Tools} from './steps.js' */
/** @type {Record<Name, (tools: Tools) => Made>} */
const STEPS = {
  password: passwordStep,
  broker: brokerStep,
  meter: meterStep,
  contract: contractStep,
  past: pastStep,
  phone: phoneStep,
  devices: devicesStep,
};

/** @type {(context: Context<Meter | null>) => Promise<View>} */
export async function firstVisit({ meter, meters, now, query }) {
  const [sections, known] = await Promise.all([sectionsOf({ meter, meters }), knownOf()]),
    steps = stepsOf({ ...known, saved: sections.saved, meter }),
    step = stepAt(steps, query.get('etape')),
    words = W.first.steps[step.name];
  let isOver = sections.saved.page.value.first_visit;

  /** It is not opened by itself any more. */
  async function end() {
    if (isOver) return;
    isOver = true;
    await changed('page', (value) => ({ ...value, first_visit: true })).catch(() => {}); // then it is opened once more
  }
  async function finish() {
    await end();
    go(href(''));
  }
  function next() {
    const to = nextOf(steps, step.name);
    to ? go(addressOf(to.slug)) : finish();
  }
  const forward = h('button', { class: 'button', type: 'button', onclick: next });
  const done = (isDone) => {
    forward.textContent = isDone ? W.first.next : W.first.skip;
    forward.classList.toggle('main', isDone);
  };
  done(step.isDone);
  const decline = () => declined(step.name).then(next),
    made = STEPS[step.name]({ ...sections, meter, meters, today: dateOf(now()), next, done, decline }),
    before = previousOf(steps, step.name);
  const heading = h('h2', { tabindex: -1, id: 'step' }, words.title);
  const node = page(
    'settings first-visit',
    [
      h('h1', null, W.first.title),
      h('button', { class: 'link-button', type: 'button', onclick: finish }, W.first.leave),
    ],
    list(steps, step),
    h(
      'section',
      { 'aria-labelledby': 'step' },
      heading,
      'help' in words && h('p', { class: 'note' }, words.help),
      made.nodes,
      h(
        'p',
        { class: 'actions' },
        forward,
        before && h('a', { class: 'link-button', href: addressOf(before.slug) }, W.first.back),
      ),
    ),
  );
  return {
    title: W.first.title,
    node,
    entered() {
      note({ etape: step.slug }); // a meter that arrives draws the step again, which is done then
      heading.focus({ preventScroll: true });
    },
    leave() {
      made.leave?.();
      sections.leave();
      const { place, detail } = here();
      if (`${place}/${detail}` !== `reglages/${FIRST_VISIT}`) end();
    },
  };
}

/** How far it is. @type {(steps: Step[], current: Step) => HTMLElement} */
const list = (steps, current) =>
  h(
    'ol',
    { class: 'visit-steps', 'aria-label': W.first.progress },
    steps.map(({ name, slug, isDone, isClosed }) => {
      const text = [
        isDone && icon('ok'),
        W.first.steps[name].name,
        isDone && h('span', { class: 'hidden' }, ` (${W.first.done})`),
      ];
      const isCurrent = name === current.name;
      return h(
        'li',
        { class: isCurrent ? 'now' : null, 'aria-current': isCurrent ? 'step' : null },
        isCurrent || isClosed ? text : h('a', { href: addressOf(slug) }, text),
      );
    }),
  );
