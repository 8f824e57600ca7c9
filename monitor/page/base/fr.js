// The words of all places; those of one place are in its file.
import * as f from './format.js';
import day from '../places/day/fr.js';
import expected from '../parts/expected_fr.js';
import now from '../places/now/fr.js';
import review from '../places/review/fr.js';
import status from '../places/status/fr.js';
import sun from '../sources/sun_fr.js';
import { COLOURS } from './offers.js';

export default {
  skip: 'Aller au contenu',
  pages: 'Pages',
  places: {
    now: 'Maintenant',
    day: 'Jour',
    review: 'Bilan',
    contracts: 'Contrats',
    status: 'État',
  },
  meterChoice: 'Compteur',
  allMeters: 'Tous',
  meterName: (end) => `Compteur …${end}`,
  theme: { auto: 'Thème : automatique', light: 'Thème : clair', dark: 'Thème : sombre' },
  language: 'English',
  logout: 'Se déconnecter',
  colon: ' : ',
  again: 'touchez à nouveau pour ouvrir',
  figures: 'Voir les chiffres',
  csv: 'Télécharger (CSV)',
  previous: 'Précédent',
  next: 'Suivant',
  unknown: 'inconnu',
  updated: (time) => `à jour à ${time}`,
  close: 'Fermer',
  prices: {
    of: (name) => ['Prix : ', name],
    regulated: 'Tarif Bleu d’EDF',
    assumed: (name) => ['Prix : ', name, ', supposé'],
  },
  young: 'Ce compteur est nouveau : ses premiers relevés s’afficheront ici d’ici un quart d’heure.',

  tariff: {
    ...COLOURS.fr,
    injected: 'Injection',
    recovered: 'Rattrapé',
    partial: 'données partielles',
  },
  month: 'Mois',
  now,

  setup: {
    port: 'Choisissez le port du compteur dans les options de l’application, onglet « Configuration ».',
    found: 'Ports trouvés :',
    which: 'Vous hésitez ? Débranchez l’adaptateur du compteur : son nom quitte la liste en une minute.',
    none: 'Aucun port trouvé : branchez l’adaptateur, puis redémarrez l’application.',
    broker: 'Installez l’application « Mosquitto broker » : les mesures du compteur passent par elle.',
    install: 'Installer Mosquitto',
  },

  address: {
    title: 'Adresse inconnue',
    nothing: 'Il n’y a rien à cette adresse.',
    day: (text) => `« ${text} » n’est pas une date valide.`,
    period: (text) => `« ${text} » n’est ni une semaine, ni un mois, ni une année.`,
    season: (text) => `« ${text} » n’est pas une saison.`,
    go: (place) => `Aller à « ${place} »`,
  },

  alerts: {
    title: 'Alertes',
    since: (time) => `depuis ${time}`,
    seen: 'Vu',
    more: (n) => `${n} ${f.plural(n, 'autre alerte', 'autres alertes')}`,
  },

  notices: {
    never: [
      'Aucune trame reçue pour l’instant.',
      'Vérifiez que le lecteur fonctionne : ',
      'teleinfo-reader check',
      '. Cette page s’affichera dès la première trame.',
    ],
    neverApp: 'Cette page s’affichera dès la première trame. Le journal de l’application dit ce qui est reçu.',
    silent: (time, since) => `Aucune donnée du compteur depuis ${time} (${since}).`,
    onDay: (day, time) => `le ${day} à ${time}`,
    silentMore: (power) => `Dernière valeur : ${power} ; la puissance actuelle est inconnue.`,
    cable: 'Vérifiez le câble : teleinfo-reader check',
    cableApp: 'Vérifiez le câble ; le journal de l’application dit ce qui est reçu.',
    mqtt: 'Le direct est interrompu (pas de liaison MQTT).',
    mqttMore: 'L’historique reste consultable.',
    reader: 'Le lecteur ne répond plus.',
    storer: 'L’archiveur ne répond plus.',
    framesWait: 'Rien n’est perdu : les trames sont gardées en file d’attente.',
    away: 'Le serveur ne répond pas.',
    awayMore: 'La page réessaie automatiquement.',
    database: 'La base ne répond pas.',
    databaseMore: 'Le direct continue et rien n’est perdu : les trames sont gardées en file d’attente.',
    overload: (power, limit) => `Dépassement : ${power} pour ${limit} souscrits.`,
    overloadPhase: (over, n) => `Dépassement : ${over} de trop sur la phase ${n}.`,
    overloadSaid: 'Le compteur signale un dépassement.',
    overloadMore: 'Éteignez un appareil, sinon le disjoncteur risque de sauter.',
    keptMore: 'Voir l’état',
    unknownMeter: 'Compteur inconnu',
    unknownMeterMore: (id) =>
      `Le compteur ${id}, demandé par l’adresse de la page, n’est pas connu ici. Compteurs connus :`,
    failed: 'Cette page n’a pas pu être chargée.',
    blockFailed: 'Ce calcul n’a pas abouti. Réessayez dans un instant.',
    failedMore: 'Réessayez dans un instant.',
    retry: 'Réessayer',
    ended: 'La session a expiré : rechargez la page.',
    reload: 'Recharger',
  },
  day,
  expected,
  review,
  status,
  sun,
};
