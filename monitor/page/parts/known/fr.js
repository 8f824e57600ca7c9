export default {
  young: 'Ce compteur est nouveau : ses premiers relevés s’afficheront ici d’ici un quart d’heure.',
  first: (date) => `La première trame date du ${date}.`,
  imported: (from, to) => `Votre consommation est connue du ${from} au ${to}.`,
  isItsMeter: 'Un compteur vient d’arriver : est-ce celui de vos années importées ?',
  unknown: 'Compteur inconnu',
  unknownMore: (id) => `Le compteur ${id}, demandé par l’adresse de la page, n’est pas connu ici. Compteurs connus :`,
};
