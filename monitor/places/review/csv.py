"""Energy as a file: `energy.csv` of the API, and what `teleinfo-monitor report --csv` and `--json` print."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TextIO

from common.contract.frame import write_stamp
from common.spreadsheet import no_formula
from monitor.base.formats import Formats, round_money
from monitor.money.costs import Answer, Period
from monitor.money.price_status import is_assumed
from monitor.places.review.energy import PARAMETERS, ask
from monitor.sources.sources import Measured, measured
from monitor.web.parameters import choice
from monitor.web.route import ApiRequest, Body, File, Route

_MOST = 10_000  # periods: a year by hour; who saves a file can wait a second
_NOTHING = Measured()


def answer(request: ApiRequest) -> File:
    """Return the table; without known energy, its header only."""
    meter, french = request.meter(), request.parameters["locale"] == "fr"
    energy = ask(request, meter, _MOST)
    beside = _NOTHING if energy is None else measured(request.home, energy, request.range.by, request.now)
    text = io.StringIO()
    write_csv(
        energy, Formats(request.language if french else "en", request.config.time_zone), text, beside, french=french
    )
    name = "energie" if request.language == "fr" else "energy"
    return Body(
        text.getvalue().encode(), "text/csv; charset=utf-8", f"{name}-{meter.identifier}-{request.range.by}.csv"
    )


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
)


def json_rows(answer: Answer, beside: Measured = _NOTHING) -> str:
    """Return a list of periods; amounts are texts with two decimals, null where nothing of a bill is known."""
    assumed = is_assumed(answer.priced_as)
    rows = [_json(period, assumed=assumed) | beside.of_period(place) for place, period in enumerate(answer.periods)]
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _json(period: Period, *, assumed: bool) -> dict[str, Any]:
    energy, cost = period.energy, period.cost
    return {
        "start": write_stamp(energy.start),
        "end": write_stamp(energy.end),
        "hours": (energy.end - energy.start) // timedelta(hours=1),
        "wh": dict(energy.wh),
        "injected_wh": energy.injected_wh,
        "recovered_wh": energy.recovered_wh,
        "imported_wh": energy.imported_wh,
        "across_wh": period.across_wh,
        "coverage": round(energy.coverage, 4),
        "cost": {
            "energy": str(round_money(cost.energy)),
            "subscription": str(round_money(cost.subscription)),
            "total": str(round_money(cost.total)),
        }
        if cost.known
        else None,
        "flags": _flags(period, assumed=assumed),
    }


def _flags(period: Period, *, assumed: bool) -> list[str]:
    energy, cost = period.energy, period.cost
    flags = (
        ("incomplete", energy.expected > 0 and energy.coverage < 1),
        ("recovered", energy.recovered_wh > 0),
        ("imported", energy.imported_wh > 0),
        ("partial_cost", cost.partial),
        ("assumed_prices", cost.known and assumed),
    )
    return [name for name, holds in flags if holds]


def write_csv(
    answer: Answer | None, formats: Formats, output: TextIO, beside: Measured = _NOTHING, *, french: bool
) -> None:
    """Write a table: for machines with `,` and times in UTC, or for a French spreadsheet with `;` and local times.

    The byte order mark that such a spreadsheet wants is part of the text. Without an answer it has a header only. What
    is measured beside the meter stands in the last columns.
    """
    if french:
        output.write("\ufeff")
    writer = csv.writer(output, delimiter=";" if french else ",", lineterminator="\n")
    periods = () if answer is None else answer.periods
    registers = sorted({name for period in periods for name in period.energy.wh})
    header = _header({} if answer is None else answer.names, registers, formats)
    columns = beside.sheet(formats)
    writer.writerow(map(no_formula, [*header, *(column.head for column in columns)]))
    for place, period in enumerate(periods):
        more = (_cell(column.cells[place], french=french) for column in columns)
        writer.writerow(map(no_formula, [*_cells(period, registers, formats, french=french), *more]))


def _cell(value: int | Decimal | None, *, french: bool) -> object:
    if isinstance(value, Decimal):
        text = str(round_money(value))
        return text.replace(".", ",") if french else text
    return "" if value is None else value


def _header(names: Mapping[str, str], registers: Sequence[str], formats: Formats) -> Iterator[str]:
    yield from (formats.text(f"csv_{name}") for name in ("start", "end", "hours"))
    for name in registers:
        yield formats.text("csv_wh", name=formats.register(name, names) if formats.language == "fr" else name)
    columns = ("total", "injected", "recovered", "imported", "coverage", "energy", "subscription", "cost", "partial")
    yield from (formats.text(f"csv_{name}") for name in columns)


def _cells(period: Period, registers: Sequence[str], formats: Formats, *, french: bool) -> Iterator[object]:
    energy, cost = period.energy, period.cost
    for moment in (energy.start, energy.end):
        yield f"{moment.astimezone(formats.zone):%d/%m/%Y %H:%M}" if french else write_stamp(moment)
    yield (energy.end - energy.start) // timedelta(hours=1)
    yield from (energy.wh.get(name, 0) for name in registers)
    yield energy.total_wh
    yield "" if energy.injected_wh is None else energy.injected_wh
    yield energy.recovered_wh
    yield energy.imported_wh
    amounts = (cost.energy, cost.subscription, cost.total)
    texts = [str(round(energy.coverage, 4)), *(str(round_money(one)) if cost.known else "" for one in amounts)]
    yield from (text.replace(".", ",") if french else text for text in texts)
    yield formats.text("csv_yes") if cost.partial else ""
