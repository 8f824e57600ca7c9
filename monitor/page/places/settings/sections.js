// What is saved, and the form of each section, as the groups of this place and the steps of the first visit show them.
import * as api from '../../base/api.js';
import { sectionForm } from './section.js';
import { widgetsOf } from './widgets.js';

/** @import * as Answers from '../../../../deploy/page/answers' */
/** @import {Meter} from '../../../../deploy/page/types' */
/** leave: saves what waits. @param {{meter: Meter | null, meters: Meter[]}} house */
export async function sectionsOf({ meter, meters }) {
  /** @type {Answers.Offers['offers']} */
  const none = [];
  const [saved, forms, offers, observed, readers] = await Promise.all([
    api.settings(),
    api.settingsFields(),
    api.offers().catch(() => none),
    api.status(meter?.id).then(
      (status) => status.off_peak,
      () => [],
    ),
    api.ports().then(
      (answer) => answer.readers,
      () => [],
    ),
  ]);
  /** @type {import('./section.js').Section[]} */
  const opened = [],
    own = () => (saved.prices?.value.offers ?? []).map(({ id, name }) => ({ id, name: name || id, supplier: '' })),
    widgets = widgetsOf({ meters, offers: () => [...own(), ...offers.filter(({ supplier }) => supplier)], observed });
  const section = (name, more = {}) => {
    const one = sectionForm({ name, form: forms[name], saved: saved[name], widgets, ...more });
    opened.push(one);
    return one;
  };
  return {
    saved,
    forms,
    offers,
    observed,
    readers,
    widgets,
    section,
    leave: () => opened.forEach((one) => one.leave()),
  };
}
