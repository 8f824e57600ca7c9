"""Why somebody may not ask, or not change who may: in English and in French. Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class Text(NamedTuple):
    """One reason: its HTTP status, and the sentence without capital and full stop."""

    status: int
    en: str
    fr: str


REFUSALS: Mapping[str, Text] = {
    # Who may ask.
    "foreign_page": Text(
        403, "request refused: it comes from another site", "requête refusée : elle vient d’un autre site"
    ),
    "locked": Text(
        401,
        "the page has a password: open a session with `login`",
        "la page a un mot de passe : ouvrez une session avec « login »",
    ),
    "no_token": Text(
        401,
        "a token is needed here, which Settings, Access makes: Authorization: Bearer …",
        "il faut ici un jeton, créé dans Réglages, Accès : Authorization: Bearer …",
    ),
    "no_mcp": Text(
        501,
        "the Python package mcp is missing: {command}",
        "il manque le paquet Python mcp : {command}",
    ),
    "password_unreadable": Text(
        503,
        "the password of the page cannot be read: the log of the program says why",
        "le mot de passe de la page ne peut pas être lu : le journal du programme dit pourquoi",
    ),
    "foreign_name": Text(
        403,
        "this page is not known under this name. If it is the right one, add it to “listen.names” in monitor.yaml, or"
        " give the page a password",
        "cette page n’est pas connue sous ce nom. Si c’est le bon, ajoutez-le à « listen.names » dans monitor.yaml, ou"
        " donnez un mot de passe à la page",
    ),
    "proxied": Text(
        403,
        "this page has no password, so it does not open through a proxy. Give it a password, or write “auth: header” in"
        " monitor.yaml",
        "cette page n’a pas de mot de passe : elle ne s’ouvre pas à travers un reverse proxy. Donnez-lui un mot de"
        " passe, ou écrivez « auth: header » dans monitor.yaml",
    ),
    "not_ingress": Text(
        403,
        "this port is for Home Assistant only",
        "ce port est réservé à Home Assistant",
    ),
    "not_proxied": Text(
        403,
        "this page opens only through its proxy; “listen.trusted” in monitor.yaml says which one that is",
        "cette page s’ouvre seulement à travers son reverse proxy ; « listen.trusted » dans monitor.yaml dit lequel",
    ),
    "nobody": Text(
        401,
        "the proxy does not say who you are: the header Remote-User is missing",
        "le reverse proxy ne dit pas qui vous êtes : l’en-tête Remote-User manque",
    ),
    "not_this_machine": Text(
        403,
        "this page is only for the machine on which it runs: Settings, Access, opens it to the home network",
        "cette page ne s’ouvre que sur la machine où elle tourne : Réglages, Accès, l’ouvre au réseau de la maison",
    ),
    "many_passwords": Text(
        429,
        "too many attempts: try again in a few minutes",
        "trop de tentatives : réessayez dans quelques minutes",
    ),
    # Who may enter.
    "wrong_body": Text(422, "what is sent has these keys: {keys}", "ce qui s’envoie a ces clés : {keys}"),
    "no_entry": Text(404, "this is not there any more", "ceci n’existe plus"),
    "password_fixed": Text(
        409,
        "the password is fixed by password_file in monitor.yaml; the command that changes it: {command}",
        "le mot de passe est fixé par password_file dans monitor.yaml ; la commande pour le changer : {command}",
    ),
    "password_asked_elsewhere": Text(
        409,
        "this page asks for no password of its own: Home Assistant, a proxy or nobody lets you in",
        "cette page n’a pas de mot de passe à elle : c’est Home Assistant, un proxy ou personne qui contrôle l’accès",
    ),
    "tokens_without_password": Text(
        409,
        "where the page asks for no password, a token opens nothing",
        "là où la page ne demande pas de mot de passe, un jeton n’ouvre rien",
    ),
    "access_without_password": Text(
        403,
        "a page without a password changes nothing here (auth: none in monitor.yaml)",
        "une page sans mot de passe ne change rien ici (auth: none dans monitor.yaml)",
    ),
    "access_no_administrator": Text(
        403,
        "only an administrator of Home Assistant may change this",
        "seul un administrateur de Home Assistant peut changer ceci",
    ),
    "no_accounts": Text(
        409,
        "the broker is not ours: make the account there",
        "le serveur MQTT n’est pas le nôtre : créez le compte là-bas",
    ),
    "broker_fixed": Text(
        409,
        "the broker is fixed by monitor.yaml",
        "le serveur MQTT est fixé dans monitor.yaml",
    ),
    "access_unwritable": Text(
        503,
        "nothing was saved: the state folder cannot be written; the log of the program says why",
        "rien n’est enregistré : le dossier d’état n’est pas accessible en écriture ; le journal du programme dit"
        " pourquoi",
    ),
}
