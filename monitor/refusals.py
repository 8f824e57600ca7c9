"""Why a question cannot be answered as it was asked, in English and in French. Pure."""

from collections.abc import Mapping
from datetime import date

from common.errors import ConfigError

TEXTS: Mapping[str, Mapping[str, str]] = {
    "no_time": {
        "en": "{text!r} is no time: write 2026, 2026-11, 2026-11-24 or 2026-11-24T18:00:00+01:00",
        "fr": "« {text} » n’est pas une date : écrivez 2026, 2026-11, 24/11/2026, 2026-11-24 ou"
        " 2026-11-24T18:00:00+01:00",
    },
    "within_hour": {
        "en": "{text!r} is within an hour: write a whole hour",
        "fr": "« {text} » tombe au milieu d’une heure : écrivez une heure entière",
    },
    "swapped": {
        "en": "--from {start} is not before --to {end}: swap them",
        "fr": "--from {start} n’est pas avant --to {end} : échangez-les",
    },
    "no_whole_day": {
        "en": "there is no whole day from {start} to {end}",
        "fr": "il n’y a aucun jour entier du {start} au {end}",
    },
    "future": {"en": "{day} is still to come", "fr": "le {day} n’est pas encore arrivé"},
    "several_meters": {
        "en": "there are several meters: choose one with --meter: {known}",
        "fr": "il y a plusieurs compteurs : choisissez-en un avec --meter : {known}",
    },
    "ambiguous_meter": {
        "en": "several meters are called {meter!r}: {known}",
        "fr": "plusieurs compteurs répondent à « {meter} » : {known}",
    },
    "unknown_meter": {
        "en": "the meter {meter!r} is unknown; known meters: {known}",
        "fr": "le compteur « {meter} » est inconnu ; compteurs connus : {known}",
    },
    "no_readings": {
        "en": "the database has no readings yet: the first ones come a quarter of an hour after their frames; if"
        " they do not, does teleinfo-storer run? teleinfo-storer check tells",
        "fr": "la base n’a pas encore de relevé : les premiers arrivent un quart d’heure après leurs trames ; sinon,"
        " l’archiveur tourne-t-il ? teleinfo-storer check le dit",
    },
    "no_contract_start": {
        "en": "the day on which your contract began is not known: add a line to `contracts`",
        "fr": "le début de votre contrat est inconnu : ajoutez une ligne à « contracts »",
    },
    "no_energy": {
        "en": "there is no energy in this range to compare offers on: choose another with --from and --to",
        "fr": "aucune énergie n’est connue pour cette période : choisissez-en une autre avec --from et --to",
    },
    "no_power": {
        "en": "the subscribed power is not known: add a line to `contracts` in the configuration",
        "fr": "la puissance souscrite est inconnue : ajoutez une ligne à « contracts » dans la configuration",
    },
    "locale": {
        "en": "--locale is for --csv only; a table is French with --language fr",
        "fr": "--locale ne vaut que pour --csv ; un tableau est en français avec --language fr",
    },
    "database_away": {
        "en": "the database does not answer ({where}); {check} shows what to do",
        "fr": "la base de données ne répond pas ({where}) ; {check} dit que faire",
    },
}


class Refusal(ConfigError):
    """A question cannot be answered as it was asked; its own text is English."""

    def __init__(self, key: str, **values: object) -> None:
        """`key` is one of `TEXTS`; a value may be a day."""
        self._key = key
        self._values = values
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """Return why, in a language."""
        day = "%d/%m/%Y" if language == "fr" else "%Y-%m-%d"
        values = {
            name: value.strftime(day) if isinstance(value, date) else value for name, value in self._values.items()
        }
        return TEXTS[self._key][language].format(**values)
