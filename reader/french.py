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
    "auto or broker is expected, not {value}: any storer confirms": (
        "il faut auto ou broker, pas {value} : n’importe quel archiveur confirme"
    ),
    **french.TEXTS,
    "a device, socket://, rfc2217:// or simulate://": "un périphérique, socket://, rfc2217:// ou simulate://",
    "a device, socket://, rfc2217://, mqtt:TOPIC or simulate://": (
        "un périphérique, socket://, rfc2217://, mqtt:TOPIC ou simulate://"
    ),
    "a device such as /dev/ttyAMA0, or a list of some,": "un périphérique tel que /dev/ttyAMA0, ou une liste",
    "a list of labels such as [PRM]": "une liste d’étiquettes telle que [PRM]",
    "a folder such as /var/lib/teleinfo": "un dossier tel que /var/lib/teleinfo",
}
