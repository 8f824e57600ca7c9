"""What is wrong with `monitor.yaml` and the files of prices, in French, by the English sentence."""

from collections.abc import Mapping

from common.settings import french

_SERVER = {
    "{auth} asks for no password, and password_file is given: leave one out": (
        "{auth} ne demande pas de mot de passe, et password_file est donné : retirez l’un des deux"
    ),
    "the page has a password, which no code replaces; another one is set with: {_command}": (
        "la page a un mot de passe, qu’aucun code ne remplace ; pour en choisir un autre : {_command}"
    ),
    "{port} is listen.port, too: choose another one": "{port} est déjà listen.port : choisissez-en un autre",
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
_SETTINGS = {
    "the database has no tables yet: teleinfo-storer makes them when it starts": (
        "la base n’a pas encore de tables : teleinfo-storer les crée à son démarrage"
    ),
    "{section}: somebody else saved it at the same time: try again": (
        "{section} : quelqu’un d’autre l’a enregistré au même moment : réessayez"
    ),
    "nobody can be asked here: add --yes": "personne à qui demander ici : ajoutez --yes",
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
    **_SERVER,
    **_SETTINGS,
    **_PRICES,
    **french.TEXTS,
}
