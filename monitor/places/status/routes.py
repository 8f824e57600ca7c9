"""`alerts`, `app` and `events`: what is wrong, what is still to be set up, and what happened, page by page."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from monitor.alerts.summary import AlertsAnswer
from monitor.base.answer import ABSENT, Absent, answer_type, one_of
from monitor.base.request_errors import RequestError
from monitor.money.events import KINDS, Event, EventAnswers
from monitor.web.parameters import FROM, METER, TO, choices, whole_number
from monitor.web.route import ApiRequest, LiveRequest, LiveRoute, Parameter, Route


def alerts(request: LiveRequest) -> AlertsAnswer:
    """Return the alerts of all meters."""
    answer: AlertsAnswer = request.live.alerts.answer()
    return answer


ALERTS = LiveRoute(
    "alerts",
    "What is wrong now, the last thirty alerts that are over, and what became of the last messages.",
    (),
    alerts,
)


@answer_type
class AppState:
    """What the app says of itself."""

    ports: Annotated[Sequence[str], "that are read; empty: none is chosen"]
    found: Annotated[Sequence[str], "the serial ports of the machine, if none is chosen"]
    meter: Annotated[bool, "a reader is online and has a meter: the app's own, or one elsewhere"]
    broker: Annotated[
        Literal["none", "service", "options"],
        "none: there is none; service: Home Assistant's; options: that of the app's options",
    ]
    database: Annotated[
        Literal["internal", "mariadb"],
        "internal: the app's own; mariadb: that of Home Assistant's MariaDB app",
    ]


def app(request: LiveRequest) -> Annotated[AppState | None, "null: this is not the app, or it does not say"]:
    """Return what the app says of itself; None: this is not the app, or it says nothing."""
    said = None if request.app is None else request.app.read()
    # The file may be that of another version, until the app writes it anew.
    names = {field.name for field in dataclasses.fields(AppState)} - {"meter"}
    if not isinstance(said, Mapping) or not names <= said.keys():
        return None
    meter = any(one.status == "online" and one.meters for one in request.live.programs("reader"))
    return AppState(**{name: said[name] for name in names}, meter=meter)


APP = LiveRoute(
    "app",
    "Of the app of Home Assistant: the port that it reads, those that it found, where its broker and database are.",
    (),
    app,
)


_LONGEST_CURSOR = 12  # digits
PARAMETERS = (
    METER,
    FROM,
    TO,
    choices("kind", f"Kinds of events, with commas between: {', '.join(KINDS)}; by default all.", KINDS, KINDS),
    Parameter("cursor", "The value next of the page before.", {"type": "string", "maxLength": _LONGEST_CURSOR}),
    whole_number("limit", "How many events a page has.", most=500, default=100),
)


@answer_type
class WhatHappened:
    """An event: of what its kind has nothing to say, nothing stands there."""

    kind: Annotated[str, one_of(*KINDS)]
    at: Annotated[datetime, "its beginning; of an overload, when its power was highest"]
    until: datetime | Absent = ABSENT
    seconds: Annotated[int | Absent, "of an overload, as long as frames told of it"] = ABSENT
    power: Annotated[int | Absent, "VA, the highest of an overload"] = ABSENT
    volts: Annotated[int | Absent, "the voltage that was the furthest from 230 V"] = ABSENT
    phase: int | Absent = ABSENT
    why: Annotated[
        str | Absent,
        one_of("outage", "meter", "unknown"),
        "outage: the house had no current; meter: its reader heard other meters",
    ] = ABSENT
    wh: Annotated[int | Absent, "what the meter counted in a gap"] = ABSENT
    text: Annotated[
        str | Absent,
        one_of("first", "registers", "contract", "prices"),
        "first: the first readings; registers: an index changed without energy, as that of a new meter; contract: what"
        " the meter says of it changed; prices: a price or tax changed",
    ] = ABSENT
    offer: Annotated[str | Absent, "from then on, as far as the meter tells"] = ABSENT
    subscribed: Annotated[int | Absent, "from then on, VA"] = ABSENT

    @classmethod
    def of(cls, event: Event) -> "WhatHappened":
        """Return an event without what it does not know."""
        values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
        return cls(**{name: value for name, value in values.items() if value is not None})


@answer_type
class Events:
    """The answer of `events`."""

    meter: str
    events: Annotated[
        Sequence[WhatHappened],
        "the latest first; a page may have fewer than limit, or none, and yet a next one",
    ]
    next: Annotated[str | None, "the cursor of the next page; null: this is the last"]


def events(request: ApiRequest) -> Events:
    """Return a page of events."""
    meter, asked = request.meter(), request.parameters
    before = _moment(asked.get("cursor"))
    until = min(moment for moment in (request.range.high, before, request.now) if moment is not None)
    page = EventAnswers(request.home).page(meter, request.range.low, until, frozenset(asked["kind"]), asked["limit"])
    cursor = None if page.next is None else _cursor(page.next)
    return Events(meter.identifier, [WhatHappened.of(event) for event in page.events], cursor)


def _cursor(moment: datetime) -> str:
    return f"{int(moment.timestamp()):x}"


def _moment(cursor: str | None) -> datetime | None:
    if cursor is None:
        return None
    try:
        if not cursor.isalnum():
            raise ValueError
        return datetime.fromtimestamp(int(cursor, 16), UTC)
    except (ValueError, OverflowError, OSError):
        raise RequestError("no_cursor") from None


EVENTS = Route(
    "events",
    "What happened, the latest first.",
    PARAMETERS,
    events,
)
