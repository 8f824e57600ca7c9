"""What `teleinfo-monitor check` says in French, by the English sentence; of prices it is said elsewhere."""

from collections.abc import Mapping

from common.doctor import french
from monitor.settings.french import TEXTS as CONFIGURATION

_PAGE = {
    "nothing serves it at {url}; reports work without it": "rien ne la sert sur {url} ; les rapports s’en passent",
    "start it: {_start}; if it stops again, look for the reason in its log: {_log}": (
        "démarrez-la : {_start} ; si elle s’arrête de nouveau, cherchez pourquoi dans son journal : {_log}"
    ),
    "served at {url}, asks for a password": "servie sur {url}, demande un mot de passe",
    "served at {url}, asks for no password": "servie sur {url}, sans mot de passe",
    "served at {url}, lets in whoever its proxy names": "servie sur {url}, laisse entrer qui son proxy nomme",
    "everybody in the network of {host} sees it: auth is none": "tout le réseau de {host} la voit : auth vaut none",
    "give a password_file instead, unless this is what you want": "donnez un password_file, sauf si c’est voulu",
    "it has no password yet": "elle n’a pas encore de mot de passe",
    "{file} holds the password itself instead of a hash: {_command} writes one": (
        "{file} contient le mot de passe lui-même : {_command} écrit son empreinte"
    ),
    "{file} is empty; write it: {_command}": "{file} est vide ; écrivez-le : {_command}",
    "{_why}; make it: {_command}": "{_why} ; créez-le : {_command}",
    "add password_file, then {_command}": "ajoutez password_file, puis {_command}",
    "every user of this machine can read the hash of the password in {file}": (
        "tout utilisateur de cette machine peut lire l’empreinte du mot de passe dans {file}"
    ),
    "another program uses port {n} of {host}": "un autre programme occupe le port {n} de {host}",
    "choose another listen.port": "choisissez un autre listen.port",
}
_ALERTS = {
    "no address in alerts.to: nothing is sent": "aucune adresse dans alerts.to : rien n’est envoyé",
    "add one: docs/alerts.md shows how": "ajoutez-en une : voir docs/alertes.md",
    "the user {user} may not write into {folder}: nothing is sent, as it could be sent twice": (
        "l’utilisateur {user} ne peut pas écrire dans {folder} : rien n’est envoyé, pour ne rien envoyer deux fois"
    ),
    "make it a folder of {user}, or name another one in `state`": (
        "donnez ce dossier à {user}, ou nommez-en un autre dans « state »"
    ),
    "every user of this machine can read the addresses in {file}": (
        "tout utilisateur de cette machine peut lire les adresses dans {file}"
    ),
    "{file}: contains no address": "{file} : ne contient aucune adresse",
    "correct the file, or alerts.to": "corrigez le fichier, ou alerts.to",
    "the Python package apprise is missing": "le paquet Python apprise manque",
    "install teleinfo-monitor[alerts]": "installez teleinfo-monitor[alerts]",
    "{name} is an address that apprise does not understand": "{name} est une adresse qu’apprise ne comprend pas",
    "docs/alerts.md shows some": "docs/alertes.md en montre",
    "addresses: {names}; to try them: {_command}": "adresses : {names} ; pour les essayer : {_command}",
}
_DATABASE = {
    "the tables have version {n}, this program supports up to {newest}: update teleinfo-monitor": (
        "les tables ont la version {n}, ce programme ne connaît que la {newest} : mettez teleinfo-monitor à jour"
    ),
    "docs/installation.md says how": "docs/installation-fr.md dit comment",
    "{base} at {server}: MariaDB {version}, as {account}": "{base} sur {server} : MariaDB {version}, compte {account}",
    "{account} may write ({rights}): the monitor only reads": "{account} peut écrire ({rights}), et n’a qu’à lire",
    "use the account of mariadb/monitor.sql": "prenez le compte de mariadb/monitor.sql",
    "the tables are not there": "les tables manquent",
    "start teleinfo-storer of this version: it makes them": ("démarrez teleinfo-storer de cette version : il les crée"),
    "no meter yet": "pas encore de compteur",
    "look for the reason: {_check}; its log: {_log}": "cherchez pourquoi : {_check} ; son journal : {_log}",
    "look for the reason: {_check}": "cherchez pourquoi : {_check}",
    "nothing has been rolled up yet": "rien n’est encore calculé",
    "start teleinfo-storer: it does so once a minute": "démarrez teleinfo-storer : il calcule chaque minute",
    "they end {_time} ago, although frames have come since": (
        "ils s’arrêtent il y a {_time}, alors que des trames arrivent"
    ),
    "up to {day} UTC": "jusqu’au {day} UTC",
    "no meter {meter} is in the database: its entry in `{section}` has no effect": (
        "aucun compteur {meter} dans la base : sa ligne dans « {section} » est sans effet"
    ),
    "correct its address; there are {meters}": "corrigez son adresse ; il y a {meters}",
    "{name} names no meter, and there are several: it is shown with none of them": (
        "{name} ne nomme aucun compteur, et il y en a plusieurs : elle n’est montrée avec aucun"
    ),
    "no meter {meter} is in the database: it is shown nowhere": (
        "aucun compteur {meter} dans la base : elle n’est montrée nulle part"
    ),
    "set its `meter` in storer.yaml, there are {meters}; or, if it is no longer used: {_forget}": (
        "réglez son « meter » dans storer.yaml, il y a {meters} ; ou, si elle ne sert plus : {_forget}"
    ),
}
TEXTS: Mapping[str, str] = {
    "Prices": "Prix",
    "Calendars": "Calendriers",
    "Alerts": "Alertes",
    "Rollups": "Calculs",
    "Meters": "Compteurs",
    "{file}: time zone {zone}": "{file} : fuseau horaire {zone}",
    "listening to the broker, for {n} s": "écoute du serveur MQTT, pendant {n} s",
    "not configured: the page has no live values": "non configuré : la page n’a pas de valeurs en direct",
    "add `mqtt` to the file": "ajoutez « mqtt » au fichier",
    "live: {meters}": "en direct : {meters}",
    "no state of a meter at the broker": "aucun état de compteur sur le serveur MQTT",
    "is teleinfo-reader running?": "teleinfo-reader tourne-t-il ?",
    "correct the file; {_command} shows what is known": "corrigez le fichier ; {_command} montre ce qui est connu",
    "to see what is known: {_command}": "pour voir ce qui est connu : {_command}",
    "correct the file, or `{option}`": "corrigez le fichier, ou « {option} »",
    "{n} offers; the newest from {day}": "{n} offres ; les plus récents du {day}",
    "1 offer; the newest from {day}": "1 offre ; les plus récents du {day}",
    **_PAGE,
    **_ALERTS,
    **_DATABASE,
    **french.TEXTS,
    **CONFIGURATION,
    "set {_setting}": "réglez {_setting}",  # it fits much: it comes last
}
