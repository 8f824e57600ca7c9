"""What a route of the API is given, and how it refuses. Nothing of the web is known here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.answers.answers import Answers
from monitor.config import MonitorConfig
from monitor.live.live import Live


class Refused(Exception):
    """The question cannot be answered as it was asked."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        """Keep the HTTP status and, for people, what to change; `more` is for programs, as RFC 9457 allows."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route, for its check and for the OpenAPI document."""

    name: str
    text: str
    schema: Mapping[str, Any]  # JSON Schema of its value
    required: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a route that reads the database."""

    answers: Answers  # on a connection that nobody else uses now
    config: MonitorConfig
    parameters: Mapping[str, str]  # those of the route only, each once
    now: datetime
    live: Live | None = None  # None in tests only


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One question to a route that needs no connection to the database: it answers while the database is away."""

    live: Live
    parameters: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Body:
    """An answer that is no JSON."""

    content: bytes
    kind: str  # the media type
    file: str  # the name under which a browser saves it


@dataclass(frozen=True, slots=True)
class Route:
    """A route below `api/v1/`.

    `answer` returns what JSON can hold, or a Body. It raises Refused for a question that cannot be answered, and the
    errors of the database as they are; `without_database` then answers instead, if the route has it.
    """

    name: str
    text: str
    parameters: Sequence[Parameter]
    answer: Callable[[Call], Any]
    schema: Mapping[str, Any]  # JSON Schema of the answer
    without_database: "Callable[[LiveCall], Any] | None" = None


@dataclass(frozen=True, slots=True)
class LiveRoute:
    """A route that answers from memory: it is called without a connection to the database, and raises only Refused."""

    name: str
    text: str
    parameters: Sequence[Parameter]
    answer: Callable[[LiveCall], Any]
    schema: Mapping[str, Any]
