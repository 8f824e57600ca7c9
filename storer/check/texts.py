"""The texts of `teleinfo-storer check`."""

from pathlib import Path

from common.check.findings import Texts

PROGRAM = "teleinfo-storer"
#: Why the storer refuses tables, and why retention waits: both are worded elsewhere, in English.
_FRENCH = {
    "the tables have version {n}, from before the first release": (
        "les tables ont la version {n}, d’avant la première publication"
    ),
    "the tables have version {n}, this program supports up to {newest}": (
        "les tables ont la version {n}, ce programme ne connaît que la {newest}"
    ),
    "update the storer": "mettez l’archiveur à jour",
    "choose another database, or use commit {commit}, the last that reads them": (
        "choisissez une autre base, ou le commit {commit}, le dernier qui les lit"
    ),
    "version {n} of the tables ({name}) was made by another file than this program has": (
        "la version {n} des tables ({name}) vient d’un autre fichier que celui de ce programme"
    ),
    "use the program that made them, or choose another database": (
        "prenez le programme qui les a créées, ou une autre base"
    ),
    "{name} is the table of the original program": "{name} est la table du programme d’origine",
    "as administrator ({_how}): {sql}; then import its hours with `{_command}`": (
        "en administrateur ({_how}) : {sql} ; puis importez ses heures avec « {_command} »"
    ),
    "a table has the name of our view, {name}, and is not the original program's": (
        "une table porte le nom de notre vue, {name}, et n’est pas celle du programme d’origine"
    ),
    "rename it, or choose another database": "renommez-la, ou choisissez une autre base",
    "has only part of a backup, its restore is not finished": (
        "la base n’a qu’une partie d’une sauvegarde : sa restauration n’est pas finie"
    ),
    "run it again ({_command}), it starts from the beginning": "relancez-la ({_command}), elle repart du début",
    "nothing is rolled up yet": "aucune heure n’est encore calculée",
    "frames before {day} are kept: {_why}": "les trames d’avant le {day} sont gardées : {_why}",
    "minutes before {day} are kept: {_why}": "les minutes d’avant le {day} sont gardées : {_why}",
    "minutes of sources before {day} are kept: {_why}": (
        "les minutes des sources d’avant le {day} sont gardées : {_why}"
    ),
    "some of their hours still wait to be rolled up": "certaines de leurs heures ne sont pas encore calculées",
    "no backup of the last {n} days has {months} whole": (
        "aucune sauvegarde des {n} derniers jours n’a {months} en entier"
    ),
    "the next ones write or read their files": "les prochaines écrivent ou relisent leurs fichiers",
    "nothing is dropped without backups": "rien n’est supprimé sans sauvegarde",
    "set backup.folder": "donnez un dossier à backup.folder",
    "a backup is being made": "une sauvegarde est en cours",
    "of {meter}, {n} frames of {hour} UTC that a reader counted never came": (
        "de {meter}, {n} trames de {hour} UTC, comptées par un lecteur, ne sont jamais venues"
    ),
    "minutes, hours or breaks of {hour} UTC differ from them": "les minutes ou heures de {hour} UTC en diffèrent",
    "minutes, hours or breaks of {hour} UTC or soon after were made of frames that are not there": (
        "des minutes ou heures dès {hour} UTC viennent de trames qui ne sont plus là"
    ),
    "tried again tomorrow": "nouvel essai demain",
    "these are rebuilt, and compared again then": "elles sont refaites, puis comparées de nouveau",
    "if {_they} lost, have months that lack frames dropped, too (page, Settings)": (
        "si {_they} perdues, faites supprimer aussi les mois auxquels il manque des trames (page, Réglages)"
    ),
    "they are": "elles sont",
    "these are": "elles sont",
    "offline": "hors ligne",
}
TEXTS = Texts(Path(__file__).with_name("findings.yaml"), PROGRAM, _FRENCH)
