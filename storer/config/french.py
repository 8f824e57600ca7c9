"""What the storer says to people in French, by the English sentence: its configuration, and imports."""

from collections.abc import Mapping

from common.settings import french

_CONFIGURATION = {
    "an absolute path such as /var/backups/teleinfo is expected, or null, not {value}": (
        "il faut un chemin absolu tel que /var/backups/teleinfo, ou null, pas {value}"
    ),
}
_IMPORTS = {
    # What a file has, and what becomes of it.
    "  new: {_counts} ({registers})": "  nouveau : {_counts} ({registers})",
    "  new: {_counts}": "  nouveau : {_counts}",
    "  already imported: {count}": "  déjà importé : {count}",
    "  corrected, instead of values of earlier imports: {count}": (
        "  corrigé, à la place de valeurs d’imports précédents : {count}"
    ),
    "  kept as the meter was read: {count}": "  laissé, car relevé par le compteur : {count}",
    "  not needed, since this file has finer values: {count}": (
        "  inutile, car ce fichier a des valeurs plus fines : {count}"
    ),
    "  kept as they are, {_which}: {count}": "  laissé tel quel, {_which} : {count}",
    "with another value in {_import}": "avec une autre valeur dans {_import}",
    "overlap {_import}": "qui chevauche {_import}",
    "import {number} (to replace them, --forget {again} first)": (
        "l’import {number} (pour le remplacer : d’abord --forget {again})"
    ),
    "a file before": "un fichier précédent",
    "rows of another program": "des lignes d’un autre programme",
    "  of the new, in gaps between readings, whose indexes count that energy too: {count}": (
        "  dont dans des trous entre deux relevés, dont les index comptent aussi cette énergie : {count}"
    ),
    "  holes: {count}, {_hours} together; the longest from {start}, {_longest}": (
        "  trous : {count}, {_hours} en tout ; le plus long à partir du {start}, {_longest}"
    ),
    "  the meter {meter} is new: nothing of it was stored before": (
        "  le compteur {meter} est nouveau : rien n’en était enregistré"
    ),
    "  this table and ours together: {sql}": "  cette table et la nôtre ensemble : {sql}",
    "  nothing was imported: this was a dry run": "  rien n’a été importé : c’était un essai (--dry-run)",
    "  nothing new: it is import {number}": "  rien de nouveau : c’est l’import {number}",
    "  nothing new": "  rien de nouveau",
    "  imported: this is import {number}, which --forget {again} deletes": (
        "  importé : c’est l’import {number}, que --forget {again} supprime"
    ),
    "{file}, meter {meter}, {start} to {end}, {_rows}, {wh} kWh, imported {at} UTC": (
        "{file}, compteur {meter}, du {start} au {end}, {_rows}, {wh} kWh, importé le {at} UTC"
    ),
    "import {number} is forgotten: {_rows} deleted": "l’import {number} est retiré : {_rows} supprimées",
    "nothing was imported": "rien n’a été importé",
    "  empty values: {count}": "  valeurs vides : {count}",
    "  values whose step is not known: {count}": "  valeurs dont le pas est inconnu : {count}",
    "  hours of which a part is missing: {count}": "  heures incomplètes : {count}",
    "  times of the repeated hour of October that occur once: {count}": (
        "  heures doublées d’octobre qui ne figurent qu’une fois : {count}"
    ),
    "  times that the clock skips in March: {count}": "  heures que l’horloge saute en mars : {count}",
    "  doubled lines: {count}": "  lignes en double : {count}",
    "  times that are not those of a step: {count}": "  heures hors du pas de la courbe : {count}",
    "  times that have several values: {count}": "  heures ou jours qui ont plusieurs valeurs : {count}",
    "  values that no such meter counts: {count}": "  valeurs qu’aucun compteur de ce type ne compte : {count}",
    "  days whose load curve has holes, kept as their daily value: {count}": (
        "  jours dont la courbe a des trous, gardés avec leur valeur du jour : {count}"
    ),
    "  days whose daily value differs from their load curve, which is kept: {count}": (
        "  jours dont la valeur du jour diffère de la courbe, qui est gardée : {count}"
    ),
    "  days missing in between: {count}": "  jours manquants entre deux : {count}",
    "{_count}, {_counts}": "{_count}, {_counts}",
    "1 hour": "1 heure",
    "{n} hours": "{n} heures",
    "1 day": "1 jour",
    "{n} days": "{n} jours",
    "1 shorter period": "1 période plus courte",
    "{n} shorter periods": "{n} périodes plus courtes",
    "1 longer period": "1 période plus longue",
    "{n} longer periods": "{n} périodes plus longues",
    "1 row": "1 ligne",
    "{n} rows": "{n} lignes",
    "none": "rien",
    # Why one is not imported.
    "{file}: {_why}; nothing of it was imported": "{file} : {_why} ; rien n’en a été importé",
    "line {number}: {_why}": "ligne {number} : {_why}",
    "--list and --forget take no KIND": "--list et --forget ne prennent pas de type",
    "what is to be imported? FILE… is expected, or KIND FILE…; kinds: {kinds}": (
        "que faut-il importer ? Écrivez FICHIER…, ou TYPE FICHIER… ; types : {kinds}"
    ),
    "{file} is not recognised: write its kind, import KIND {again}; kinds: {kinds}": (
        "{file} n’est pas reconnu : écrivez son type, import TYPE {again} ; types : {kinds}"
    ),
    "which meter is it? Use --meter ADDRESS ({names})": (
        "de quel compteur s’agit-il ? Ajoutez --meter ADRESSE ({names})"
    ),
    "--new-meter needs --meter ADDRESS: that of the old meter": (
        "--new-meter demande --meter ADRESSE : celle de l’ancien compteur"
    ),
    "{meter} is not a meter address: 12 digits are expected, as ADSC or ADCO has them, or the 14 of a delivery point"
    " (PRM) where no meter is read yet": (
        "{meter} n’est pas l’adresse d’un compteur : il faut 12 chiffres, comme dans ADSC ou ADCO, ou les 14 d’un point"
        " de livraison (PRM) tant qu’aucun compteur n’est lu"
    ),
    "there is no import {number}: {command} shows them": "il n’y a pas d’import {number} : {command} les montre",
    "it is of another kind: {kind} is read from {_wanted}": "il est d’un autre type : {kind} se lit dans {_wanted}",
    "a file of SQLite": "un fichier SQLite",
    "a text file": "un fichier de texte",
    "it has more than {size}, which none of these files has": "il dépasse {size}, ce que n’a aucun de ces fichiers",
    "it has more than {size}": "il dépasse {size}",
    "this file has more than {size} when it is unpacked": "ce fichier dépasse {size} une fois décompressé",
    "this file has more than {count} cells": "ce fichier a plus de {count} cellules",
    "this is not a table of text: a cell has more than {count} characters; is a quote not closed?": (
        "ce n’est pas un tableau de texte : une cellule a plus de {count} caractères ; un guillemet est-il"
        " resté ouvert ?"
    ),
    "this is a database of another program, or of another version": (
        "c’est la base d’un autre programme, ou d’une autre version"
    ),
    "the database cannot be read ({name}); import a copy, in a folder that can be written": (
        "la base est illisible ({name}) ; importez une copie, dans un dossier où l’on peut écrire"
    ),
    "a time or a value in the database cannot be read: it is damaged, or of another version": (
        "une heure ou une valeur de la base est illisible : elle est abîmée, ou d’une autre version"
    ),
    "there is no series of energy in this database": "il n’y a pas de série d’énergie dans cette base",
    "there is no series {name} here, only: {names}": "il n’y a pas ici de série {name}, seulement : {names}",
    "this workbook is too large to be read: export fewer years at once": (
        "ce classeur est trop grand : exportez moins d’années à la fois"
    ),
    "this workbook declares a document type, which none needs": (
        "ce classeur déclare un type de document, ce dont aucun n’a besoin"
    ),
    "a row or a text of this workbook has more than {count} {_what}": (
        "une ligne ou un texte de ce classeur a plus de {count} {_what}"
    ),
    "parts": "éléments",
    "characters": "caractères",
    "the cell {name} is beyond the columns of a workbook": "la cellule {name} est hors des colonnes d’un classeur",
    "{period} begins in the future, the first at {time} ({zone}): is its year right, and the clock of this machine?": (
        "1 période commence dans le futur, à {time} ({zone}) : l’année est-elle juste, et l’heure de cette machine ?"
    ),
    "{n} periods begin in the future, the first at {time} ({zone}): is its year right, and the clock of this"
    " machine?": (
        "{n} périodes commencent dans le futur, la première à {time} ({zone}) : l’année est-elle juste, et l’heure de"
        " cette machine ?"
    ),
    "{day} is in the future: is the clock of this machine right?": (
        "{day} est dans le futur : l’heure de cette machine est-elle juste ?"
    ),
    "{number} is not the temperature of a day": "{number} n’est pas la température d’un jour",
    "{day} has several temperatures": "{day} a plusieurs températures",
    "it has no temperatures; lines such as {line} are expected": (
        "il n’a aucune température ; il faut des lignes telles que {line}"
    ),
    "a column of values is expected beside Début and Fin": ("il faut une colonne de valeurs à côté de Début et Fin"),
    "a day is expected before its half-hours": "il faut un jour avant ses demi-heures",
    "the column {name} does not say kW or kWh": "la colonne {name} ne dit pas kW ou kWh",
    "the column {name} is not known: base, heures pleines and heures creuses are": (
        "la colonne {name} est inconnue ; on connaît base, heures pleines et heures creuses"
    ),
    "the index {name} is negative: {number}": "l’index {name} est négatif : {number}",
    "the file is compressed: unpack it first": "le fichier est compressé : décompressez-le d’abord",
    "this is a zip or a workbook: unpack it, or save it as CSV, first": (
        "c’est un zip ou un classeur : décompressez-le, ou enregistrez-le en CSV, d’abord"
    ),
    "the first line must be: start,register,wh": "la première ligne doit être : start,register,wh",
    "{count} cells are expected, not {found}": "il faut {count} cellules, pas {found}",
    "a number": "un nombre",
    "a time": "une heure",
    "a day": "un jour",
    "{day} has several values: {one} and {other}": "{day} a plusieurs valeurs : {one} et {other}",
    "{time} has several values": "{time} a plusieurs valeurs",
    "{time} has several readings": "{time} a plusieurs relevés",
    "this is not a file from EDF: a column Puissance atteinte, Consommation or Index is expected": (
        "ce n’est pas un fichier d’EDF : il faut une colonne Puissance atteinte, Consommation ou Index"
    ),
    "this zip cannot be read: it is damaged, or has a password": (
        "ce zip est illisible : il est abîmé, ou protégé par un mot de passe"
    ),
    "there is no file of EDF in this zip": "il n’y a pas de fichier d’EDF dans ce zip",
    "this is no collection of answers of Conso API: JSON is expected": (
        "ce ne sont pas des réponses de Conso API : il faut du JSON"
    ),
    "this is no collection of answers of Conso API": "ce ne sont pas des réponses de Conso API",
    "the answers of Conso API are missing": "les réponses de Conso API manquent",
    "answer {number} of Conso API is of no known type, or has no readings": (
        "la réponse {number} de Conso API est d’un type inconnu, ou sans relevés"
    ),
    "{time}: a step such as {example} is expected, not {step}": "{time} : il faut un pas tel que {example}, pas {step}",
    "a reading of Conso API has no {name}": "un relevé de Conso API n’a pas de {name}",
    "a value of Conso API is no number": "une valeur de Conso API n’est pas un nombre",
    "this is not a file from Enedis: columns Horodate and Valeur, Début and Fin or Date are expected": (
        "ce n’est pas un fichier d’Enedis : il faut les colonnes Horodate et Valeur, Début et Fin, ou Date"
    ),
    "there is no load curve in W or kW here; for daily indexes use the kind enedis-index": (
        "il n’y a pas de courbe de charge en W ou kW ici ; pour les index quotidiens, le type est enedis-index"
    ),
    "there are no daily indexes here: the columns Horodate and EAS F1 are expected": (
        "il n’y a pas d’index quotidiens ici : il faut les colonnes Horodate et EAS F1"
    ),
    "this workbook cannot be read: it is damaged or has a password; open it in a spreadsheet, and save it again": (
        "ce classeur est illisible : il est abîmé ou protégé ; ouvrez-le dans un tableur et enregistrez-le de nouveau"
    ),
    "{wh} Wh is negative: a meter counts what is drawn and what is injected apart": (
        "{wh} Wh est négatif : un compteur compte à part ce qui est soutiré et ce qui est injecté"
    ),
    "{wh} Wh in {hours} h is more than 40 kW: no such meter counts that; is the unit right?": (
        "{wh} Wh en {hours} h font plus de 40 kW : aucun compteur de ce type ne compte cela ; l’unité est-elle juste ?"
    ),
}
TEXTS: Mapping[str, str] = {
    **_CONFIGURATION,
    **_IMPORTS,
    "{file}: {_counts} from {start} to {end} ({zone})": "{file} : {_counts} du {start} au {end} ({zone})",
    "{file}: no energy": "{file} : aucune énergie",
    **french.TEXTS,
    "a topic such as teleinfo, or a list of some,": "un topic tel que teleinfo, ou une liste",
}  # fmt: skip
