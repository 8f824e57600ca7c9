"""What `--help` of the command says, in French and English; both tables have the same keys."""

import os
from collections.abc import Mapping

FR: Mapping[str, str] = {
    "usage": "utilisation : ",
    "help": "afficher cette aide",
    "commands": "commandes",
    "monitor": "Montre ce qu’une maison a consommé, quand, et ce que cela a coûté.",
    "version": "afficher la version",
    "config": "fichier de configuration ; par défaut : {file}",
    "language": "langue ; par défaut celle de la configuration, sinon celle de LANG",
    "from": "début, tel que 2026-11, 24/11/2026 ou 2026-11-24",
    "to": "fin, non comprise",
    "meter": "nom, adresse ou derniers chiffres ; nécessaire s’il y a plusieurs compteurs",
    "times": "Un jour s’écrit 24/11/2026 ou 2026-11-24, un mois 2026-11, une année 2026 : ils commencent à minuit"
    " dans le fuseau de la configuration. --to n’est pas compris.",
    "twelve": "Sans --from ni --to : les douze derniers mois, jusqu’à minuit.",
    "run": "servir la page et son API jusqu’à l’arrêt",
    "report": "énergie et coût par heure, jour, semaine, mois ou année",
    "by": "découpage ; par défaut : day (jour)",
    "json": "une liste de lignes, pour un programme",
    "csv": "un tableau, pour un tableur",
    "digest": "le dernier jour, la dernière semaine ou le dernier mois en quelques lignes ; par défaut : celui de"
    " « alerts.digest », sinon weekly (semaine)",
    "locale": "pour --csv ; par défaut : c ; fr : `;` et virgule décimale",
    "compare": "ce que chaque offre coûterait sur votre courbe",
    "compare_all": "montrer toutes les offres",
    "then": "aux prix de l’époque, et non à ceux d’aujourd’hui",
    "shift": "hypothèse : ce pourcentage des heures pleines passe en heures creuses",
    "power": "ce qu’auraient donné d’autres puissances souscrites",
    "check": "diagnostiquer la base, les cumuls et les prix",
    "alerts": "les alertes : règles, en cours, passées, et ce qui a été envoyé",
    "alerts_test": "envoyer un message d’essai à chaque adresse",
    "alerts_json": "pour un programme, comme la route `alerts` de l’API",
    "home_assistant": "apporter l’historique et son coût au tableau Énergie de Home Assistant",
    "dry_run": "dire seulement ce qui serait écrit",
    "undo": "retirer ce qui a été apporté",
    "yes": "ne pas demander si une sauvegarde a été faite",
    "password": "changer le mot de passe de la page, ce qui termine toutes les sessions",
    "password_random": "en créer un, affiché une seule fois",
    "prices": "montrer, vérifier ou importer des prix",
    "prices_show": "les prix d’aujourd’hui",
    "prices_all": "aussi ceux du passé et de l’avenir",
    "prices_check": "trous, lignes en double, prix périmés",
    "prices_update": "prendre une table de prix plus récente du projet",
    "prices_sha256": "son SHA-256, tel que la version publiée l’indique",
}
EN: Mapping[str, str] = {
    "usage": "usage: ",
    "help": "show this help and exit",
    "commands": "commands",
    "monitor": "Shows what a house used, when, and what it cost.",
    "version": "print the version",
    "config": "default: {file}",
    "language": "default: that of the configuration, else of LANG",
    "from": "the beginning, such as 2026-11 or 2026-11-24",
    "to": "the end, exclusive",
    "meter": "name, address or last digits; needed if there are several",
    "times": "A day is written 2026-11-24, a month 2026-11, a year 2026: they begin at midnight in the configured"
    " time zone. --to is exclusive.",
    "twelve": "Without --from and --to: the last twelve months, up to midnight.",
    "run": "serve the page and its API until stopped",
    "report": "energy and cost by hour, day, week, month or year",
    "by": "default: day",
    "json": "a list of rows, for programs",
    "csv": "a table, for spreadsheets",
    "digest": "the last day, week or month in a few lines; default: that of `alerts.digest`, else weekly",
    "locale": "of --csv; default: c; fr: `;` and decimal comma",
    "compare": "what each offer would cost on your curve",
    "compare_all": "show all offers",
    "then": "at the prices in force then, instead of those of today",
    "shift": "what if: this percentage of peak use moves to off-peak hours",
    "power": "what other subscribed powers would have meant",
    "check": "diagnose database, rollups and prices",
    "alerts": "list the rules, the active and past alerts, and what was sent",
    "alerts_test": "send a test message to each address",
    "alerts_json": "for programs, as the API's route `alerts` has it",
    "home_assistant": "bring the history and its cost to Home Assistant's Energy dashboard",
    "dry_run": "only say what would be written",
    "undo": "remove what was brought",
    "yes": "do not ask whether a backup was made",
    "password": "set the password of the page, which ends all sessions",
    "password_random": "make one, and show it once",
    "prices": "show, check or import prices",
    "prices_show": "the prices of today",
    "prices_all": "those of the past and of the future, too",
    "prices_check": "holes, doubled rows, prices that are out of date",
    "prices_update": "take a newer table of prices of the project",
    "prices_sha256": "its SHA-256, as the release states it",
}
HELP: Mapping[str, Mapping[str, str]] = {"fr": FR, "en": EN}


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of a terminal: fr for a French locale, else en.

    >>> language_of({"LANG": "fr_FR.UTF-8"}), language_of({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}), language_of({})
    ('fr', 'en', 'en')
    """
    name = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(key))), "")
    return "fr" if name.startswith("fr") else "en"
