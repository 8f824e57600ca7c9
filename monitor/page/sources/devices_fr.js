import * as f from '../base/format.js';

export default {
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
};
