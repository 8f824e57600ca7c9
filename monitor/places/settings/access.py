"""The addresses of *Accès*: the password, sessions, tokens, accounts at the broker, and which broker that is."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from common.settings.fields import Problem
from common.settings.file_errors import reason
from monitor.base.answer import answer_type, one_of
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.settings import accounts, broker_choice
from monitor.places.settings.check import refused
from monitor.places.settings.deletion import administrators
from monitor.web import password, tokens
from monitor.web.greeting import is_for_this_machine
from monitor.web.route import Action, ActionRequest, Parameter, Sent

log = logging.getLogger(__name__)

_LONGEST_NAME = 40
_LONGEST_PASSWORD = 200
_ID = Parameter("id", "The id of the entry.", {"type": "string", "maxLength": 40})
_NAME = Parameter("name", "The name of the account.", {"type": "string", "maxLength": 40})


@answer_type
class OpenSession:
    """A browser that is logged in."""

    id: str
    browser: Annotated[str | None, "such as Firefox, Android; null: not known"]
    since: datetime
    seen: datetime
    own: Annotated[bool, "it is the one that asks"]


@answer_type
class KnownToken:
    """A token of a program, which itself is not kept."""

    id: str
    name: str
    since: datetime


@answer_type
class NewToken:
    """A token that was just made."""

    id: str
    name: str
    since: datetime
    token: Annotated[str, "for the header Authorization: Bearer …; it is shown once"]


@answer_type
class KnownAccount:
    """An account at the broker that the page made."""

    name: str
    role: Annotated[str, one_of(*accounts.ROLES)]


@answer_type
class NewAccount:
    """An account that was just made."""

    name: str
    role: Annotated[str, one_of(*accounts.ROLES)]
    password: Annotated[str, "it is shown once"]


@answer_type
class BrokerInUse:
    """The broker, as devices reach it."""

    fixed: Annotated[bool, "monitor.yaml names it"]
    may_choose: Annotated[bool, "the page may name another one"]
    may_add: Annotated[bool, "the page may make accounts"]
    host: Annotated[str | None, "null: it came along with this installation, and has its address"]
    port: Annotated[int | None, "null: devices do not reach it"]
    tls: bool
    username: Annotated[str | None, "of our programs, at a broker that is not ours"]


@answer_type
class Access:
    """The answer of `access`."""

    password: Annotated[str, one_of("set", "fixed", "none", "asked_elsewhere")]
    sessions: Annotated[Sequence[OpenSession], "the one that was used last first"]
    tokens: Sequence[KnownToken]
    accounts: Sequence[KnownAccount]
    broker: BrokerInUse
    listens: Annotated[str, "for whom the page is", one_of("machine", "network")]


def access(request: ActionRequest) -> Access:
    """Return who may enter, and how devices reach the broker."""
    credentials, config = request.credentials, request.config
    sessions = [] if credentials.sessions is None else credentials.sessions.all(credentials.clock())
    own = "" if credentials.sessions is None else credentials.sessions.id_of(request.caller.session)
    return Access(
        _password_state(request),
        [OpenSession(one.id, one.browser, _utc(one.since), _utc(one.seen), one.id == own) for one in sessions],
        [KnownToken(one.id, one.name, _utc(one.since)) for one in credentials.tokens.all()],
        [KnownAccount(one.name, one.role) for one in _accounts(config)],
        _broker(config),
        "machine" if is_for_this_machine(config.listen, os.environ) else "network",
    )


def _password_state(request: ActionRequest) -> str:
    if request.credentials.sessions is None or request.caller.ingress_user is not None:
        return "asked_elsewhere"
    if request.credentials.is_fixed:
        return "fixed"
    return "set" if request.credentials.line() else "none"


def _accounts(config: MonitorConfig) -> Sequence[accounts.BrokerAccount]:
    if config.own_broker is None or config.own_broker.accounts is None:
        return ()
    try:
        return accounts.read_accounts(config.own_broker.accounts)
    except (OSError, ValueError) as error:
        log.warning("own_broker.accounts: %s cannot be read: %s", config.own_broker.accounts, error)
        return ()


def _broker(config: MonitorConfig) -> BrokerInUse:
    own, used = config.own_broker, config.mqtt
    if own is None:
        host, port = (None, None) if used is None else (used.hosts[0], used.port)
        tls, name = used is not None and used.tls is not None, None if used is None else used.username
        return BrokerInUse(True, False, False, host, port, tls, name)
    chosen = broker_choice.read_choice(config.state) if own.choose else None
    if chosen is None:
        return BrokerInUse(False, own.choose, own.accounts is not None, None, own.port, own.tls, None)
    return BrokerInUse(False, True, False, chosen.hosts[0], chosen.port, chosen.tls is not None, chosen.username)


# Changes


def set_password(request: ActionRequest) -> Access:
    """Set the password; all other sessions end."""
    credentials, caller = request.credentials, request.caller
    state = _password_state(request)
    if state == "asked_elsewhere":
        raise RequestError("password_asked_elsewhere")
    if state == "fixed":
        raise RequestError("password_fixed", command=password.command())
    body = _body(request, {"password"}, {"current"})
    text, current = body["password"], body.get("current")
    if not isinstance(text, str) or not password.SHORTEST <= len(text) <= _LONGEST_PASSWORD or not text.isprintable():
        raise _wrong(
            request,
            "password",
            f"il faut une ligne de {password.SHORTEST} à {_LONGEST_PASSWORD} caractères",
            f"a line of {password.SHORTEST} to {_LONGEST_PASSWORD} characters is needed",
        )
    if state == "set" and not _is_current(request, current):
        raise _wrong(request, "current", "ce n’est pas le mot de passe actuel", "this is not the current password")
    _write("the password of the page", lambda: credentials.set_password(text, caller.session))
    log.info("The password of the page was set from %s", caller.address)
    return access(request)


def _is_current(request: ActionRequest, current: Any) -> bool:
    return isinstance(current, str) and request.credentials.is_password(current, request.caller.session)


def end_session(request: ActionRequest) -> Access:
    """End one session."""
    sessions = _guarded(request).credentials.sessions
    if sessions is None or not sessions.end_id(request.parameters["id"]):
        raise RequestError("no_entry")
    log.info("A session was ended from %s", request.caller.address)
    sessions.save()
    return access(request)


def end_other_sessions(request: ActionRequest) -> Access:
    """End all sessions but the one that asks."""
    sessions = _guarded(request).credentials.sessions
    if sessions is not None:
        log.info("%d sessions were ended from %s", sessions.end_all(request.caller.session), request.caller.address)
        sessions.save()
    return access(request)


def make_token(request: ActionRequest) -> NewToken:
    """Make a token for a program."""
    credentials = _guarded(request).credentials
    if credentials.sessions is None:
        raise RequestError("tokens_without_password")
    name = _body(request, {"name"})["name"]
    known = credentials.tokens.all()
    if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        text = f"1 à {_LONGEST_NAME} caractères sont attendus", f"1 to {_LONGEST_NAME} characters are expected"
        raise _wrong(request, "name", *text)
    if name.strip() in (one.name for one in known):
        raise _wrong(request, "name", "ce nom est déjà pris", "this name is taken")
    if len(known) >= tokens.MOST:
        raise _wrong(request, "name", f"au plus {tokens.MOST} jetons", f"at most {tokens.MOST} tokens")
    made, text = _write("tokens", lambda: credentials.tokens.add(name.strip(), credentials.clock()))
    log.info("Token %s (%s) was made from %s", made.id, made.name, request.caller.address)
    return NewToken(made.id, made.name, _utc(made.since), text)


def revoke_token(request: ActionRequest) -> Access:
    """Revoke a token; whoever uses it is refused from now on."""
    credentials = _guarded(request).credentials
    found = _write("tokens", lambda: credentials.tokens.remove(request.parameters["id"]))
    if found is None:
        raise RequestError("no_entry")
    log.info("Token %s (%s) was revoked from %s", found.id, found.name, request.caller.address)
    return access(request)


def make_account(request: ActionRequest) -> NewAccount:
    """Make an account at our broker."""
    file = _accounts_file(request)
    if not _broker(request.config).may_add:
        raise RequestError("no_accounts")
    body = _body(request, {"name", "role"})
    name, known = body["name"], _write("accounts", lambda: accounts.read_accounts(file))
    if body["role"] not in accounts.ROLES:
        roles = ", ".join(accounts.ROLES)
        raise _wrong(request, "role", f"un choix parmi {roles} est attendu", f"one of {roles} is expected")
    if problem := _wrong_name(name, known):
        raise refused([problem], request.language)
    made, text = accounts.new_account(name, body["role"])
    _write("accounts", lambda: accounts.write_accounts(file, [*known, made]))
    log.info("The account %s (%s) at the broker was made from %s", made.name, made.role, request.caller.address)
    return NewAccount(made.name, made.role, text)


def _wrong_name(name: Any, known: Sequence[accounts.BrokerAccount]) -> Problem | None:
    if not isinstance(name, str) or not accounts.is_name(name):
        return Problem(
            "name",
            "des lettres sans accent, des chiffres et « - », tel que solaire",
            "small letters, digits and '-' are expected, such as inverter",
        )
    if accounts.is_reserved(name) or name in (one.name for one in known):
        return Problem("name", "ce nom est déjà pris", "this name is taken")
    if len(known) >= accounts.MOST:
        return Problem("name", f"au plus {accounts.MOST} comptes", f"at most {accounts.MOST} accounts")
    return None


def remove_account(request: ActionRequest) -> Access:
    """Remove an account at our broker."""
    file = _accounts_file(request)
    known = _write("accounts", lambda: accounts.read_accounts(file))
    left = [one for one in known if one.name != request.parameters["name"]]
    if len(left) == len(known):
        raise RequestError("no_entry")
    _write("accounts", lambda: accounts.write_accounts(file, left))
    log.info("The account %s at the broker was removed from %s", request.parameters["name"], request.caller.address)
    return access(request)


def _accounts_file(request: ActionRequest) -> Path:
    own = _guarded(request).config.own_broker
    if own is None or own.accounts is None:
        raise RequestError("no_accounts")
    return own.accounts


def choose_broker(request: ActionRequest) -> Access:
    """Use another broker, which is tried first, or ours again."""
    own, state = _guarded(request).config.own_broker, request.config.state
    if own is None or not own.choose:
        raise RequestError("broker_fixed")
    broker, problems = broker_choice.read_sent(request.body)
    if broker is not None and (problem := broker_choice.refusal(broker)) is not None:
        problems = [problem]
    if problems:
        raise refused(problems, request.language)
    _write(broker_choice.NAME, lambda: broker_choice.write_choice(state, broker))
    where = "the one that came along" if broker is None else broker.address
    log.info("The broker is now %s, as %s asked", where, request.caller.address)
    return access(request)


# What is common


def _guarded(request: ActionRequest) -> ActionRequest:
    """Refuse who may not change who enters: with `auth: none` whoever reaches the page, else users of Home Assistant.

    Raises:
        RequestError: it is refused.
    """
    if request.caller.ingress_user is not None:
        if request.caller.ingress_user not in administrators(request.config):
            raise RequestError("access_no_administrator")
    elif not request.caller.is_guarded:
        raise RequestError("access_without_password")
    return request


def _body(request: ActionRequest, needed: set[str], more: set[str] = frozenset()) -> Mapping[str, Any]:  # type: ignore[assignment]
    body = request.body
    if not isinstance(body, dict) or not needed <= body.keys() <= needed | more:
        raise RequestError("wrong_body", keys=", ".join(sorted(needed | more)))
    return body


def _wrong(request: ActionRequest, at: str, fr: str, en: str) -> RequestError:
    return refused([Problem(at, fr, en)], request.language)


def _write(what: str, write: Callable[[], Any]) -> Any:
    """Read or write one of the files; if that fails, nothing was saved."""
    try:
        return write()
    except (OSError, ValueError) as error:
        log.warning("access: %s cannot be written: %s", what, reason(error))
        raise RequestError("access_unwritable") from None


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(int(moment), UTC)


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    needed = [name for name in properties if name != "current"]
    return {"type": "object", "required": needed, "properties": properties, "additionalProperties": False}


_TEXT = {"type": "string"}
_BROKER = {
    "type": "object",
    "required": ["host"],
    "properties": {
        "host": {"type": ["string", "null"], "description": "null: the broker that came along"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "username": {"type": ["string", "null"]},
        "password": {"type": ["string", "null"]},
        "tls": {"type": "boolean"},
    },
    "additionalProperties": False,
}


def _action(method: str, name: str, text: str, answer: Callable[[ActionRequest], Any], **more: Any) -> Action:
    """Return an action that needs no database: a password can be set before there is one."""
    sent = Sent.JSON if "body" in more else None
    return Action(method=method, name=name, text=text, answer=answer, needs_database=False, sent=sent, **more)


ACTIONS: Sequence[Action] = (
    _action("GET", "access", "Who may enter, and how devices reach the broker.", access),
    _action(
        "PUT", "access/password", "Sets the password of the page; other sessions end.", set_password,
        body=_object(password=_TEXT, current={"type": ["string", "null"]}),
    ),
    _action("DELETE", "access/sessions", "Ends all sessions but the one that asks.", end_other_sessions),
    _action("DELETE", "access/sessions/{id}", "Ends a session.", end_session, parameters=(_ID,)),
    _action(
        "POST", "access/tokens", "Makes a token, which opens every GET of the API.", make_token,
        body=_object(name=_TEXT), status=201,
    ),
    _action("DELETE", "access/tokens/{id}", "Revokes a token.", revoke_token, parameters=(_ID,)),
    _action(
        "POST", "access/accounts", "Makes an account at our broker.", make_account,
        body=_object(name={"type": "string", "pattern": f"^{accounts.NAME}$"}, role={"enum": list(accounts.ROLES)}),
        status=201,
    ),
    _action(
        "DELETE", "access/accounts/{name}", "Removes an account at our broker.", remove_account,
        parameters=(_NAME,),
    ),
    _action("PUT", "access/broker", "Uses another broker, or ours again.", choose_broker, body=_BROKER),
)  # fmt: skip
