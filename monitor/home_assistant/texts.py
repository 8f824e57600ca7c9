"""What the command says, and why something cannot be done, in French and English; both tables have the same keys."""

from collections.abc import Mapping

from common.errors import TeleinfoError

FR: Mapping[str, str] = {
    "unreachable": "Home Assistant est injoignable à {url} : {reason}",
    "lost": "connexion à Home Assistant ({url}) interrompue : {reason} ; relancez la commande, elle reprendra",
    "token": "Home Assistant ({url}) refuse le jeton : créez-en un dans votre profil, Sécurité, Jetons d’accès de "
    "longue durée",
    "no_administrator": "Home Assistant ({url}) refuse : le jeton doit être celui d’un administrateur",
    "too_old": "Home Assistant {version} est trop ancien : il faut la version {oldest} ou une plus récente",
    "refused": "Home Assistant refuse {command} : {reason}",
    "not_found": "Home Assistant n’a rien pour {command}",
    "gone": "Home Assistant n’a plus la statistique {statistic}",
    "not_written": "Home Assistant n’a pas enregistré {statistic} en {seconds} s : voyez ses journaux, puis relancez "
    "la commande",
    "no_entities": "Home Assistant n’a encore aucun registre de ces compteurs : attendez que le lecteur les ait "
    "annoncés par MQTT",
    "no_address": "aucune adresse de Home Assistant : ajoutez home_assistant: {{url: …, token_file: …}} à la "
    "configuration",
    "no_token": "home_assistant : il manque token_file, un fichier qui contient un jeton d’accès de longue durée",
    "token_unreadable": "home_assistant : {file} ne peut pas être lu : {reason}",
    "no_package": "il manque le paquet {package} : {python} -m pip install 'websocket-client>=1.8'",
    "unattended": "la commande modifie l’historique de Home Assistant : sans terminal, ajoutez --yes après avoir fait "
    "une sauvegarde, ou --dry-run",
    "no_backup": "rien n’a été modifié : faites d’abord une sauvegarde de Home Assistant",
    "backup": "Ceci modifie l’historique de Home Assistant ({url}).\nUne sauvegarde de Home Assistant a-t-elle été "
    "faite (Paramètres, Système, Sauvegardes) ? [o/N] ",
    "agreed": "o",
    "energy": "{statistic} : {hours} h du {first} au {last}, {kwh} kWh ; {work}",
    "money": "{statistic} : {hours} h du {first} au {last}, {amount} ; {work}",
    "nothing": "{statistic} : rien à apporter",
    "done": "{rows} heures écrites",
    "to_do": "{rows} heures à écrire",
    "joined": "{done}, cumuls suivants relevés de {kwh} kWh",
    "unchanged": "rien à changer",
    "partial": "{done} ; partiel, il manque un contrat ou un prix (le rapport dit lequel)",
    "no_hours": "{statistic} : Home Assistant n’en a pas encore enregistré une heure ; relancez "
    "la commande dans une heure",
    "unit": "{statistic} : laissé tel quel, son unité est {unit}",
    "cost": "{name} : coût",
    "whole_cost": "{meter} : coût avec abonnement",
    "deleted": "{statistic} : supprimé",
    "emptied": "{statistic} : {rows} heures mises à 0 kWh",
    "to_undo": "{statistic} : à retirer",
    "nothing_to_undo": "Rien à retirer : Home Assistant n’a rien qui vienne d’ici.",
}
EN: Mapping[str, str] = {
    "unreachable": "Home Assistant cannot be reached at {url}: {reason}",
    "lost": "the connection to Home Assistant ({url}) was lost: {reason}; run the command again, it continues",
    "token": "Home Assistant ({url}) refuses the token: create one in your profile, Security, Long-lived access tokens",
    "no_administrator": "Home Assistant ({url}) refuses: the token must be that of an administrator",
    "too_old": "Home Assistant {version} is too old: {oldest} or newer is needed",
    "refused": "Home Assistant refuses {command}: {reason}",
    "not_found": "Home Assistant has nothing for {command}",
    "gone": "Home Assistant no longer has the statistic {statistic}",
    "not_written": "Home Assistant has not written {statistic} within {seconds} s: see its log, then run the command "
    "again",
    "no_entities": "Home Assistant has no register of these meters yet: wait until the reader has announced them by "
    "MQTT",
    "no_address": "no address of Home Assistant: add home_assistant: {{url: …, token_file: …}} to the configuration",
    "no_token": "home_assistant: token_file is missing, a file that holds a long-lived access token",
    "token_unreadable": "home_assistant: {file} cannot be read: {reason}",
    "no_package": "the package {package} is missing: {python} -m pip install 'websocket-client>=1.8'",
    "unattended": "the command changes the history in Home Assistant: without a terminal, add --yes after making a "
    "backup, or --dry-run",
    "no_backup": "nothing was changed: make a backup of Home Assistant first",
    "backup": "This changes the history in Home Assistant ({url}).\nHas a backup of Home Assistant been made "
    "(Settings, System, Backups)? [y/N] ",
    "agreed": "y",
    "energy": "{statistic}: {hours} h from {first} to {last}, {kwh} kWh; {work}",
    "money": "{statistic}: {hours} h from {first} to {last}, {amount}; {work}",
    "nothing": "{statistic}: nothing to bring",
    "done": "{rows} hours written",
    "to_do": "{rows} hours to write",
    "joined": "{done}, sums after them raised by {kwh} kWh",
    "unchanged": "nothing to change",
    "partial": "{done}; partial, a contract or a price is missing (the report says which)",
    "no_hours": "{statistic}: Home Assistant has not recorded an hour of it yet; run the command again in an hour",
    "unit": "{statistic}: left as it is, its unit is {unit}",
    "cost": "{name}: cost",
    "whole_cost": "{meter}: cost with standing charge",
    "deleted": "{statistic}: deleted",
    "emptied": "{statistic}: {rows} hours set to 0 kWh",
    "to_undo": "{statistic}: to be removed",
    "nothing_to_undo": "Nothing to remove: Home Assistant has nothing from here.",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"fr": FR, "en": EN}


class StatisticsError(TeleinfoError):
    """Home Assistant cannot be asked, or cannot do it; the text is English until `text` is asked for another."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(EN[key].format(**values))
        self.key = key
        self.values = values

    def text(self, language: str) -> str:
        """Return the reason in a language."""
        return TEXTS[language][self.key].format(**self.values)
