"""What the reader says to people in French, by the English sentence."""

from collections.abc import Mapping

from common.settings import french

TEXTS: Mapping[str, str] = {
    "{port} is listed twice": "{port} figure deux fois dans la liste",
    "ask stands alone, not in a list": "ask s’écrit seul, pas dans une liste",
    "{port} is no path, write {path}": "{port} n’est pas un chemin, écrivez {path}",
    "{port}: a device, socket://, rfc2217:// or simulate:// is expected": (
        "{port} : il faut un périphérique, socket://, rfc2217:// ou simulate://"
    ),
    "{port}: a device, socket://, rfc2217://, mqtt:TOPIC or simulate:// is expected": (
        "{port} : il faut un périphérique, socket://, rfc2217://, mqtt:TOPIC ou simulate://"
    ),
    "{port}: {scheme}://HOST:PORT is expected": "{port} : il faut {scheme}://SERVEUR:PORT",
    "no meter sends {label}, did you mean {other}?": "aucun compteur n’envoie {label}, vouliez-vous dire {other} ?",
    "auto or broker is expected, not {value}: any storer confirms": (
        "il faut auto ou broker, pas {value} : n’importe quel archiveur confirme"
    ),
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
    **french.TEXTS,
    "a topic such as {example}": "un topic tel que {example}",
    "a device, socket://, rfc2217:// or simulate://": "un périphérique, socket://, rfc2217:// ou simulate://",
    "a device, socket://, rfc2217://, mqtt:TOPIC or simulate://": (
        "un périphérique, socket://, rfc2217://, mqtt:TOPIC ou simulate://"
    ),
    "a device such as /dev/ttyAMA0, or a list of some,": "un périphérique tel que /dev/ttyAMA0, ou une liste",
    "a list of labels such as [PRM]": "une liste d’étiquettes telle que [PRM]",
    "a folder such as /var/lib/teleinfo": "un dossier tel que /var/lib/teleinfo",
}
