export default {
  title: 'Forecast',
  soFar: 'So far',
  expected: 'Expected total',
  likely: 'Likely range',
  range: (low, high) => `${low} to ${high}`,
  often: 'four times out of five',
  budget: 'Budget of the month',
  over: (amount) => `${amount} over budget`,
  under: (amount) => `${amount} under budget`,
  inAll: (amount) => `${amount} expected`,
  between: (low, high) => `between ${low} and ${high}`,
  ofBudget: (amount) => ` (budget: ${amount})`,
  whyNot: {
    few_days: 'A forecast needs 14 days of readings.',
    no_year: 'A forecast needs the same days of an earlier year.',
    silent: 'No forecast: no readings for a week.',
  },
};
