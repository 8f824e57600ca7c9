"""What is wrong with `monitor.yaml` and the files of prices, in French, by the English sentence."""

from collections.abc import Mapping

from common.settings import french

_ALERTS = {
    "rules that are on or off such as {example} are expected, not {value}": (
        "il faut des règles activées ou non, telles que {example}, pas {value}"
    ),
    "there is no rule {name}; there are {known}": "il n’y a pas de règle {name} ; il y a {known}",
    'quiet hours are written "22:00-07:00", in quotes, not {value}': (
        'les heures calmes s’écrivent "22:00-07:00", entre guillemets, pas {value}'
    ),
    "an address such as ntfy://..., or {{file: /etc/teleinfo/mail}} is expected": (
        "il faut une adresse telle que ntfy://..., ou {{file: /etc/teleinfo/mail}}"
    ),
    "a list such as [ntfy://..., {{file: /etc/teleinfo/mail}}]": (
        "une liste telle que [ntfy://..., {{file: /etc/teleinfo/mail}}]"
    ),
    "the euros of a month such as 120": "un montant mensuel en euros tel que 120",
    "the address of the page such as https://energie.example.org": (
        "l’adresse de la page, telle que https://energie.example.org"
    ),
}
_CONTRACTS = {
    "a line has the keys {keys}, and perhaps off_peak; this one is {line}": (
        "une ligne a les clés {keys}, et éventuellement off_peak ; celle-ci est {line}"
    ),
    "the day of `from` is written 2025-02-01, not {value}": "le jour de « from » s’écrit 2025-02-01, pas {value}",
    "an offer such as {known}, or one of your prices.yaml,": "une offre telle que {known}, ou une de votre prices.yaml",
    "the subscribed power in kVA, from 1 to 36,": "la puissance souscrite en kVA, de 1 à 36",
    'off_peak has the windows of all year, ["22:30-06:30"], or those of winter (from 1 November) and summer (from 1'
    " April): {example}; not {value}": (
        'off_peak a les plages de toute l’année, ["22:30-06:30"], ou celles de l’hiver (dès le 1er novembre) et de'
        " l’été (dès le 1er avril) : {example} ; pas {value}"
    ),
    'a window of off_peak is written "22:30-06:30", in quotes and in a list, not {value}': (
        'une plage d’off_peak s’écrit "22:30-06:30", entre guillemets et dans une liste, pas {value}'
    ),
    "names by address such as {example} are expected, not {value}": (
        "il faut des noms par adresse, tels que {example}, pas {value}"
    ),
    "{address} has a name, or {{name: ..., replaces: ADDRESS}}, not {value}": (
        "{address} a un nom, ou {{name: ..., replaces: ADRESSE}}, pas {value}"
    ),
    "the meter {address} is replaced twice": "le compteur {address} est remplacé deux fois",
    "the name {name} is given twice": "le nom {name} est donné deux fois",
    "{address} replaces itself": "{address} se remplace lui-même",
    "{value} is not a meter address such as '031961123456'": (
        "{value} n’est pas l’adresse d’un compteur, telle que '031961123456'"
    ),
    "a name such as Maison, of at most {most} characters,": "un nom tel que Maison, d’au plus {most} caractères",
    "a note is written {example}, with `meter` if needed, not {value}": (
        "une note s’écrit {example}, avec « meter » au besoin, pas {value}"
    ),
    "the text of a note has 1 to {most} characters on one line, not {value}": (
        "le texte d’une note a de 1 à {most} caractères, sur une ligne, pas {value}"
    ),
    "the day of a note is written at: 2026-10-03, not {value}": (
        "le jour d’une note s’écrit at: 2026-10-03, pas {value}"
    ),
}
_SERVER = {
    "{auth} asks for no password, and password_file is given: leave one out": (
        "{auth} ne demande pas de mot de passe, et password_file est donné : retirez l’un des deux"
    ),
    "{port} is listen.port, too: choose another one": "{port} est déjà listen.port : choisissez-en un autre",
    "who may open the page? Write password_file: {file} and make it with {command}, or write auth: none": (
        "qui peut ouvrir la page ? Écrivez password_file: {file} et créez-le avec {command}, ou écrivez auth: none"
    ),
    "files by the name of their calendar such as {example}, not {value}": (
        "il faut des fichiers par nom de calendrier, tels que {example}, pas {value}"
    ),
    "a time zone such as Europe/Paris": "un fuseau horaire tel que Europe/Paris",
    "an address such as http://homeassistant.local:8123": "une adresse telle que http://homeassistant.local:8123",
    "a list of addresses": "une liste d’adresses",
    "an address of this machine such as 127.0.0.1, without a port,": (
        "une adresse de cette machine telle que 127.0.0.1, sans port"
    ),
    "the beginning of a path such as /teleinfo": "le début d’un chemin tel que /teleinfo",
    "a name such as energy.example.org": "un nom tel que energy.example.org",
    "a list of names": "une liste de noms",
    "a network such as 172.16.0.0/12": "un réseau tel que 172.16.0.0/12",
    "a list of networks such as [172.16.0.0/12]": "une liste de réseaux telle que [172.16.0.0/12]",
}
_PRICES = {
    "an amount in EUR such as 0.1940 is expected, not {value}; a number has a dot, not a comma": (
        "il faut un montant en euros tel que 0.1940, pas {value} ; un nombre a un point, pas une virgule"
    ),
    "an amount in EUR such as 0.1940": "un montant en euros tel que 0.1940",
    "a day such as 2026-02-01": "un jour tel que 2026-02-01",
    "a subscribed power in kVA, from 1 to 36,": "une puissance souscrite en kVA, de 1 à 36",
    "an id such as my-offer, in small letters,": "un identifiant tel que mon-offre, en minuscules",
    "{register} costs {price} EUR per kWh: are these cents?": (
        "{register} coûte {price} EUR par kWh : seraient-ce des centimes ?"
    ),
    "a price by register is expected, such as {example}": "il faut un prix par registre, comme {example}",
    "amounts in EUR by power in kVA are expected, such as {example}": (
        "il faut des montants en euros par puissance en kVA, comme {example}"
    ),
    "it has neither `kwh` nor a subscription": "elle n’a ni « kwh » ni abonnement",
    "a list is expected, each of its entries begins like {example}": (
        "il faut une liste, dont chaque entrée commence comme {example}"
    ),
    "unknown rule {name}, {_hint}": "règle {name} inconnue, {_hint}",
    "{name} is no period of its rule, which has {known}": "{name} n’est pas une période de sa règle, qui a {known}",
    "{offer}, row {n} (from {day}): {_rest}": "{offer}, ligne {n} (dès {day}) : {_rest}",
    "{offer}, row {n}: {_rest}": "{offer}, ligne {n} : {_rest}",
}
TEXTS: Mapping[str, str] = {
    **_ALERTS,
    **_CONTRACTS,
    **_SERVER,
    **_PRICES,
    **french.TEXTS,
    "a list of lines such as {example}": "une liste de lignes telles que {example}",
}
