"""`energy.csv`: the answer of `energy` as a file, as `teleinfo-monitor report --csv` writes it."""

import io

from monitor.api.call import Body, Call, Parameter, Route
from monitor.api.energy import TABLE_PARAMETERS, ask
from monitor.api.parameters import meter_of
from monitor.text.formats import Formats
from monitor.text.output import write_csv

_MOST = 10_000  # periods: a year by hour; who saves a file can wait a second


def answer(call: Call) -> Body:
    """Return the table; without known energy, its header only."""
    meter, by = meter_of(call), call.parameters.get("by", "day")
    french = call.parameters.get("locale", "fr") == "fr"
    found = ask(call, meter, by, _MOST)
    text = io.StringIO()
    write_csv(found, Formats("fr" if french else "en", call.config.time_zone), text, french=french)
    return Body(text.getvalue().encode(), "text/csv; charset=utf-8", f"energie-{meter.identifier}-{by}.csv")


ROUTE = Route(
    "energy.csv",
    "Le même tableau que energy, pour un tableur.",
    (
        *TABLE_PARAMETERS,
        Parameter(
            "locale",
            "fr : point-virgule, virgule décimale, heure locale ; c : virgule, point, UTC.",
            {"type": "string", "enum": ["fr", "c"], "default": "fr"},
        ),
    ),
    answer,
    {"type": "string"},
)
