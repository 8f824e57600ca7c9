"""The addresses of Home Assistant: what others counted there before, and the Energy dashboard.

The token stays where it is: the browser gets names and sums only.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Annotated

from common.contract.requests import KINDS
from common.settings.fields import SectionError
from common.settings.file_errors import reason
from monitor.base import storer_requests as requests
from monitor.base.answer import answer_type
from monitor.base.calendar import Calendar
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.base.storer_requests import LONGEST_PIECE, StorerRequest
from monitor.home_assistant.access import OLDEST_TO_READ, connected
from monitor.home_assistant.energy_dashboard import EnergyDashboard, Entry
from monitor.home_assistant.past import Past
from monitor.home_assistant.recorder import Commands
from monitor.home_assistant.texts import StatisticsError
from monitor.places.settings.check import refused
from monitor.places.settings.deletion import administrators
from monitor.web.route import Action, ActionRequest, ApiRequest, Route, Sent

_NAME = "Home Assistant"  # of the import
_SERIES = re.compile(r"[^=]{1,255}=[A-Z0-9]{3,10}")


@answer_type
class HomeAssistantAccess:
    """The answer of `home-assistant`."""

    configured: Annotated[bool, "there is an address and a way to log in; nothing is asked"]


@answer_type
class CountedThere:
    """A statistic of Home Assistant that is not ours."""

    id: str
    name: str
    origin: Annotated[str, "the integration that counts it"]
    unit: str
    start: Annotated[datetime, "the month of its first hour"]
    end: Annotated[datetime, "the end of the month of its last hour"]
    wh: int
    register: Annotated[str | None, "the label that its name lets expect"]


@answer_type
class StatisticsThere:
    """The answer of `home-assistant/statistics`."""

    statistics: Annotated[Sequence[CountedThere], "what is likely to be of a meter first"]


@answer_type
class DashboardEntry:
    """A register as the Energy dashboard counts it."""

    statistic: str
    name: str
    exported: bool
    cost: Annotated[str | None, "the statistic of its cost, or the entity of the price; null: without cost"]


@answer_type
class Dashboard:
    """The answer of `home-assistant/energy`."""

    missing: Annotated[Sequence[DashboardEntry], "what would be added"]
    present: Annotated[Sequence[DashboardEntry], "what is there already"]
    others: Annotated[Sequence[str], "what else counts as drawn from the grid: maybe the same energy"]
    can_undo: Annotated[bool, "something was added from here"]


@contextmanager
def _asked(config: MonitorConfig) -> Iterator[Commands]:
    """Connect; say in words why something is impossible."""
    if config.home_assistant.url is None:
        raise RequestError("no_home_assistant")
    try:
        with connected(config.home_assistant, OLDEST_TO_READ) as commands:
            yield commands
    except StatisticsError as error:
        raise RequestError("home_assistant", problem=error) from error


def access(request: ApiRequest) -> HomeAssistantAccess:
    """Return whether Home Assistant is configured."""
    return HomeAssistantAccess(request.config.home_assistant.url is not None)


def statistics(request: ApiRequest) -> StatisticsThere:
    """Return what others counted."""
    with _asked(request.config) as commands:
        found = Past(commands, Calendar(request.config.time_zone), request.now).list()
    return StatisticsThere(
        [
            CountedThere(one.id, one.name, one.origin, one.unit, one.start, one.end, one.wh, one.register)
            for one in found
        ]
    )


def take_over(request: ActionRequest) -> StorerRequest:
    """Read the hours of the chosen statistics, and let the storer import them, or say what would be new."""
    series, arguments = _series(request)
    with _asked(request.config) as commands:
        names = [one.rpartition("=")[0] for one in series]
        content = Past(commands, Calendar(request.config.time_zone), request.now).document(names)
    with closing(request.connect()) as connection:
        number = requests.make(connection, "import", arguments)
        for piece, start in enumerate(range(0, len(content), LONGEST_PIECE)):
            requests.put_piece(connection, number, piece, content[start : start + LONGEST_PIECE])
        requests.start(connection, number)
        return requests.one_request(connection, number, request.language)


def _series(request: ActionRequest) -> tuple[list[str], dict[str, object]]:
    body = request.body
    if not isinstance(body, dict) or not {"series"} <= body.keys() <= {"series", "meter", "dry_run"}:
        raise RequestError("no_series")
    series = body["series"]
    if not isinstance(series, list) or not series:
        raise RequestError("no_series")
    if not all(isinstance(one, str) and _SERIES.fullmatch(one) for one in series):
        raise RequestError("no_series")
    arguments = {"name": _NAME, "kind": "home-assistant", **body}
    try:
        KINDS["import"].read(arguments)
    except SectionError as error:
        raise refused(error.problems, request.language) from error
    return series, arguments


def energy(request: ApiRequest) -> Dashboard:
    """Return what the Energy dashboard has, and could have."""
    with _asked(request.config) as commands:
        return _looked(_dashboard(commands, request))


def add_energy(request: ActionRequest) -> Dashboard:
    """Add to the Energy dashboard what is missing."""
    _check_may(request)
    with _asked(request.config) as commands:
        dashboard = _dashboard(commands, request)
        try:
            dashboard.add()
        except OSError as error:
            raise RequestError("dashboard_unwritable", reason=reason(error)) from error
        return _looked(dashboard)


def remove_energy(request: ActionRequest) -> Dashboard:
    """Take out of the Energy dashboard what was added from here."""
    _check_may(request)
    with _asked(request.config) as commands:
        dashboard = _dashboard(commands, request)
        dashboard.undo()
        return _looked(dashboard)


def _check_may(request: ActionRequest) -> None:
    """Refuse a user of Home Assistant who could not do it there."""
    user = request.caller.ingress_user
    if user is not None and user not in administrators(request.config):
        raise RequestError("no_administrator")


def _dashboard(commands: Commands, request: ApiRequest | ActionRequest) -> EnergyDashboard:
    meters = [part.identifier for house in request.home.meters() for part in house.parts]
    return EnergyDashboard(commands, meters, request.config.state, request.now)


def _looked(dashboard: EnergyDashboard) -> Dashboard:
    look = dashboard.look()
    return Dashboard([*map(_entry, look.missing)], [*map(_entry, look.present)], look.others, look.can_undo)


def _entry(one: Entry) -> DashboardEntry:
    return DashboardEntry(one.statistic, one.name, one.exported, one.cost or one.price)


_IMPORT = {
    "type": "object",
    "required": ["series"],
    "properties": {
        "series": {"type": "array", "items": {"type": "string"}, "description": "ID=LABEL for each"},
        "meter": {"type": ["string", "null"]},
        "dry_run": {"type": "boolean"},
    },
    "additionalProperties": False,
}
ROUTES: Sequence[Route] = (
    Route("home-assistant", "Whether Home Assistant can be asked.", (), access),
    Route("home-assistant/statistics", "What others counted in Home Assistant.", (), statistics),
    Route("home-assistant/energy", "The Energy dashboard of Home Assistant.", (), energy),
)
ACTIONS: Sequence[Action] = (
    Action(
        method="POST", name="home-assistant/import", answer=take_over, sent=Sent.JSON, body=_IMPORT, status=202,
        text="Takes over what others counted in Home Assistant, as a request to the storer.",
    ),
    Action(
        method="POST", name="home-assistant/energy", answer=add_energy,
        text="Adds our registers to the Energy dashboard of Home Assistant.",
    ),
    Action(
        method="DELETE", name="home-assistant/energy", answer=remove_energy,
        text="Takes out of the Energy dashboard what was added from here.",
    ),
)  # fmt: skip
