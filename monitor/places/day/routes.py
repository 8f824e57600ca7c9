"""`series`: a curve on a regular grid, and what happened in its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from monitor.base.answer import ABSENT, INLINE, Absent, Count, Ms, Share, answer_type, one_of
from monitor.base.calendar import one_day
from monitor.base.ranges import check_length, read_time
from monitor.base.request_errors import RequestError
from monitor.money.curve import Curve, Happened, SeriesAnswers
from monitor.readings.curves import CHANNELS, FRAMES, HOLD, HOURS, MINUTES, Grid, aligned, without_end
from monitor.sources import sources
from monitor.web.parameters import FROM, METER, TO, choice, choices, whole_number
from monitor.web.route import ApiRequest, Parameter, Route

_LONGEST = timedelta(days=400)
_BEHIND = timedelta(minutes=5)
_CHANNELS = (*CHANNELS, *sources.CHANNELS)
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
        default=("power", "injected", "phases", *sources.CHANNELS),
    ),
    Parameter(
        "align",
        "A day (2026-11-25): lays the curve on this day, local time on local time, to compare them.",
        {"type": "string", "format": "date"},
    ),
)


_Column = Sequence[int | None] | Absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What was measured, a value a step; a column is absent where nothing of its kind is measured or asked for."""

    mean: Annotated[_Column, "VA; null where nothing is known: never interpolated"] = ABSENT
    min: Annotated[_Column, "VA"] = ABSENT
    max: Annotated[_Column, "VA"] = ABSENT
    injected: Annotated[_Column, "mean power injected, VA; only of a producer"] = ABSENT
    beside: Annotated[sources.SourceCurves, INLINE] = sources.SourceCurves()
    p1_max: Annotated[_Column, "VA of phase 1; only of three phases"] = ABSENT
    p2_max: Annotated[_Column, "VA of phase 2; only of three phases"] = ABSENT
    p3_max: Annotated[_Column, "VA of phase 3; only of three phases"] = ABSENT
    i1_max: Annotated[_Column, "A of phase 1"] = ABSENT
    i2_max: Annotated[_Column, "A of phase 2"] = ABSENT
    i3_max: Annotated[_Column, "A of phase 3"] = ABSENT
    v1_mean: Annotated[_Column, "V of phase 1"] = ABSENT
    v1_min: Annotated[_Column, "V of phase 1"] = ABSENT
    v1_max: Annotated[_Column, "V of phase 1"] = ABSENT
    v2_mean: Annotated[_Column, "V of phase 2"] = ABSENT
    v2_min: Annotated[_Column, "V of phase 2"] = ABSENT
    v2_max: Annotated[_Column, "V of phase 2"] = ABSENT
    v3_mean: Annotated[_Column, "V of phase 3"] = ABSENT
    v3_min: Annotated[_Column, "V of phase 3"] = ABSENT
    v3_max: Annotated[_Column, "V of phase 3"] = ABSENT


@answer_type
class OverloadOfDay:
    """A time in which more was drawn than is subscribed."""

    at: datetime
    seconds: Count
    power: Annotated[int | None, "VA"]


@answer_type
class Voltages:
    """The voltages of a time."""

    min: int
    max: int


