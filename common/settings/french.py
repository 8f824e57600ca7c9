"""What is said of configurations and files of all programs, in French, by the English sentence."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    # How sentences are put together.
    "{_text}; it comes from the variable {names}": "{_text} ; la valeur vient de la variable {names}",
    "{file}: cannot be read: {_why}; name your file with --config": (
        "{file} : lecture impossible : {_why} ; indiquez votre fichier avec --config"
    ),
    "{file}: cannot be read: {_why}": "{file} : lecture impossible : {_why}",
    "{file} cannot be read: {_why}": "{file} : lecture impossible : {_why}",
    # Files.
    "No such file or directory": "fichier introuvable",
    "Is a directory": "c’est un dossier",
    "Permission denied; {_fix}": "accès refusé ; {_fix}",
    "it is for the group {group}: {command}, then log in again": (
        "il est réservé au groupe {group} : {command}, puis reconnectez-vous"
    ),
    "it is yours: {command}": "il est à vous : {command}",
    "it belongs to {owner}: use sudo": "il appartient à {owner} : utilisez sudo",
    "use sudo": "utilisez sudo",
    "not UTF-8: in your editor, save it again with this encoding": (
        "ce n’est pas de l’UTF-8 : enregistrez-le avec cet encodage dans votre éditeur"
    ),
    # YAML.
    "a text that begins with one of & * ! @ ` % | > [ ] {{ }} needs quotes": (
        "un texte qui commence par & * ! @ ` % | > [ ] {{ ou }} demande des guillemets"
    ),
    "a bracket that is opened here is not closed, or a comma is missing": (
        "un crochet ou une accolade ouverte ici n’est pas fermée, ou une virgule manque"
    ),
    "this line does not begin in the same column as the others of its section": (
        "cette ligne ne commence pas dans la même colonne que les autres de sa section"
    ),
    "a backslash in double quotes means something: use single quotes": (
        "une barre oblique inverse entre guillemets doubles a un sens : utilisez des guillemets simples"
    ),
    "a quote is opened here and not closed": "un guillemet ouvert ici n’est pas fermé",
    "an option is expected, as 'key: value', with a space after the colon": (
        "il faut une option, « clé: valeur », avec une espace après le deux-points"
    ),
    "something stands behind the closing quote of a value": "il y a du texte après le guillemet fermant d’une valeur",
    "a line of --- begins a second document: take it out": "une ligne --- commence un second document : retirez-la",
    "there is a tab: write spaces instead, YAML takes no tabs": (
        "il y a une tabulation : remplacez-la par des espaces, YAML n’en admet pas"
    ),
    "a space is missing after the colon": "il manque une espace après le deux-points",
    "there are two colons: one option a line; a value with a colon and a space in it needs quotes": (
        "il y a deux fois deux-points : une option par ligne ; une valeur qui en contient demande des guillemets"
    ),
    "this line is indented further than the one above it, which has a value already": (
        "cette ligne est plus en retrait que celle du dessus, qui a déjà une valeur"
    ),
    "duplicate option '{key}' (first on line {line}): leave one out": (
        "option « {key} » en double (déjà ligne {line}) : retirez-en une"
    ),
    "{value} cannot be: {_why}": "{value} est impossible : {_why}",
    # What only a person can change at the database.
    "database {name} at {server}: {said} ({code}); {_fix}": "base {name} sur {server} : {said} ({code}) ; {_fix}",
    "grant the user its privileges on the database, see docs/database.md": (
        "donnez ses droits au compte, voir docs/database.md"
    ),
    "check database.user and database.password": "vérifiez database.user et database.password",
    "create the database, see docs/database.md": "créez la base, voir docs/database.md",
    # Options.
    "set in the page now: {names}; take it over with `{command}`": (
        "se règle désormais dans la page : {names} ; reprenez-le avec `{command}`"
    ),
    "set in the page now: {names}; take it over with `{command}`, then delete it from the file that is mounted there": (
        "se règle désormais dans la page : {names} ; reprenez-le avec `{command}`, puis supprimez-le du fichier qui y"
        " est monté"
    ),
    "unknown option {name}, {_hint}": "option {name} inconnue, {_hint}",
    "unknown key {name}, {_hint}": "clé {name} inconnue, {_hint}",
    "did you mean {name}?": "vouliez-vous dire {name} ?",
    "known here: {names}": "ici sont connues : {names}",
    "option {name} is missing: it has no default": "l’option {name} manque : elle n’a pas de valeur par défaut",
    "'password_file' is given, too: leave one out": "« password_file » est donné aussi : retirez l’un des deux",
    "options are expected below it; {{}} takes their defaults": (
        "il faut des options en dessous ; {{}} prend leurs valeurs par défaut"
    ),
    "options are expected (key: value), not {_sort}": "il faut des options (clé: valeur), pas {_sort}",
    "keys and values are expected (key: value)": "il faut des clés et des valeurs (clé: valeur)",
    "the environment has no variable {name}": "la variable {name} n’existe pas dans l’environnement",
    "what the variable {name} holds is not YAML": "le contenu de la variable {name} n’est pas du YAML",
    "only a name or an address is expected, such as 192.168.1.10; the port is an option": (
        "il faut seulement un nom ou une adresse, comme 192.168.1.10 ; le port est une autre option"
    ),
    "a host, or a list of the nodes of a cluster, is expected, not {value}": (
        "il faut un serveur, ou la liste des nœuds d’une grappe, pas {value}"
    ),
    "{_what} is expected, not {value}: put it in quotes": "il faut {_what}, pas {value} : mettez des guillemets",
    "{_what} is expected, not {value}": "il faut {_what}, pas {value}",
    "{_what} are expected, not {value}": "il faut {_what}, pas {value}",
    "{_what} is expected: put it in quotes": "il faut {_what} : mettez des guillemets",
    "{_what} is expected": "il faut {_what}",
    "{words} or {word}": "{words} ou {word}",
    "a list": "une liste", "text": "un texte", "a list of texts": "une liste de textes",
    "a number": "un nombre", "a whole number": "un nombre entier", "true or false": "true ou false",
    "a time such as 30s or 5m": "une durée telle que 30s ou 5m",
    "a size such as 64MB": "une taille telle que 64MB",
    "a whole number from {low} to {high}": "un nombre entier de {low} à {high}",
    "a name of letters, digits, '-', '_' and '.'": "un nom fait de lettres, de chiffres, de « - », « _ » et « . »",
    "a topic without '+' and '#' and without '/' at its ends": "un topic sans « + » ni « # », et sans « / » aux bouts",
    "a file such as {file}": "un fichier tel que {file}",
}  # fmt: skip
