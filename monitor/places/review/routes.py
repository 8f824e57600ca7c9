"""`peaks`, `baseload` and `profile`: the highest powers, what is drawn all the time, and the hours of days."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Literal

from monitor.base.answer import answer_type
from monitor.base.calendar import whole_days
from monitor.money.profile import METHOD, CurveAnswers
from monitor.web.parameters import FROM, METER, TO, choice, whole_number
from monitor.web.route import ApiRequest, Route


@answer_type
class PeakOfDay:
    """The highest power of a local day."""

    day: date
    at: datetime
    power: int
    phase: Annotated[int | None, "with the highest power of its own then; null: not known, or there is one"]


@answer_type
class Peaks:
    """The answer of `peaks`."""

    meter: str
    unit: str
    peaks: Annotated[Sequence[PeakOfDay], "the highest first, one a local day"]
    decoded: Annotated[bool, "another device decoded the meter in some of the range: its peaks are not measurable then"]


def peaks(request: ApiRequest) -> Peaks:
    """Return the peaks of the range, the highest first; without a range those of all time."""
    meter, zone = request.meter(), request.config.time_zone
    span = request.known_range(meter, timedelta(days=12 * 366))
    rows = [] if span is None else CurveAnswers(request.home).day_peaks(meter, *span, request.parameters["n"])
    days = [PeakOfDay(row.at.astimezone(zone).date(), row.at, row.power, row.phase) for row in rows]
    decoded = span is not None and request.home.hours.is_decoded(meter, *span)
    return Peaks(meter.identifier, "VA", days, decoded)


PEAKS = Route(
    "peaks",
    "The highest powers, one a day.",
    (METER, FROM, TO, whole_number("n", "How many peaks, at most one a day.", most=100, default=10)),
    peaks,
)


@answer_type
class BaseLoadOfMonth:
    """The base load of a month."""

    month: Annotated[str, "such as 2026-11"]
    watts: Annotated[int, "the median of its days"]


@answer_type
class BaseLoad:
    """The answer of `baseload`."""

    meter: str
    method: Annotated[str, "of each day the least mean power of a whole hour between 00:00 and 06:00, from energy"]
    unit: str
    median: Annotated[int | None, "of all days of the range"]
    first: Annotated[date | None, "the day of the first value of watts"]
    watts: Annotated[Sequence[int | None], "a value a day; null: the night was not whole"]
    months: Sequence[BaseLoadOfMonth]


def baseload(request: ApiRequest) -> BaseLoad:
    """Return the base load of each local day of the range, and its median by month; by default of five years."""
    meter = request.meter()
    span = request.known_range(meter, timedelta(days=5 * 366))
    load = None if span is None else CurveAnswers(request.home).base_load(meter, *span)
    nights = load.nights if load else ()
    return BaseLoad(
        meter=meter.identifier,
        method=METHOD,
        unit="W",
        median=load.watts if load else None,
        first=min((day for day, _ in nights), default=None),
        watts=_by_day(dict(nights)),
        months=[
            BaseLoadOfMonth(month, round(statistics.median(watts for _, watts in of_month)))
            for month, of_month in groupby(nights, key=lambda night: f"{night[0]:%Y-%m}")
        ],
    )


def _by_day(nights: Mapping[date, int]) -> list[int | None]:
    if not nights:
        return []
    first, last = min(nights), max(nights)
    return [nights.get(first + timedelta(number)) for number in range((last - first).days + 1)]


BASELOAD = Route(
    "baseload",
    "The base load: the power that is drawn all the time, by day and by month.",
    (METER, FROM, TO),
    baseload,
)


@answer_type
class Profile:
    """The answer of `profile`."""

    meter: str
    by: Literal["day", "weekday"]
    unit: str
    first: Annotated[date | None, "the day of the first row, if by day"]
    rows: Annotated[
        Sequence[Sequence[Annotated[int | None, "Wh of the hour; null: not known"]]],
        "by day: a row a local day, with its 23, 24 or 25 hours in order; by weekday: Monday first",
    ]


def profile(request: ApiRequest) -> Profile:
    """Return the matrix of a range of local days, 400 at most; without a range of the last ones."""
    meter, by_day = request.meter(), request.range.by == "day"
    span = request.known_range(meter, timedelta(days=400))
    first: date | None = None
    rows: Sequence[Sequence[int | None]] = []
    if span is not None:
        start, end = whole_days(*span, request.config.time_zone)
        if by_day:
            curves = CurveAnswers(request.home).days(meter, start, end)
            first, rows = curves.first, curves.days
        else:
            rows = CurveAnswers(request.home).week(meter, start, end)
    return Profile(meter.identifier, "day" if by_day else "weekday", "Wh", first, rows)


PROFILE = Route(
    "profile",
    "The energy of each hour: of each day, or on average of each day of the week.",
    (
        METER,
        FROM,
        TO,
        choice("by", "day: each hour of each day; weekday: the mean of each hour of the week.", ("day", "weekday")),
    ),
    profile,
)
ROUTES = (PEAKS, BASELOAD, PROFILE)
