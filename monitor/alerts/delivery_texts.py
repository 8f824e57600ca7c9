"""What is said of alerts that are sent, in French and English; both tables have the same keys.

`why_` is followed by a code of `monitor.alerts.failures`.
"""

from collections.abc import Mapping

FR: Mapping[str, str] = {
    "alerts_active": "En cours",
    "alerts_past": "Passées",
    "alerts_addresses": "Envois",
    "alerts_rules": "Règles",
    "alerts_none": "rien",
    "alerts_on": "oui",
    "alerts_off": "non",
    "alerts_address": "{name} : {became}",
    "alerts_as_of": "État du {day} à {time}.",
    "alerts_never": "Le service n’a pas encore écrit d’état.",
    "alerts_no_address": "aucune adresse dans alerts.to : aucun message n’est envoyé",
    "delivery_sent": "{count} envoyés, le dernier le {day} à {time}",
    "delivery_sent_one": "1 envoyé, le {day} à {time}",
    "delivery_waiting": "{count} en attente",
    "delivery_failed": "{count} sans succès",
    "delivery_why": "échec le {day} à {time} : {why}",
    "test_title": "TeleInfo Monitor : essai",
    "test_body": "Cet essai est bien arrivé : les alertes arriveront ici aussi.",
    "test_sent": "{name} : envoyé",
    "test_failed": "{name} : échec, {why}",

    "why_http": "le service a répondu {number}",
    "why_http_401": "accès refusé (401) : vérifiez l’identifiant, le mot de passe ou le jeton",
    "why_http_403": "accès refusé (403) : vérifiez l’identifiant, le mot de passe ou le jeton",
    "why_http_404": "introuvable (404) : vérifiez l’adresse",
    "why_http_429": "trop de messages pour ce service (429)",
    "why_smtp": "le serveur de messagerie a répondu {number}",
    "why_smtp_535": "identifiant ou mot de passe refusé (535)",
    "why_host": "nom de serveur introuvable",
    "why_refused": "connexion refusée : service arrêté, ou autre adresse",
    "why_certificate": "certificat refusé",
    "why_tls": "pas de TLS à cette adresse",
    "why_network": "réseau inaccessible",
    "why_timeout": "pas de réponse à temps",
    "why_address": "adresse non reconnue",
    "why_package": "le paquet Python apprise manque",
    "why_file": "fichier d’adresses illisible ou vide",
    "why_gone": "adresse retirée de la configuration",
    "why_expired": "trop tard pour l’envoyer",
    "why_crashed": "envoi interrompu",
    "why_other": "refusé par le service",
}  # fmt: skip
EN: Mapping[str, str] = {
    "alerts_active": "Active",
    "alerts_past": "Past",
    "alerts_addresses": "Sent",
    "alerts_rules": "Rules",
    "alerts_none": "none",
    "alerts_on": "on",
    "alerts_off": "off",
    "alerts_address": "{name}: {became}",
    "alerts_as_of": "As of {day} {time}.",
    "alerts_never": "The service has not written its state yet.",
    "alerts_no_address": "no address in alerts.to: no message is sent",
    "delivery_sent": "{count} sent, the last on {day} at {time}",
    "delivery_sent_one": "1 sent, on {day} at {time}",
    "delivery_waiting": "{count} waiting",
    "delivery_failed": "{count} failed",
    "delivery_why": "failure on {day} at {time}: {why}",
    "test_title": "TeleInfo Monitor: test",
    "test_body": "This test has arrived: alerts will arrive here, too.",
    "test_sent": "{name}: sent",
    "test_failed": "{name}: failed, {why}",

    "why_http": "the service answered {number}",
    "why_http_401": "access denied (401): check user name, password or token",
    "why_http_403": "access denied (403): check user name, password or token",
    "why_http_404": "not found (404): check the address",
    "why_http_429": "too many messages for this service (429)",
    "why_smtp": "the mail server answered {number}",
    "why_smtp_535": "user name or password refused (535)",
    "why_host": "unknown host name",
    "why_refused": "connection refused: service stopped, or another address",
    "why_certificate": "certificate refused",
    "why_tls": "no TLS at this address",
    "why_network": "network unreachable",
    "why_timeout": "no answer in time",
    "why_address": "address not understood",
    "why_package": "the Python package apprise is missing",
    "why_file": "file of addresses unreadable or empty",
    "why_gone": "address no longer in the configuration",
    "why_expired": "too late to be sent",
    "why_crashed": "sending was interrupted",
    "why_other": "refused by the service",
}  # fmt: skip
TEXTS: Mapping[str, Mapping[str, str]] = {"fr": FR, "en": EN}


def why(code: str, language: str) -> str:
    """Say why a message was not sent: a code of `monitor.alerts.failures`.

    >>> why("http 503", "en"), why("smtp 535", "fr")
    ('the service answered 503', 'identifiant ou mot de passe refusé (535)')
    """
    texts = TEXTS[language]
    kind, _, number = code.partition(" ")
    text = texts.get(f"why_{kind}_{number}") or texts.get(f"why_{kind}", texts["why_other"])
    return text.format(number=number)
