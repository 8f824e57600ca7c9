"""What is said of configurations and files of all programs, in French, by the English sentence."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    # Ports that are topics.
    "no meter sends {label}, did you mean {other}?": "aucun compteur n’envoie {label}, vouliez-vous dire {other} ?",
    "a port has topic, labels and unit, not {key}": "un port a topic, labels et unit, pas {key}",
    "unit is that of the registers among the labels: give labels, too": (
        "unit est l’unité des index parmi les étiquettes : indiquez aussi labels"
    ),
    "labels need a + in the topic, in the place of their names, not {topic}": (
        "labels demande un + dans le topic, à la place des noms, pas {topic}"
    ),
    "the topic after mqtt: is missing, such as {example}": "il manque le topic après mqtt:, tel que {example}",
    "{port} looks like the address of a broker: give the topic, such as {example}": (
        "{port} ressemble à l’adresse d’un broker : indiquez le topic, tel que {example}"
    ),
    "a topic has at most {n} characters, no invisible ones, no blanks around: {topic}": (
        "un topic a au plus {n} caractères, aucun invisible, ni espace au début ou à la fin : {topic}"
    ),
    "topics that begin with $ are the broker's own: {topic}": (
        "les topics qui commencent par $ sont ceux du broker lui-même : {topic}"
    ),
    "a topic has no ? here, labels come after it: {topic}": (
        "un topic n’a pas de ? ici, les étiquettes viennent après : {topic}"
    ),
    "after a ?, unit and labels such as {example} are expected, each once, not {query}": (
        "après un ?, il faut unit et des étiquettes telles que {example}, chacune une fois, pas {query}"
    ),
    "{topic} ends with a /: give the whole topic": "{topic} se termine par / : indiquez le topic entier",
    "# would bring other devices, too; give the topic of the meter, not {topic}": (
        "# amènerait d’autres appareils ; indiquez le topic du compteur, pas {topic}"
    ),
    "one + may stand for the names of the values, as the last level or the one before it, not {topic}": (
        "un + peut remplacer les noms des valeurs, au dernier niveau ou à l’avant-dernier, pas {topic}"
    ),
    "labels such as {example} are expected, at most {n}": "il faut des étiquettes telles que {example}, au plus {n}",
    "{name} is no name of a value: it stands for one level of the topic": (
        "{name} n’est pas un nom de valeur : il est un niveau du topic"
    ),
    "no meter sends {label}": "aucun compteur n’envoie {label}",
    "a label is given to two names: each is one value": "une étiquette est donnée à deux noms : chacune est une valeur",
    "labels of historic and standard mode are mixed: a meter sends those of one": (
        "les étiquettes des modes historique et standard sont mêlées : un compteur n’envoie que celles d’un mode"
    ),
    "the unit of the registers is expected, Wh or kWh, as it is sent": "il faut l’unité des index, Wh ou kWh",
    "the unit of {label} is expected, Wh or kWh, as it is sent": "il faut l’unité de {label}, Wh ou kWh",
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
    "a topic such as {example}": "un topic tel que {example}",
    "a file such as {file}": "un fichier tel que {file}",
}  # fmt: skip
