"""Why a question is not answered, in English and in French: at the command line and on the web. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from common.errors import ConfigError
from monitor.base.refusals import REFUSALS, Text

TEXTS: Mapping[str, Text] = {
    # A range of time.
    "no_time": Text(
        400,
        "{text!r} is not a date: write 2026, 2026-11, 2026-11-24 or 2026-11-24T18:00:00+01:00",
        "« {text} » n’est pas une date : écrivez 2026, 2026-11, 24/11/2026, 2026-11-24 ou 2026-11-24T18:00:00+01:00",
    ),
    "within_hour": Text(
        400,
        "{text!r} is within an hour: write a whole hour",
        "« {text} » tombe au milieu d’une heure : écrivez une heure entière",
    ),
    "swapped": Text(
        400,
        "the beginning, {start}, must be before the end, {end}, which is not included",
        "le début, {start}, doit précéder la fin, {end}, qui n’est pas comprise",
    ),
    "no_whole_day": Text(
        400, "there is no whole day from {start} to {end}", "il n’y a aucun jour entier du {start} au {end}"
    ),
    "future": Text(400, "{day} is in the future", "le {day} est à venir"),
    "too_long": Text(
        400,
        "the range is too long: {days} days at most",
        "la période est trop longue : {days} jours au plus",
    ),
    "too_many_rows": Text(
        400,
        "the range is too long: {rows} rows at most; choose a longer step (by)",
        "la période est trop longue : {rows} lignes au plus ; choisissez un autre découpage (by)",
    ),
    "no_range": Text(
        400,
        "a single range needs the parameters from and to",
        "une période entière demande les paramètres from et to",
    ),
    "long_frames": Text(
        400,
        "frames are given for two hours at most: choose a shorter range",
        "les trames ne sont données que pour deux heures au plus : choisissez une période plus courte",
    ),
    "few_points": Text(
        400,
        "the range is too long for so few points: raise points, or choose another source",
        "la période est trop longue pour si peu de points : augmentez points, ou choisissez une autre source",
    ),
    "no_day": Text(
        400,
        "the parameter align is a day such as 2026-11-25",
        "le paramètre align est un jour, tel que 2026-11-25",
    ),
    # A meter, and what is known of it.
    "several_meters": Text(
        400,
        "there are several meters: choose one with --meter: {known}",
        "il y a plusieurs compteurs : choisissez-en un avec --meter : {known}",
    ),
    "meter_needed": Text(
        400,
        "there are several meters: add the parameter meter, one of {known}",
        "il y a plusieurs compteurs : ajoutez le paramètre meter, parmi {known}",
    ),
    "ambiguous_meter": Text(
        400,
        "several meters are called {meter!r}: {known}",
        "plusieurs compteurs répondent à « {meter} » : {known}",
    ),
    "unknown_meter": Text(
        404,
        "the meter {meter!r} is unknown; known meters: {known}",
        "le compteur « {meter} » est inconnu ; compteurs connus : {known}",
    ),
    "no_readings": Text(
        404,
        "the database has no readings yet: the first ones come a quarter of an hour after their frames; if they do not,"
        " Status says why",
        "la base n’a pas encore de relevé : les premiers arrivent un quart d’heure après leurs trames ; sinon,"
        " État dit pourquoi",
    ),
    "no_data": Text(404, "no data for this range", "aucune donnée pour cette période"),
    "no_contract_start": Text(
        400,
        "the day on which your contract began is not known: add it in Settings",
        "le début de votre contrat est inconnu : ajoutez-le dans Réglages",
    ),
    "no_year": Text(
        400,
        "the contract begins on {day}: there is no contract year before it",
        "le contrat commence le {day} : il n’y a pas d’année de contrat avant",
    ),
    "no_energy": Text(
        404,
        "no energy is known in this range: choose another one",
        "aucune énergie n’est connue pour cette période : choisissez-en une autre",
    ),
    "no_power": Text(
        404,
        "the subscribed power is not known: add the contract in Settings",
        "la puissance souscrite est inconnue : ajoutez le contrat dans Réglages",
    ),
    "no_cursor": Text(
        400,
        "the parameter cursor is not the value next of a page",
        "le paramètre cursor n’est pas la valeur next d’une page",
    ),
    # The command line.
    "locale": Text(
        400,
        "--locale is for --csv only; a table is French with --language fr",
        "--locale ne vaut que pour --csv ; un tableau est en français avec --language fr",
    ),
    "digest_range": Text(
        400,
        "--digest is about the last period that is over: leave out --from, --to and --by",
        "--digest porte sur la dernière période écoulée : retirez --from, --to et --by",
    ),
    # Parameters.
    "long_query": Text(
        414,
        "the address is too long: {most} characters of parameters at most",
        "l’adresse est trop longue : {most} caractères de paramètres au plus",
    ),
    "unreadable_query": Text(
        400,
        "the parameters cannot be read: text in UTF-8 is expected",
        "les paramètres ne sont pas lisibles : du texte en UTF-8 est attendu",
    ),
    "unknown_parameter": Text(
        400,
        "there is no parameter {name!r} here; known parameters: {known}",
        "le paramètre « {name} » est inconnu ici ; paramètres connus : {known}",
    ),
    "doubled_parameter": Text(400, "the parameter {name} is given twice", "le paramètre {name} est donné deux fois"),
    "long_value": Text(
        400,
        "the parameter {name} has at most {most} printable characters",
        "le paramètre {name} a au plus {most} caractères imprimables",
    ),
    "wrong_choice": Text(
        400,
        "the parameter {name} is not valid: {value!r}; expected: {known}",
        "le paramètre {name} n’est pas valable : « {value} » ; attendu : {known}",
    ),
    "wrong_number": Text(
        400,
        "the parameter {name} is not valid: {value!r}; a whole number from {least} to {most} is expected",
        "le paramètre {name} n’est pas valable : « {value} » ; un nombre entier de {least} à {most} est attendu",
    ),
    # Requests.
    "two_lengths": Text(400, "the request has two lengths", "la requête annonce deux longueurs"),
    "long_address": Text(414, "the address is too long", "l’adresse est trop longue"),
    "control_characters": Text(
        400, "the address contains control characters", "l’adresse contient des caractères de contrôle"
    ),
    "wrong_method": Text(
        405, "method refused: expected is {allowed}", "méthode refusée : ce qui est attendu est {allowed}"
    ),
    "stream_method": Text(405, "a stream is read with GET", "un flux se lit avec GET"),
    "late_body": Text(408, "what you sent did not arrive in time", "ce que vous avez envoyé n’est pas arrivé à temps"),
    "long_body": Text(
        413,
        "what you sent is too long: {most} bytes at most",
        "ce que vous avez envoyé est trop long : {most} octets au plus",
    ),
    "wrong_kind": Text(415, "this is sent as {kind} only", "ceci ne s’envoie que sous la forme {kind}"),
    "no_value": Text(422, 'what is sent is {{"value": …}}', 'ce qui s’envoie est {{"value": …}}'),
    "no_addresses": Text(
        422, 'what is sent is {{"addresses": […]}}, or null', 'ce qui s’envoie est {{"addresses": […]}}, ou null'
    ),
    "no_service_token": Text(422, 'what is sent is {{"token": "…"}}', 'ce qui s’envoie est {{"token": "…"}}'),
    "token_unwritable": Text(
        503,
        "the token cannot be kept: the state folder of the monitor cannot be written",
        "le jeton ne peut pas être gardé : le dossier d’état du moniteur ne peut pas être écrit",
    ),
    "no_proposal": Text(
        404,
        "these prices are not proposed any more: look again",
        "ces prix ne sont plus proposés : regardez à nouveau",
    ),
    "prices_unwritable": Text(
        503,
        "the prices cannot be kept: the state folder of the monitor cannot be written",
        "les prix ne peuvent pas être gardés : le dossier d’état du moniteur ne peut pas être écrit",
    ),
    "many_addresses": Text(422, "a test goes to {most} addresses at most", "un essai va à {most} adresses au plus"),
    "wrong_fields": Text(
        422, "nothing was saved: a field is to be corrected", "rien n’est enregistré : un champ est à corriger"
    ),
    "changed_meanwhile": Text(
        412,
        "nothing was saved: this was changed elsewhere meanwhile",
        "rien n’est enregistré : ceci a été modifié ailleurs entre-temps",
    ),
    "addresses_unwritable": Text(
        503,
        "the addresses cannot be saved: the log of the program says why",
        "les adresses ne peuvent pas être enregistrées : le journal du programme dit pourquoi",
    ),
    "no_right": Text(
        503,
        "nothing was saved: the monitor’s account in the database may not write settings yet; its check says which"
        " right is missing",
        "rien n’est enregistré : le compte de la page dans la base de données n’a pas encore le droit d’écrire"
        " les réglages ; son diagnostic dit quel droit manque",
    ),
    "no_tables": Text(
        503,
        "nothing was saved: the storer of this version has not made its tables yet; try again in a moment",
        "rien n’est enregistré : l’archiveur de cette version n’a pas encore créé ses tables ; réessayez dans un"
        " instant",
    ),
    # What the storer is asked to do.
    "no_kind": Text(
        422,
        "a request has a kind, one of {known}, and its arguments",
        "une demande a un « kind », parmi {known}, et ses arguments",
    ),
    "no_request": Text(404, "there is no such request", "cette demande n’existe pas"),
    "many_requests": Text(
        429,
        "too many requests wait already: cancel one, or try again later",
        "trop de demandes attendent déjà : annulez-en une, ou réessayez plus tard",
    ),
    "request_started": Text(
        409,
        "the request was started: its file is not changed any more",
        "la demande est lancée : son fichier ne change plus",
    ),
    "request_without_file": Text(409, "this kind of request has no file", "cette demande n’a pas de fichier"),
    "piece_missing": Text(
        409,
        "a piece of the file has not arrived: send it again",
        "un morceau du fichier n’est pas arrivé : renvoyez-le",
    ),
    "request_taken": Text(
        409, "it is too late: the request runs, or has ended", "trop tard : la demande est en cours, ou terminée"
    ),
    "deletion_without_password": Text(
        403,
        "a page without a password deletes nothing: give it one first",
        "une page sans mot de passe ne supprime rien : donnez-lui d’abord un mot de passe",
    ),
    "no_administrator": Text(
        403,
        "only an administrator of Home Assistant may do this",
        "seul un administrateur de Home Assistant peut faire cela",
    ),
    "no_home_assistant": Text(
        404,
        "no Home Assistant is configured: add home_assistant: {{url: …, token_file: …}} to monitor.yaml",
        "aucun Home Assistant n’est configuré : ajoutez home_assistant: {{url: …, token_file: …}} à monitor.yaml",
    ),
    "home_assistant": Text(503, "{problem}", "{problem}"),
    "no_series": Text(
        400,
        "which statistics, and as which registers? series is expected, a list of ID=LABEL",
        "quelles statistiques, et comme quels index ? series est attendu, une liste de ID=ÉTIQUETTE",
    ),
    "dashboard_unwritable": Text(
        503,
        "nothing was changed: what is there now cannot be kept ({reason})",
        "rien n’a été modifié : l’état actuel ne peut pas être gardé ({reason})",
    ),
    "no_json": Text(400, "the body is not JSON", "le contenu n’est pas du JSON"),
    "no_version_given": Text(
        428,
        "the header If-Match must say which version is changed",
        "l’en-tête If-Match doit dire quelle version est modifiée",
    ),
    "no_address": Text(404, "there is nothing at this address", "il n’y a rien à cette adresse"),
    "no_version": Text(404, "the interface begins with {begin}", "l’interface commence par {begin}"),
    "no_route": Text(
        404,
        "there is no {name!r} here: openapi.json lists what there is",
        "il n’y a pas de « {name} » ici : openapi.json donne la liste",
    ),
    "no_page": Text(
        404,
        "the files of the page are missing in this installation",
        "les fichiers de la page manquent dans cette installation",
    ),
    # The server.
    "database_away": Text(
        503,
        "the database does not answer ({where}); {check} shows what to do",
        "la base de données ne répond pas ({where}) ; {check} dit quoi faire",
    ),
    "database_silent": Text(
        503,
        "the database does not answer. Nothing is lost: try again in a moment",
        "la base de données ne répond pas. Rien n’est perdu : réessayez dans un instant",
    ),
    "database_refuses": Text(
        503,
        "the database refuses the query: `teleinfo-monitor check` says what to change",
        "la base de données refuse la requête : « teleinfo-monitor check » dit ce qu’il faut changer",
    ),
    "busy": Text(
        503,
        "too many requests are waiting for an answer. Try again in a moment",
        "trop de requêtes attendent une réponse. Réessayez dans un instant",
    ),
    "too_many_viewers": Text(
        503,
        "too many pages follow the live values: close some, or try again later",
        "trop de pages suivent le direct : fermez-en, ou réessayez plus tard",
    ),
    "failed": Text(
        500,
        "the program could not answer: its log says why",
        "le programme n’a pas pu répondre : son journal dit pourquoi",
    ),
    **REFUSALS,
}


class RequestError(ConfigError):
    """A question cannot be answered as it was asked; its own text is English."""

    def __init__(self, key: str, *, members: Mapping[str, Any] = MappingProxyType({}), **values: object) -> None:
        """Keep the reason, one of `TEXTS`.

        Args:
            key: of the reason.
            members: for programs: what else they need to know, as JSON.
            values: what its sentence shows; may be local days or times, and what is said in both languages.
        """
        self.key = key
        self.members = dict(members)
        self._values = values
        super().__init__(self.text("en"))

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TEXTS[self.key].status

    def text(self, language: str) -> str:
        """Return why, in a language."""
        values = {name: _shown(value, language) for name, value in self._values.items()}
        return str(getattr(TEXTS[self.key], language)).format(**values)

    def sentence(self, language: str) -> str:
        """Return why, as a sentence."""
        text = self.text(language)
        return f"{text[0].upper()}{text[1:]}."


def _shown(value: Any, language: str) -> object:
    if hasattr(value, "text"):
        return value.text(language)
    if not isinstance(value, date):
        return value
    day = value.strftime("%d/%m/%Y" if language == "fr" else "%Y-%m-%d")
    return f"{day} {value:%H:%M}" if isinstance(value, datetime) and value.time() != time() else day
