"""`energy.csv`: the answer of `energy` as a file, as `teleinfo-monitor report --csv` writes it."""

import io

from monitor.base.formats import Formats
from monitor.base.schemas import TEXT
from monitor.places.review.energy import PARAMETERS, ask
from monitor.places.review.output import write_csv
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sun import SunAnswers
from monitor.web.call import Body, Call, Route
from monitor.web.parameters import choice

_MOST = 10_000  # periods: a year by hour; who saves a file can wait a second


def answer(call: Call) -> Body:
    """Return the table; without known energy, its header only."""
    meter, french = call.meter(), call.parameters["locale"] == "fr"
    found = ask(call, meter, _MOST)
    sun = None if found is None else SunAnswers(call.home).of(found, call.range.by, call.now)
    devices = None if found is None else DeviceAnswers(call.home).of(found, sun, call.now)
    text = io.StringIO()
    formats = Formats(call.language if french else "en", call.config.time_zone)
    write_csv(found, formats, text, french=french, sun=sun, devices=devices)
    name = "energie" if call.language == "fr" else "energy"
    return Body(text.getvalue().encode(), "text/csv; charset=utf-8", f"{name}-{meter.identifier}-{call.range.by}.csv")


ROUTE = Route(
    "energy.csv",
    "The same table as energy, for a spreadsheet.",
    (
        *PARAMETERS,
        choice(
            "locale",
            "fr: semicolon, decimal comma, local time, heads in the language asked for; c: comma, point, UTC, heads"
            " that never change.",
            ("fr", "c"),
        ),
    ),
    answer,
    TEXT,
)
