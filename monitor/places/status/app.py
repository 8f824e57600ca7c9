"""`app`: what is still to be set up in Home Assistant's app. It answers while the database is away."""

from typing import Any

from monitor.base.schemas import FLAG, TEXT, described, maybe, record, several, words
from monitor.web.call import LiveCall, LiveRoute


def answer(call: LiveCall) -> Any:
    """Return what the app says of itself; None: this is not the app, or it says nothing."""
    said = None if call.app is None else call.app.read()
    if said is None:
        return None
    return {**said, "meter": any(one.status == "online" and one.meters for one in call.live.programs("reader"))}


ROUTE = LiveRoute(
    "app",
    "Of the app of Home Assistant: the port that it reads, those that it found, where its broker and database are.",
    (),
    answer,
    maybe(
        record(
            {
                "ports": several(TEXT, "that are read; empty: none is chosen"),
                "found": several(TEXT, "the serial ports of the machine, if none is chosen"),
                "meter": described("a reader is online and has a meter: the app's own, or one elsewhere", FLAG),
                "broker": described(
                    "none: there is none; service: Home Assistant's; options: that of the app's options",
                    words("none", "service", "options"),
                ),
                "database": described(
                    "internal: the app's own; mariadb: that of Home Assistant's MariaDB app",
                    words("internal", "mariadb"),
                ),
            }
        ),
        "null: this is not the app, or it does not say",
    ),
)
