import * as f from '../format.js';

export default {
  title: 'Tempo et contrats',
  choose: 'Choisir les offres et les dates',
  period: 'Période comparée',
  lastYear: 'Douze derniers mois',
  noContract:
    'L’offre ou la puissance souscrite de ce compteur est inconnue : indiquez-les sous contracts, dans la configuration du moniteur.',
  tooSoon: 'La comparaison commence après le premier jour complet.',
  noOffers: 'Aucune offre ne peut être calculée sur cette période.',
  hours: 'Plages',
  noSeason: (y) => `Aucune donnée pour la saison ${y}–${y + 1}.`,
  thisSeason: 'Aller à la saison en cours',
  season: (y) => `Saison ${y}–${y + 1}`,
  remain: 'Restent',
  left: (days, allowance) => `${f.plural(days, 'reste', 'restent')} sur ${allowance}`,
  used: (days, allowance) => `${f.plural(days, 'jour', 'jours')} sur ${allowance}`,
  usedKnown: (days, allowance) => `${f.plural(days, 'jour connu', 'jours connus')} sur ${allowance}`,
  untilSix: `Jusqu’à 6${f.THIN}h`,
  atSix: `À 6${f.THIN}h`,
  plural: { blue: ['bleu', 'bleus'], white: ['blanc', 'blancs'], red: ['rouge', 'rouges'] },
  calendarSummary: (r, w, b) =>
    `Couleur de chaque jour : ${r} ${f.plural(r, 'rouge', 'rouges')}, ${w} ${f.plural(w, 'blanc', 'blancs')}, ${b} ${f.plural(b, 'bleu', 'bleus')}.`,
  imported: 'importé',
  bundled: 'calendrier public',
  meter: 'compteur',
  source: (date) => `Couleurs lues sur le compteur ; avant le ${date}, d’un calendrier.`,
  byColour: 'Par couleur',
  columns: {
    offer: 'Offre',
    colour: 'Couleur',
    source: 'Source',
    days: 'Jours',
    hc: 'HC (kWh)',
    hp: 'HP (kWh)',
    cost: 'Coût (€)',
    month: 'Mois',
  },
  compare: 'Et avec un autre contrat ?',
  compareRange: (a, b) => `Du ${a} au ${b}, d’après vos relevés`,
  yours: 'Votre contrat',
  partial: 'coût partiel',
  notRanked: 'non classé',
  less: (e) => `${e} de moins`,
  moreThan: (e) => `${e} de plus`,
  verdict: (best, e) => `Avec vos habitudes inchangées, ${best} vous a coûté ${e} de moins que l’offre suivante.`,
  verdictOther: (best, e) => `Avec vos habitudes inchangées, ${best} aurait coûté ${e} de moins.`,
  over: (months, days) =>
    months < 2
      ? `Sur ${days} ${f.plural(days, 'jour', 'jours')}`
      : `Sur ${['deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit', 'neuf', 'dix', 'onze'][months - 2]} mois`,
  without: { winter: '(sans hiver)', summer: '(sans été)' },
  since: (date) => `Relevés depuis le ${date} seulement : la comparaison commence là.`,
  range: {
    hours: (read, hours, recovered, all) =>
      `Pas de classement : ${read}${f.THIN}heures seulement sur ${hours} ont des relevés, il en faut neuf sur dix.${recovered ? ` ${recovered} sur ${all} ont été rattrapés après une interruption, à une heure inconnue.` : ''}`,
    recovered: (_read, _hours, recovered, all) =>
      `Pas de classement : ${recovered} sur ${all} ont été rattrapés après une interruption, à une heure inconnue ; leur prix pourrait changer l’ordre des offres.`,
  },
  knownUntil: (date) => `Comparer avec Tempo jusqu’au ${date}, dernière couleur connue`,
  oneOffer: 'Rien à comparer : une seule offre peut être calculée.',
  basis: (a, b) => `Calcul sur ${a}${f.THIN}h des ${b}${f.THIN}h de la période. Abonnement et taxes compris.`,
  why: {
    prices: ['pas de prix pour cette période', (a, b) => `prix connus pour ${a}${f.THIN}h sur ${b}`],
    colours: [
      'couleurs Tempo inconnues (option tempo du moniteur)',
      (a, b) => `couleurs connues pour ${a}${f.THIN}h sur ${b}`,
    ],
    windows: [
      'plages d’heures creuses inconnues (off_peak, dans prices.yaml)',
      (a, b) => `plages d’heures creuses connues pour ${a}${f.THIN}h sur ${b}`,
    ],
    assumed: ['heures creuses supposées identiques aux vôtres, ce fournisseur peut en avoir d’autres'],
    calendar: ['calendrier inconnu', (a, b) => `calendrier connu pour ${a}${f.THIN}h sur ${b}`],
  },
  windows: 'Heures creuses observées',
  windowsNote: 'Les heures où le compteur a réellement basculé.',
  windowsFrom: (month) => `depuis ${month}`,
  moved: (when, hours) => `Vos heures creuses ont changé en ${when} : ${hours}.`,
  windowsSummary: 'Plages d’heures creuses sur 24 heures',
  compareSummary: 'Coût de chaque offre',
};
