import * as f from '../base/format.js';

export default {
  title: 'Pourquoi plus ou moins que d’habitude ?',
  ask: 'Pourquoi ?',
  waiting: 'Calcul en cours…',
  instead: (now, before, change) => `${now} au lieu de ${before}${change ? ` (${change})` : ''}`,
  mean: (days) => `Comparé à la moyenne des mêmes heures : ${days}.`,
  range: (from, to) => `Comparé aux mêmes jours de la semaine, du ${from} au ${to}.`,
  withoutSubscription: 'Coûts hors abonnement.',
  causes: 'Ce qui explique la différence',
  cause: 'Cause',
  base: (now, before) => `Talon : ${now} au lieu de ${before}`,
  step: (watts, from, to, length) => `${watts} de plus, de ${from} à ${to} (${length})`,
  stepOn: (watts, from, length) => `${watts} de plus à partir de ${from}, jusqu’à la fin (${length})`,
  moreHours: (from, to) => `Plus de consommation entre ${from} et ${to}`,
  lessHours: (from, to) => `Moins de consommation entre ${from} et ${to}`,
  moreAll: 'Plus de consommation à toute heure',
  lessAll: 'Moins de consommation à toute heure',
  colder: (now, before) => `Plus froid : ${now} en moyenne au lieu de ${before}`,
  warmer: (now, before) => `Plus doux : ${now} en moyenne au lieu de ${before}`,
  colour: (name, now, before, isLess) =>
    `${isLess ? 'Moins' : 'Plus'} en ${name} : ${now} de l’énergie au lieu de ${before}`,
  price: (now, before) => `Prix du kWh : ${now} au lieu de ${before}`,
  rest: 'Le reste, sans cause nette',
  none: {
    same: 'Rien de particulier : la différence est inférieure à 10 %, ou trop petite.',
    before: 'Les jours à comparer ne sont pas assez connus.',
    coverage: 'Il manque trop de mesures pour comparer.',
  },
  failed: 'Pas de réponse pour le moment.',

  notes: 'Notes',
  compared: 'Avant et après',
  days: 'Jours',
  sides: { before: 'Avant', after: 'Après', change: 'Écart' },
  side: (name, first, last) => `${name} (${first} – ${last})`,
  perDay: { energy: 'Énergie par jour', cost: 'Coût par jour', coverage: 'Mesuré' },
  method: (days) =>
    `${days} ${f.plural(days, 'jour', 'jours')} de chaque côté, avec les mêmes jours de la semaine, abonnement compris. La météo peut expliquer une partie de l’écart.`,
  tooFew: 'Moins de sept jours comparables sont connus avant et après cette date.',
};
