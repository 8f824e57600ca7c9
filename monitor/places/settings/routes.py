"""The addresses of settings and requests: what is asked, checked, saved, and left to the storer."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from common.contract.requests import DELETING, KINDS
from common.contract.retention import RETENTION, Retention, keeps_less
from common.database.mariadb import Connection
from common.errors import PermanentError
from common.settings.fields import SectionError
from common.settings.file_errors import reason
from monitor.base import storer_requests as requests
from monitor.base.answer import INLINE, answer_type
from monitor.base.request_errors import RequestError
from monitor.base.storer_requests import LONGEST_PIECE, MOST_PIECES, Requests, StorerRequest
from monitor.money.sections import SECTIONS
from monitor.places.settings import home_assistant, imports, save
from monitor.places.settings.check import checked, refused, value_in
from monitor.places.settings.deletion import check_may_delete
from monitor.places.settings.save import SavedSection
from monitor.places.settings.try_addresses import TRY_ADDRESSES
from monitor.places.settings.try_out import Effect, effect
from monitor.web.parameters import choice
from monitor.web.route import Action, ActionRequest, ApiRequest, Parameter, Route, Sent

log = logging.getLogger(__name__)

_DENIED, _NO_TABLE = "(1142)", "(1146)"  # numbers of the server's errors
_SECTION = choice("section", "One of the sections.", list(SECTIONS))
_ID = Parameter("id", "The number of the request.", {"type": "integer", "minimum": 1, "maximum": 4_000_000_000})
_PIECE = Parameter(
    "piece", "Which one: 0 and on.", {"type": "integer", "minimum": 0, "maximum": MOST_PIECES - 1, "default": 0}
)


@answer_type
class Checked:
    """The answer to a check that found nothing wrong."""

    value: Annotated[Any, "what would be saved"]
    effect: Annotated[Effect, INLINE]


@dataclass(frozen=True, slots=True)
class Saved:
    """A section that was saved."""

    section: Annotated[SavedSection, INLINE]
    effect: Annotated[Effect, INLINE]


def all_sections(request: ApiRequest) -> Mapping[str, SavedSection]:
    """Return all sections, by name."""
    return save.present(request.home.connection, request.config.state)


def forms(request: ApiRequest) -> Mapping[str, Any]:
    """Return what a form asks of each section, by name."""
    return {name: section.form(request.language) for name, section in SECTIONS.items()}


def one_section(request: ApiRequest) -> SavedSection:
    """Return one section."""
    return save.present(request.home.connection, request.config.state)[request.parameters["section"]]


def save_section(request: ActionRequest) -> Saved:
    """Save one section."""
    section, state, version = SECTIONS[request.parameters["section"]], request.config.state, request.version or 0
    with _writing(request) as connection:
        request.household.refresh(connection)
        now = save.present(connection, state)[section.name]
        if now.version != version:
            raise _changed(now)
        typed, tried = checked(request, section)
        found = effect(request, section, typed, tried)
        if section is RETENTION and keeps_less(typed, request.household.values().get(section.name, Retention())):
            check_may_delete(request.caller, request.config)
        try:
            save.save(connection, state, section.name, value_in(request.body), version)
        except save.ChangedMeanwhile:
            raise _changed(save.present(connection, state)[section.name]) from None
        except OSError as error:
            log.warning("settings: %s cannot be saved: %s", section.name, reason(error))
            raise RequestError("addresses_unwritable") from None
        log.info("Settings: saved %s, version %d", section.name, version + 1)
        request.household.refresh(connection)  # the next answer is made with it
        return Saved(save.present(connection, state)[section.name], found)


def _changed(now: SavedSection) -> RequestError:
    return RequestError("changed_meanwhile", members={"value": now.value, "version": now.version})


@contextmanager
def _writing(request: ActionRequest) -> Iterator[Connection]:
    """Open a connection that may write; what it lacks for that is said in words."""
    with closing(request.connect()) as connection:
        try:
            yield connection
        except PermanentError as error:
            if _NO_TABLE in str(error):
                raise RequestError("no_tables") from error
            if _DENIED in str(error):
                log.warning("settings: %s", error)
                raise RequestError("no_right") from error
            raise


def check_section(request: ActionRequest) -> Checked:
    """Say what is wrong with a section, and save nothing."""
    section = SECTIONS[request.parameters["section"]]
    found = effect(request, section, *checked(request, section))
    return Checked(None if section.secret else value_in(request.body), found)


def all_requests(request: ApiRequest) -> Requests:
    """Return the newest requests."""
    return requests.all_requests(request.home.connection, request.language)


def one_request(request: ApiRequest) -> StorerRequest:
    """Return one request."""
    return requests.one_request(request.home.connection, request.parameters["id"], request.language)


def make_request(request: ActionRequest) -> StorerRequest:
    """Note a request."""
    body = request.body
    if (
        not isinstance(body, dict)
        or not {"kind"} <= body.keys() <= {"kind", "arguments"}
        or str(body["kind"]) not in KINDS
    ):
        raise RequestError("no_kind", known=", ".join(KINDS))
    kind, arguments = body["kind"], body.get("arguments", {})
    try:
        KINDS[kind].read(arguments)
    except SectionError as error:
        raise refused(error.problems, request.language) from error
    _check_may(request, kind)
    with _writing(request) as connection:
        return _answer(request, connection, requests.make(connection, kind, arguments))


def put_piece(request: ActionRequest) -> StorerRequest:
    """Keep a piece of the file of a request."""
    with _writing(request) as connection:
        requests.put_piece(connection, request.parameters["id"], request.parameters["piece"], request.body)
        return _answer(request, connection)


def start_request(request: ActionRequest) -> StorerRequest:
    """Let the storer take a request."""
    with _writing(request) as connection:
        _check_may(request, requests.kind_of(connection, request.parameters["id"]))
        requests.start(connection, request.parameters["id"])
        return _answer(request, connection)


def cancel_request(request: ActionRequest) -> StorerRequest:
    """Cancel a request that waits."""
    with _writing(request) as connection:
        requests.cancel(connection, request.parameters["id"])
        return _answer(request, connection)


def _check_may(request: ActionRequest, kind: str) -> None:
    if kind in DELETING:
        check_may_delete(request.caller, request.config)


def _answer(request: ActionRequest, connection: Connection, number: int | None = None) -> StorerRequest:
    return requests.one_request(connection, number or request.parameters["id"], request.language)


def _version(answer: SavedSection) -> int:
    return answer.version


def _version_saved(answer: Saved) -> int:
    return answer.section.version


_VALUE = {
    "type": "object",
    "required": ["value"],
    "properties": {"value": {"anyOf": [section.schema() for section in SECTIONS.values()]}},
    "additionalProperties": False,
}
_REQUEST = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS)},
        "arguments": {"anyOf": [{**section.schema(), "title": kind} for kind, section in KINDS.items()]},
    },
    "additionalProperties": False,
}
ROUTES: Sequence[Route] = (
    Route("settings", "All sections of the settings, by name.", (), all_sections),
    Route("settings/fields", "What a form asks of each section, by name.", (), forms),
    Route("settings/{section}", "One section of the settings.", (_SECTION,), one_section, version=_version),
    Route("requests", "What the storer was asked to do, the newest first.", (), all_requests),
    Route("requests/{id}", "One request.", (_ID,), one_request),
    *imports.ROUTES,
    *home_assistant.ROUTES,
)
ACTIONS: Sequence[Action] = (
    Action(
        method="PUT", name="settings/{section}", text="Saves a section.", answer=save_section, parameters=(_SECTION,),
        sent=Sent.JSON, body=_VALUE, needs_version=True, version=_version_saved,
    ),
    Action(
        method="POST", name="settings/{section}/check", text="Checks a section, and saves nothing.",
        answer=check_section, parameters=(_SECTION,), sent=Sent.JSON, body=_VALUE,
    ),
    Action(
        method="POST", name="requests", text="Notes a request, which waits until it is started.", answer=make_request,
        sent=Sent.JSON, body=_REQUEST, status=201,
    ),
    Action(
        method="PUT", name="requests/{id}/body", text="Sends a piece of the file of a request.", answer=put_piece,
        parameters=(_ID, _PIECE), sent=Sent.BYTES, body={"type": "string", "format": "binary"}, longest=LONGEST_PIECE,
    ),
    Action(
        method="POST", name="requests/{id}/start",
        text="Lets the storer take a request: at once, or in an hour if it deletes.", answer=start_request,
        parameters=(_ID,), status=202,
    ),
    Action(
        method="DELETE", name="requests/{id}", text="Cancels a request that waits.", answer=cancel_request,
        parameters=(_ID,),
    ),
    TRY_ADDRESSES,
    *home_assistant.ACTIONS,
)  # fmt: skip
