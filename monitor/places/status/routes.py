"""`alerts` and `app`: what is wrong, and what is still to be set up. Both answer while the database is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from monitor.alerts.summary import AlertsAnswer
from monitor.web.call import LiveCall, LiveRoute


def alerts(call: LiveCall) -> AlertsAnswer:
    """Return the alerts of all meters."""
    answer: AlertsAnswer = call.live.alerts.answer()
    return answer


ALERTS = LiveRoute(
    "alerts",
    "What is wrong now, the last thirty alerts that are over, and what became of the last messages.",
    (),
    alerts,
)


@dataclass(frozen=True, slots=True)
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


def app(call: LiveCall) -> Annotated[AppState | None, "null: this is not the app, or it does not say"]:
    """Return what the app says of itself; None: this is not the app, or it says nothing."""
    said = None if call.app is None else call.app.read()
    if said is None:
        return None
    meter = any(one.status == "online" and one.meters for one in call.live.programs("reader"))
    return AppState(**said, meter=meter)


APP = LiveRoute(
    "app",
    "Of the app of Home Assistant: the port that it reads, those that it found, where its broker and database are.",
    (),
    app,
)
