"""`series`: a curve on a regular grid, and what happened in its time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.calendar import one_day
from monitor.base.ranges import check_length, read_time
from monitor.base.refusals import Refusal
from monitor.base.schemas import (
    COUNT,
    INSTANT,
    MS,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    described,
    maybe,
    record,
    row,
    several,
    words,
)
from monitor.money.curve import Curve, Happened, SeriesAnswers
from monitor.readings.curves import CHANNELS, FRAMES, HOLD, HOURS, MINUTES, Grid, aligned, without_end
from monitor.sources.sun import SunAnswers
from monitor.web.call import Call, Parameter, Route
from monitor.web.parameters import FROM, METER, TO, choice, choices, whole_number

_LONGEST = timedelta(days=400)
_BEHIND = timedelta(minutes=5)
_CHANNELS = (*CHANNELS, "production")
PARAMETERS = (
    METER,
    FROM,
    TO,
    whole_number("points", "At most so many values; the step is chosen accordingly.", most=10_000, default=1500),
    choice("source", "auto: frames up to two hours, then minutes, then hours.", ("auto", FRAMES, MINUTES, HOURS)),
    choices(
        "channels",
        f"What is measured, with commas between: {', '.join(_CHANNELS)}.",
        _CHANNELS,
        default=("power", "injected", "phases", "production"),
    ),
    Parameter(
        "align",
        "A day (2026-11-25): lays the curve on this day, local time on local time, to compare them.",
        {"type": "string", "format": "date"},
    ),
)


def answer(call: Call) -> dict[str, Any]:
    """Return a curve; without `from` that of the present local day."""
    meter, asked, zone = call.meter(), call.parameters, call.config.time_zone
    start = call.range.low or one_day(call.now, zone)[0]
    end = call.range.high or one_day(start, zone)[1]
    if start >= end:
        raise Refusal("swapped", start=start.astimezone(zone), end=end.astimezone(zone))
    check_length(start, end, _LONGEST)
    over = read_time(asked["align"], zone) if "align" in asked else None
    source = None if asked["source"] == "auto" else asked["source"]
    try:
        curve = SeriesAnswers(call.home).curve(
            meter, start, end, asked["points"], source, frozenset(asked["channels"]), call.now
        )
    except ValueError as error:
        raise Refusal("long_frames" if str(error) == "frames" else "few_points") from None
    if curve is None:
        raise Refusal("no_data")
    if "production" in asked["channels"]:
        made = SunAnswers(call.home).curve(meter, curve.grid)
        if made is not None:
            curve = replace(curve, columns={**curve.columns, "production": made})
    return {
        "meter": meter.identifier,
        **(_own(curve, start, end, call.now) if over is None else _laid_over(call, curve, over)),
    }


def _own(curve: Curve, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    grid, columns = curve.grid, curve.columns
    if end > now:
        # What is to come is no hole.
        count = without_end(columns.values(), grid.step, (now - grid.start).total_seconds())
        columns = {name: column[:count] for name, column in columns.items()}
    over, until = min(end, now), curve.happened.until if curve.happened else None
    if until is not None and now - _BEHIND < until < over:
        over = until  # minutes are made a minute after they are over
    expected = max((over - start).total_seconds(), 0)
    return {
        **_head(grid),
        **columns,
        "offsets": [[_ms(moment), seconds // 60] for moment, seconds in curve.offsets],
        **({} if curve.happened is None else _happened(curve.happened, expected)),
    }


def _laid_over(call: Call, curve: Curve, over: datetime) -> dict[str, Any]:
    zone = call.config.time_zone
    if over != one_day(over, zone)[0]:
        raise Refusal("no_day")
    grid, places = aligned(curve.grid, over, zone)
    columns = {
        name: [None if place is None else column[place] for place in places] for name, column in curve.columns.items()
    }
    return {**_head(grid), **columns}


def _head(grid: Grid) -> dict[str, Any]:
    return {"t0": _ms(grid.start), "step": grid.step * 1000, "source": grid.source, "unit": "VA"}


def _happened(happened: Happened, expected: float) -> dict[str, Any]:
    volts, peak = happened.volts, happened.peak
    return {
        "registers": [[_ms(low), _ms(high), name] for low, high, name in happened.registers],
        "gaps": [[_ms(gap.start), _ms(gap.end), why, gap.wh] for gap, why in happened.gaps],
        "overloads": [
            {"at": write_stamp(one.at), "seconds": one.seconds, "power": one.power} for one in happened.overloads
        ],
        "volts": None if volts is None else {"min": volts[0], "max": volts[1]},
        "peak": None if peak is None else {"at": write_stamp(peak.at), "power": peak.power},
        "coverage": round(min(happened.covered / expected, 1), 4) if expected else None,
    }


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _column(text: str) -> Schema:
    return several(maybe(NUMBER), text)


_GAP = row(MS, MS, words("outage", "meter", "unknown"), maybe(NUMBER))
_OF_PHASES = {
    f"{letter}{phase}_{name}": _column(text.format(phase=phase))
    for letter, names, text in (
        ("p", ("max",), "VA of phase {phase}; only of three phases"),
        ("i", ("max",), "A of phase {phase}"),
        ("v", ("mean", "min", "max"), "V of phase {phase}"),
    )
    for phase in (1, 2, 3)
    for name in names
}
_PROPERTIES = {
    "meter": TEXT,
    "t0": described(
        "ms since 1970: where the first value begins; with align, that of the day that is shown: value n belongs to the"
        " same local time as value n of that day's curve",
        MS,
    ),
    "step": described("ms between values", NUMBER),
    "source": described(
        f"frames: a value holds until the next one, {HOLD} s or a step at most", words(FRAMES, MINUTES, HOURS)
    ),
    "unit": described("of power, drawn and injected", TEXT),
    "mean": _column("VA; null where nothing is known: never interpolated"),
    "min": _column("VA"),
    "max": _column("VA"),
    "injected": _column("mean power injected, VA; only of a producer"),
    "production": _column("mean power that sources of production made, W; only where there is one"),
    **_OF_PHASES,
    "offsets": several(
        row(MS, NUMBER),
        "by how many minutes the local time is ahead of UTC, from when on: two of them on a day of 23 or 25 hours",
    ),
    "registers": several(row(MS, MS, TEXT), "from, to, register that ran; up to two days"),
    "gaps": several(
        _GAP,
        "from, to, why (outage: the house had no current; meter: its reader heard other meters; unknown) and the Wh"
        " that the reading after it shows, null if there is none yet; up to two days",
    ),
    "overloads": several(
        record({"at": INSTANT, "seconds": COUNT, "power": maybe({"type": "integer", "description": "VA"})})
    ),
    "volts": maybe(
        record({"min": NUMBER, "max": NUMBER}),
        "the lowest and the highest voltage on any phase; null: the meter does not tell",
    ),
    "peak": maybe(record({"at": INSTANT, "power": NUMBER})),
    "coverage": maybe(SHARE, "of the time that is over"),
}
ROUTE = Route(
    "series",
    "The curve of power, and what happened.",
    PARAMETERS,
    answer,
    record(_PROPERTIES, optional=_PROPERTIES.keys() - {"meter", "t0", "step", "source", "unit"}),
)
