import * as f from '../base/format.js';

export default {
  sun: {
    drawn: 'Soutiré',
    drawnOf: (energy) => `${energy} soutirés`,
    house: 'Consommé par la maison',
    made: 'Production',
    own: 'Autoconsommé',
    ofWhichOwn: (own, share) => (share ? `dont ${own} autoconsommés (${share})` : `dont ${own} autoconsommés`),
    notCounted: 'le compteur ne compte pas l’injection',
    since: (date) => `connue depuis le ${date}`,
    sufficiency: 'Taux d’autoproduction',
    sufficiencyNote: 'part de la consommation produite sur place',
    saved: 'Économisé',
    savedNote: 'au prix du kWh de chaque heure',
    sold: 'Vendu',
    soldUnknown: 'prix inconnu : ajoutez feed_in dans prices.yaml',
    surplus: 'Heures de surplus',
    surplusNote: 'plus d’injection que de soutirage',
    contradiction: (made, injected) =>
      `Production mesurée : ${made}, mais ${injected} injectés sur les mêmes périodes.`,
    contradictionMore: 'L’une des deux mesures est fausse : vérifiez la source et son câblage.',
    today: (made, own) => ` Production ${made}, dont ${own} autoconsommés.`,
    todayHouse: (house, share) => ` La maison a consommé ${house}, dont ${share} produits sur place.`,
    unseen: 'Vous injectez probablement de l’électricité que votre compteur ne compte pas.',
    unseenMore: (power, minutes, days) =>
      `Environ ${power} passent sans qu’aucun index n’avance : ${minutes} en plein jour, sur ${days} des 14 derniers jours. Déclarez l’installation à Enedis, et demandez le passage du compteur en mode producteur.`,
    columns: { drawn: 'Soutiré (kWh)', made: 'Production (kWh)', own: 'Autoconsommé (kWh)', power: 'Production (W)' },
  },
  devices: {
    title: 'Appareils',
    device: 'Appareil',
    share: 'Part',
    rest: 'Reste de la maison',
    restOf: 'Reste',
    energyOf: (name) => `${name} (kWh)`,
    costOf: (name) => `${name} (€)`,
    summary: (devices, house) => `Appareils : ${devices}${house ? ` sur ${house}` : ''}.`,
    resting: (devices, house) => `${devices} mesurés par appareil, sur ${house} consommés.`,
    restingHouse: (devices, house) => `${devices} mesurés par appareil, sur ${house} consommés par la maison.`,
    method: 'Coûts au prix moyen du kWh de chaque heure, hors abonnement.',
    roof: ' L’énergie du toit y est comptée comme si elle avait été achetée.',
    above: (devices, house) => `Les appareils ont compté ${devices}, plus que la consommation de la maison, ${house}.`,
    aboveMore: (periods) =>
      `L’un des deux est faux${periods > 1 ? ` (${f.number(periods)} périodes concernées)` : ''} : vérifiez la source, son unité et son compteur.`,
  },
};