@answer_type
class HighestPower:
    """The highest power of a time."""

    at: datetime
    power: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """What happened in the time of a curve; absent of a long one."""

    registers: Annotated[Sequence[tuple[Ms, Ms, str]] | Absent, "from, to, register that ran; up to two days"] = ABSENT
    gaps: Annotated[
        Sequence[tuple[Ms, Ms, Annotated[str, one_of("outage", "meter", "unknown")], int | None]] | Absent,
        "from, to, why (outage: the house had no current; meter: its reader heard other meters; unknown) and the Wh"
        " that the reading after it shows, null if there is none yet; up to two days",
    ] = ABSENT
    overloads: Sequence[OverloadOfDay] | Absent = ABSENT
    volts: Annotated[
        Voltages | Absent | None,
        "the lowest and the highest voltage on any phase; null: the meter does not tell",
    ] = ABSENT
    peak: HighestPower | Absent | None = ABSENT
    decoded: Annotated[
        bool | Absent,
        "another device decoded the meter in some of the time: its peaks and overloads are not measurable then",
    ] = ABSENT
    coverage: Annotated[Share | Absent | None, "of the time that is over"] = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The answer of `series`."""

    meter: str
    t0: Annotated[
        Ms,
        "ms since 1970: where the first value begins; with align, that of the day that is shown: value n belongs to the"
        " same local time as value n of that day's curve",
    ]
    step: Annotated[int, "ms between values"]
    source: Annotated[
        str,
        one_of(FRAMES, MINUTES, HOURS),
        f"frames: a value holds until the next one, {HOLD} s or a step at most; and of a meter that another device"
        " decodes, in minutes, too, for its usual interval",
    ]
    unit: Annotated[str, "of power, drawn and injected"] = "VA"
    columns: Annotated[Columns, INLINE]
    offsets: Annotated[
        Sequence[tuple[Ms, int]] | Absent,
        "by how many minutes the local time is ahead of UTC, from when on: two of them on a day of 23 or 25 hours",
    ] = ABSENT
    happened: Annotated[Happenings, INLINE] = Happenings()


def answer(request: ApiRequest) -> Series:
    """Return a curve; without `from` that of the present local day."""
    meter, asked, zone = request.meter(), request.parameters, request.config.time_zone
    start = request.range.low or one_day(request.now, zone)[0]
    end = request.range.high or one_day(start, zone)[1]
    if start >= end:
        raise RequestError("swapped", start=start.astimezone(zone), end=end.astimezone(zone))
    check_length(start, end, _LONGEST)
    over = read_time(asked["align"], zone) if "align" in asked else None
    source = None if asked["source"] == "auto" else asked["source"]
    try:
        curve = SeriesAnswers(request.home).curve(
            meter, start, end, asked["points"], source, frozenset(asked["channels"]), request.now
        )
    except ValueError as error:
        raise RequestError("long_frames" if str(error) == "frames" else "few_points") from None
    if curve is None:
        raise RequestError("no_data")
    beside = sources.curves(request.home, meter, curve.grid, asked["channels"])
    curve = replace(curve, columns={**curve.columns, **beside})
    if over is not None:
        return _laid_over(request, meter.identifier, curve, over)
    return _own(meter.identifier, curve, start, end, request.now)


def _own(meter: str, curve: Curve, start: datetime, end: datetime, now: datetime) -> Series:
    grid, columns = curve.grid, curve.columns
    if end > now:
        # What is to come is no hole.
        count = without_end(columns.values(), grid.step, (now - grid.start).total_seconds())
        columns = {name: column[:count] for name, column in columns.items()}
    over, until = min(end, now), curve.happened.until if curve.happened else None
    if until is not None and now - _BEHIND < until < over:
        over = until  # minutes are made a minute after they are over
    expected = max((over - start).total_seconds(), 0)
    return Series(
        meter=meter,
        **_head(grid),
        columns=_columns(columns),
        offsets=[(_ms(moment), seconds // 60) for moment, seconds in curve.offsets],
        happened=Happenings() if curve.happened is None else _happened(curve.happened, expected),
    )


def _laid_over(request: ApiRequest, meter: str, curve: Curve, over: datetime) -> Series:
    zone = request.config.time_zone
    if over != one_day(over, zone)[0]:
        raise RequestError("no_day")
    grid, places = aligned(curve.grid, over, zone)
    columns = {
        name: [None if place is None else column[place] for place in places] for name, column in curve.columns.items()
    }
    return Series(meter=meter, **_head(grid), columns=_columns(columns))


def _head(grid: Grid) -> dict[str, Any]:
    return {"t0": _ms(grid.start), "step": grid.step * 1000, "source": grid.source}


def _columns(columns: Mapping[str, Sequence[int | None]]) -> Columns:
    beside = {name: column for name, column in columns.items() if name in sources.CHANNELS}
    own = {name: column for name, column in columns.items() if name not in sources.CHANNELS}
    return Columns(**own, beside=sources.SourceCurves(**beside))


def _happened(happened: Happened, expected: float) -> Happenings:
    volts, peak = happened.volts, happened.peak
    return Happenings(
        registers=[(_ms(low), _ms(high), name) for low, high, name in happened.registers],
        gaps=[(_ms(gap.start), _ms(gap.end), why, gap.wh) for gap, why in happened.gaps],
        overloads=[OverloadOfDay(one.at, one.seconds, one.power) for one in happened.overloads],
        volts=None if volts is None else Voltages(*volts),
        peak=None if peak is None else HighestPower(peak.at, peak.power),
        decoded=happened.decoded,
        coverage=round(min(happened.covered / expected, 1), 4) if expected else None,
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


ROUTE = Route(
    "series",
    "The curve of power, and what happened.",
    PARAMETERS,
    answer,
)
