"""Writes an answer as JSON or CSV."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TextIO

from common.contract.frame import write_stamp
from common.spreadsheet import no_formula
from monitor.base.formats import Formats, round_money
from monitor.money.costs import Answer, Period
from monitor.sources.devices import DevicesAnswer
from monitor.sources.sun import SunAnswer
from monitor.sources.sun_energy import Sun


def json_rows(answer: Answer, sun: SunAnswer | None = None, devices: DevicesAnswer | None = None) -> str:
    """Return a list of periods; amounts are texts with two decimals, null where nothing of a bill is known."""
    rows = [_json(period) for period in answer.periods]
    if sun is not None and sun.since is not None:
        for row, one in zip(rows, sun.periods, strict=True):
            row |= {"production_wh": one.production_wh, "self_consumed_wh": one.self_consumed_wh}
            row |= {"saved": _json_money(one.saved), "earned": _json_money(one.earned)}
    if devices is not None:
        for place, row in enumerate(rows):
            row["devices"] = {device.name: device.wh[place] for device in devices.devices}
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _json_money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(round_money(amount))


def _json(period: Period) -> dict[str, Any]:
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
        "flags": _flags(period),
    }


def _flags(period: Period) -> list[str]:
    energy, cost = period.energy, period.cost
    flags = (
        ("incomplete", energy.expected > 0 and energy.coverage < 1),
        ("recovered", energy.recovered_wh > 0),
        ("imported", energy.imported_wh > 0),
        ("partial_cost", cost.partial),
    )
    return [name for name, holds in flags if holds]


def write_csv(
    answer: Answer | None,
    formats: Formats,
    output: TextIO,
    *,
    french: bool,
    sun: SunAnswer | None = None,
    devices: DevicesAnswer | None = None,
) -> None:
    """Write a table: for machines with `,` and times in UTC, or for a French spreadsheet with `;` and local times.

    The byte order mark that such a spreadsheet wants is part of the text. Without an answer it has a header only. What
    a roof made and what devices used stands in the last columns, of a home that has sources of them.
    """
    if french:
        output.write("\ufeff")
    writer = csv.writer(output, delimiter=";" if french else ",", lineterminator="\n")
    periods = () if answer is None else answer.periods
    registers = sorted({name for period in periods for name in period.energy.wh})
    header = _header({} if answer is None else answer.names, registers, formats)
    made = () if sun is None or sun.since is None else sun.periods
    of_sun = [formats.text(f"csv_{name}") for name in ("production", "self_consumed", "saved", "earned")]
    used = () if devices is None else devices.devices
    of_devices = [formats.text("csv_wh", name=device.name) for device in used]
    writer.writerow(map(no_formula, [*header, *(of_sun if made else ()), *of_devices]))
    for place, period in enumerate(periods):
        more = _sun_cells(made[place], french=french) if made else ()
        by_device = ["" if (wh := device.wh[place]) is None else wh for device in used]
        writer.writerow(map(no_formula, [*_cells(period, registers, formats, french=french), *more, *by_device]))


def _sun_cells(one: Sun, *, french: bool) -> Iterator[object]:
    for wh in (one.production_wh, one.self_consumed_wh):
        yield "" if wh is None else wh
    for amount in (one.saved, one.earned):
        text = _json_money(amount) or ""
        yield text.replace(".", ",") if french else text


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
