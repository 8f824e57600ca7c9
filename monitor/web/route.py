"""What a route of the API is given. Nothing of the web is known here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, ClassVar

from common.database.mariadb import Connection
from monitor.base.answer import More
from monitor.base.config import AppFile, MonitorConfig
from monitor.base.ranges import Range, check_length
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.money.current import CurrentHousehold
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.web.credentials import Caller, Credentials
from monitor.web.typed import Schema, answer_schema

_HOUR = timedelta(hours=1)
LONGEST_JSON = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route, for its check and for the OpenAPI document."""

    name: str
    text: str
    schema: Mapping[str, Any]  # JSON Schema of its value; an array is written with commas


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One question to a route that reads the database."""

    home: Home  # on a connection that nobody else uses now
    parameters: Mapping[str, Any]  # as `read_parameters` returns them, without the range
    range: Range
    now: datetime
    live: Live
    language: str = "fr"

    @property
    def config(self) -> MonitorConfig:
        """The configuration, with the household's settings."""
        return self.home.config

    def meter(self) -> Meter:
        """Return the meter that is asked about.

        Raises:
            RequestError: it is unknown, or there are several and none is named.
        """
        meters, identifier = self.home.meters(), self.parameters.get("meter")
        found = [meter for meter in meters if identifier is None or meter.has(identifier)]
        if len(found) == 1:
            return found[0]
        if not meters:
            raise RequestError("no_readings")
        known = [meter.identifier for meter in meters]
        if identifier is None:
            raise RequestError("meter_needed", known=", ".join(known), members={"meters": known})
        raise RequestError("unknown_meter", meter=identifier, known=", ".join(known))

    def given_range(self, longest: timedelta) -> tuple[datetime, datetime]:
        """Return the range, which has no default.

        Raises:
            RequestError: it is not given, or too long.
        """
        low, high = self.range.low, self.range.high
        if low is None or high is None:
            raise RequestError("no_range")
        check_length(low, high, longest)
        return low, high

    def known_range(self, meter: Meter, longest: timedelta) -> tuple[datetime, datetime] | None:
        """Return the range, which by default begins with the first energy that is known, and ends now.

        A default is not longer than `longest`. None: nothing is known of the range.

        Raises:
            RequestError: it is too long.
        """
        low, high = self.range.low, self.range.high
        if low is None or high is None:
            first = self.home.first(meter)
            if first is None:
                return None
            high = high or max(self.now, first + _HOUR)
            low = low or max(first, high - longest)
            if low >= high:
                return None
        check_length(low, high, longest)
        return low, high


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """One question to a route that needs no connection to the database: it answers while the database is away."""

    live: Live
    parameters: Mapping[str, Any]
    now: datetime
    app: AppFile | None = None


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One change that is asked for."""

    home: Home  # on a connection that can only read
    connect: Callable[[], Connection]  # opens one that may write what is the page's
    config: MonitorConfig
    household: CurrentHousehold
    parameters: Mapping[str, Any]
    body: Any  # as the action takes it: JSON, bytes or None
    version: int | None  # of `If-Match`
    caller: Caller
    credentials: Credentials
    now: datetime
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Body:
    """An answer that is no JSON."""

    content: bytes
    kind: str  # the media type
    file: str  # the name under which a browser saves it


#: What a route that answers no JSON returns.
File = Annotated[Body, More(type="string")]


@dataclass(frozen=True, slots=True)
class Route:
    """A route below `api/v1/`.

    `answer` returns a dataclass (`monitor/base/answer.py`), or a Body; the type that it says it returns describes it in
    the OpenAPI document. It raises RequestError for a question that cannot be answered, and the
    errors of the database as they are; `without_database` then answers instead, if the route has it.
    """

    name: str
    text: str
    parameters: Sequence[Parameter]
    answer: Callable[[ApiRequest], Any]
    without_database: "Callable[[LiveRequest], Any] | None" = None
    version: Callable[[Any], int] | None = None  # of an answer, which a change must name; it is its entity tag
    method: ClassVar = "GET"
    status: ClassVar = 200

    @property
    def schema(self) -> Schema:
        """The JSON Schema of the answer: of what `answer` says that it returns."""
        return answer_schema(self.answer)


@dataclass(frozen=True, slots=True)
class LiveRoute:
    """A route that answers from memory, without a connection to the database; it raises only RequestError."""

    name: str
    text: str
    parameters: Sequence[Parameter]
    answer: Callable[[LiveRequest], Any]
    version: ClassVar = None
    method: ClassVar = "GET"
    status: ClassVar = 200

    @property
    def schema(self) -> Schema:
        """The JSON Schema of the answer."""
        return answer_schema(self.answer)


class Sent(Enum):
    """What an action takes: JSON, or bytes as they are."""

    JSON = "application/json"
    BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A change below `api/v1/`, or a question whose answer depends on who asks.

    A name in braces is a parameter: `settings/{section}`.

    `answer` raises RequestError for a change that is refused, and the errors of the database as they are.
    """

    method: str  # PUT, POST, DELETE or GET
    name: str
    text: str
    answer: Callable[[ActionRequest], Any]
    parameters: Sequence[Parameter] = ()
    sent: Sent | None = None  # None: no body
    body: Schema = field(default_factory=dict)  # of what is sent
    longest: int = LONGEST_JSON  # bytes of it
    needs_database: bool = True
    needs_version: bool = False  # `If-Match` names what is changed
    version: Callable[[Any], int] | None = None
    status: int = 200
    is_slow: bool = False  # it waits for another service: changes do not wait for it

    @property
    def schema(self) -> Schema:
        """The JSON Schema of the answer."""
        return answer_schema(self.answer)
