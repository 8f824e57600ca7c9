"""What other parts of the programs and the system say in English, and findings quote, in French."""

from collections.abc import Mapping

from common.settings import french

TEXTS: Mapping[str, str] = {
    # The broker.
    "no answer within {time} s": "pas de réponse en {time} s",
    "what it sends is not MQTT": "ce qu’il envoie n’est pas du MQTT",
    "it closed the connection": "il a fermé la connexion",
    "it ended the connection: {reason}": "il a mis fin à la connexion : {reason}",
    "it retains no messages (it may refuse us, since our status is one, and Home Assistant knows no meter when it"
    " starts)": (
        "il ne conserve pas de messages (il peut nous refuser, car notre état en est un, et Home Assistant ne connaît"
        " aucun compteur à son démarrage)"
    ),
    "it has no subscriptions with wildcards (a storer receives no frames from it)": (
        "il n’a pas d’abonnements avec jokers (un archiveur n’en reçoit aucune trame)"
    ),
    # A program and a line.
    "offline": "hors ligne",
    "unknown": "dans un état inconnu",
    "historic": "historique",
    "silent": "ligne muette",
    "unreadable": "illisible",
    "none yet": "aucune encore",
    "another program has it open": "un autre programme l’a ouvert",
    # A folder.
    "others may write into it": "d’autres peuvent y écrire",
    "it is a symbolic link": "c’est un lien symbolique",
    "it belongs to user {n}": "il appartient à l’utilisateur {n}",
    # What the machine says.
    "timed out": "délai dépassé",
    "Connection refused": "connexion refusée",
    "Permission denied": "accès refusé",
    "Name or service not known": "nom inconnu",
    "No route to host": "aucune route vers cette machine",
    **french.TEXTS,
}
