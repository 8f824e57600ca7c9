import * as f from '../base/format.js';

export default {
  title: 'Why more or less than usual?',
  ask: 'Why?',
  waiting: 'Working it out…',
  instead: (now, before, change) => `${now} instead of ${before}${change ? ` (${change})` : ''}`,
  mean: (days) => `Compared with the average of the same hours: ${days}.`,
  range: (from, to) => `Compared with the same weekdays, ${from} to ${to}.`,
  withoutSubscription: 'Costs without standing charge.',
  causes: 'What explains the difference',
  cause: 'Cause',
  base: (now, before) => `Base load: ${now} instead of ${before}`,
  step: (watts, from, to, length) => `${watts} more, from ${from} to ${to} (${length})`,
  stepOn: (watts, from, length) => `${watts} more from ${from} on, to the end (${length})`,
  moreHours: (from, to) => `Higher use between ${from} and ${to}`,
  lessHours: (from, to) => `Lower use between ${from} and ${to}`,
  moreAll: 'Higher use at all hours',
  lessAll: 'Lower use at all hours',
  colder: (now, before) => `Colder: ${now} on average instead of ${before}`,
  warmer: (now, before) => `Warmer: ${now} on average instead of ${before}`,
  colour: (name, now, before, isLess) =>
    `${isLess ? 'Less' : 'More'} in ${name}: ${now} of the energy instead of ${before}`,
  price: (now, before) => `Price of a kWh: ${now} instead of ${before}`,
  rest: 'The rest, without a clear cause',
  none: {
    same: 'Nothing special: the difference is below 10%, or too small.',
    before: 'Too little is known of the days to compare with.',
    coverage: 'Too many readings are missing to compare.',
  },
  failed: 'No answer at the moment.',

  notes: 'Notes',
  compared: 'Before and after',
  days: 'Days',
  sides: { before: 'Before', after: 'After', change: 'Change' },
  side: (name, first, last) => `${name} (${first} – ${last})`,
  perDay: { energy: 'Energy per day', cost: 'Cost per day', coverage: 'Measured' },
  method: (days) =>
    `${days} ${f.plural(days, 'day', 'days')} on each side, with the same weekdays, standing charge included. The weather may explain part of the change.`,
  tooFew: 'Fewer than seven comparable days are known before and after this date.',
};
