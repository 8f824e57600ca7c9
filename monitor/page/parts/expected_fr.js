export default {
  title: 'Prévision',
  soFar: 'Jusqu’ici',
  expected: 'Total prévu',
  likely: 'Fourchette',
  range: (low, high) => `${low} à ${high}`,
  often: 'quatre fois sur cinq',
  budget: 'Budget du mois',
  over: (amount) => `${amount} de trop`,
  under: (amount) => `${amount} de marge`,
  inAll: (amount) => `${amount} prévus`,
  between: (low, high) => `entre ${low} et ${high}`,
  ofBudget: (amount) => ` (budget : ${amount})`,
  whyNot: {
    few_days: 'La prévision demande 14 jours de relevés.',
    no_year: 'La prévision demande les mêmes jours d’une année précédente.',
    silent: 'Pas de prévision : aucun relevé depuis une semaine.',
  },
};
