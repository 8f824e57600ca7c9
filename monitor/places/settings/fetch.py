"""The addresses of what is fetched: what came of it, to try it now, and the token of Conso API."""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from common.settings.file_errors import reason
from monitor.base.answer import answer_type
from monitor.base.fetch_settings import FETCH
from monitor.base.places import TOWNS
from monitor.base.request_errors import RequestError
from monitor.fetch.providers import of_switch
from monitor.fetch.runner import Fetcher, is_running
from monitor.fetch.state import keep_token, read_state, read_token
from monitor.places.settings.fetch_prices import proposals
from monitor.web.route import Action, ActionRequest, ApiRequest, Parameter, Route, Sent

log = logging.getLogger(__name__)

_SWITCHES = tuple(FETCH.default)
_NAME = Parameter("name", "The switch.", {"type": "string", "enum": list(_SWITCHES)})
_PATIENCE = 20.0  # seconds that a press waits; what takes longer goes on
_LONGEST_TOKEN = 4000


@answer_type
class Fetched:
    """What is known of a switch."""

    name: Annotated[str, "a field of the section fetch"]
    on: bool
    hosts: Annotated[Sequence[str], "all that are asked"]
    running: Annotated[bool, "it is being asked, because somebody wanted it now"]
    asked_at: datetime | None
    worked_at: datetime | None
    said: Annotated[str | None, "what came then, in the language asked for"]
    failed_at: Annotated[datetime | None, "null: the last attempt worked, or there was none"]
    problem: Annotated[str | None, "why it failed, and what to do"]
    next_at: Annotated[datetime | None, "when it is asked again; null: it is off, new, or its token was refused"]
    has_token: Annotated[bool, "of enedis: a token is kept"]
    offers: Annotated[Any, "what is proposed; null: nothing"]


@answer_type
class AllFetched:
    """The answer of `fetch`."""

    providers: Annotated[Sequence[Fetched], "in the order of the section"]
    places: Annotated[Sequence[str], "prefectures, of which temperatures are known"]


def answer(request: ApiRequest) -> AllFetched:
    """Return what is known of all switches."""
    return AllFetched([_one(request, name) for name in _SWITCHES], list(TOWNS))


def try_now(request: ActionRequest) -> Fetched:
    """Ask the services of a switch now, and wait for what comes."""
    name = request.parameters["name"]
    deadline = time.monotonic() + _PATIENCE
    for thread in Fetcher(request.household, request.connect).start(name):
        thread.join(max(0.0, deadline - time.monotonic()))
    return _one(request, name)


def put_token(request: ActionRequest) -> Fetched:
    """Keep a token of Conso API."""
    body = request.body
    token = body.get("token") if isinstance(body, dict) and set(body) == {"token"} else None
    if not isinstance(token, str) or not token.strip() or len(token) > _LONGEST_TOKEN:
        raise RequestError("no_service_token")
    return _with_token(request, token.strip())


def delete_token(request: ActionRequest) -> Fetched:
    """Forget it."""
    return _with_token(request, None)


def _with_token(request: ActionRequest, token: str | None) -> Fetched:
    try:
        keep_token(request.config.state, token)
    except OSError as error:
        log.warning("fetch: the token cannot be kept: %s", reason(error))
        raise RequestError("token_unwritable") from None
    log.info("Settings: the token of Conso API was %s", "removed" if token is None else "set")
    return _one(request, "enedis")


def _one(request: ApiRequest | ActionRequest, name: str) -> Fetched:
    config = request.config
    providers, state = of_switch(name), read_state(config.state)
    known = [state.of(key) for key in providers]
    worked = [one for one in known if one.worked_at is not None]
    failed = [one for one in known if one.failed_at is not None]
    said = dict.fromkeys(one.fr if request.language == "fr" else one.en for one in worked)
    problems = dict.fromkeys(one.problem_fr if request.language == "fr" else one.problem_en for one in failed)
    is_on = config.household.fetch.is_on(name)
    return Fetched(
        name=name,
        on=is_on,
        hosts=list(dict.fromkeys(host for one in providers.values() for host in one.hosts)),
        running=is_running(name),
        asked_at=_utc(one.asked_at for one in known),
        worked_at=_utc(one.worked_at for one in known),
        said=" ".join(said).strip() or None,
        failed_at=_utc(one.failed_at for one in known),
        problem=" ".join(problems) or None,
        next_at=_utc([min((one.next_at for one in known if one.next_at is not None), default=None)]) if is_on else None,
        has_token=name == "enedis" and read_token(config.state) is not None,
        offers=proposals(request, name),
    )


def _utc(moments: Iterable[float | None]) -> datetime | None:
    """Return the latest."""
    latest = max((moment for moment in moments if moment is not None), default=None)
    return None if latest is None else datetime.fromtimestamp(int(latest), UTC)


_TOKEN = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": {"type": "string", "maxLength": _LONGEST_TOKEN}},
    "additionalProperties": False,
}

ROUTE = Route("fetch", "What is fetched from services outside, and what came of it.", (), answer)
ACTIONS: Sequence[Action] = (
    Action(
        method="POST", name="fetch/{name}/try", text="Asks the services of a switch now, even if it is off.",
        answer=try_now, parameters=(_NAME,), is_slow=True,
    ),
    Action(
        method="PUT", name="fetch/enedis/token", text="Keeps the token of Conso API.", answer=put_token,
        sent=Sent.JSON, body=_TOKEN, needs_database=False,
    ),
    Action(
        method="DELETE", name="fetch/enedis/token", text="Forgets the token of Conso API.", answer=delete_token,
        needs_database=False,
    ),
)  # fmt: skip
