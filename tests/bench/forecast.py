"""`./run bench --forecast`: how far forecasts of past months were from the truth, at five days of the month.

Without a configuration: generated homes. With the file of a monitor: each meter of its database, energy and cost, with
what was known then; only prices of today's table are known before their day.
"""

import contextlib
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from common.database.mariadb import Database
from common.settings import config
from monitor.answers.answers import Answers
from monitor.calendar import Calendar, midnight
from monitor.cost.tempo_colours import first_day, season_of
from monitor.forecast.colours import Chances
from monitor.forecast.days import Days
from monitor.prices.calendar_files import load_calendars
from monitor.prices.table import load_prices
from monitor.prices.tempo_days import bundled_colours
from monitor.readings.hours import Meter
from monitor.settings.config import MonitorConfig
from tests.bench.homes import FIRST, HOMES, LENGTH

DAYS = (5, 10, 15, 20, 25)  # of a month, in the morning
_SEEDS = (21, 22, 23)
_COVERED = 0.95  # of a month of which the truth is known


@dataclass(frozen=True, slots=True)
class Try:
    """A forecast, and the truth; all of the whole month."""

    day: int
    expected: float
    low: float
    high: float
    truth: float

    @property
    def error(self) -> float:
        """How far it was from the truth, as a share of that."""
        return abs(self.expected / self.truth - 1)

    @property
    def inside(self) -> bool:
        """Whether the truth lay in the range."""
        return self.low <= self.truth <= self.high


def print_table(configurations: Sequence[Path]) -> None:
    """Try what is asked for, and print a line for each home: median error, and the share of truths in the range."""
    print(f"{'':44}" + "".join(f"{f'day {day}':>14}" for day in DAYS))
    every: list[Try] = []
    for name, tries in _of_databases(configurations) if configurations else _of_homes():
        print(line(name, tries), flush=True)
        every += tries
    if not configurations:
        print(line("all homes", every))
        for name, chosen in _colours():
            print(line(name, chosen))
        for months, chosen in _years():
            print(f"the year after {months} months: {_figures(chosen)}")


def line(name: str, tries: Sequence[Try]) -> str:
    """Return the line of a home.

    >>> line("x", [Try(5, 110, 90, 120, 100), Try(5, 130, 110, 150, 100), Try(5, 100, 90, 120, 100)]).split()
    ['x', '10', '%', '67', '%', '-', '-', '-', '-']
    """
    return f"{name:44}" + "".join(f"{_figures([one for one in tries if one.day == day]):>14}" for day in DAYS)


def _figures(tries: Sequence[Try]) -> str:
    if not tries:
        return "-"
    error = statistics.median(one.error for one in tries)
    inside = sum(one.inside for one in tries) / len(tries)
    return f"{error * 100:.0f} % {inside * 100:4.0f} %"


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the whole months between two days: their first day, and that of the next one."""
    start = first if first.day == 1 else _next(first)
    while (end := _next(start)) <= last:
        yield start, end
        start = end


def _next(day: date) -> date:
    return (day.replace(day=1) + timedelta(32)).replace(day=1)


def _of_homes() -> Iterator[tuple[str, Sequence[Try]]]:
    for name, make in HOMES.items():
        yield name, [one for seed in _SEEDS for one in of_days(make(seed))]


def of_days(wh: Sequence[float]) -> Iterator[Try]:
    """Try each month of the days of a home, which begin with FIRST."""
    for start, end in months(FIRST, FIRST + timedelta(len(wh))):
        for day in DAYS:
            if (found := _try(wh, day, start, start + timedelta(day - 1), end)) is not None:
                yield found


def _try(wh: Sequence[float], day: int, start: date, now: date, end: date) -> Try | None:
    begin, here, last = ((moment - FIRST).days for moment in (start, now, end))
    coming = Days(FIRST, wh[:here]).coming(last - here)
    truth = sum(wh[begin:last])
    if coming is None or not truth:
        return None
    so_far, rest = sum(wh[begin:here]), sum(coming.days)
    return Try(day, so_far + rest, so_far + rest * coming.low, so_far + rest * coming.high, truth)


def _years() -> Iterator[tuple[int, Sequence[Try]]]:
    for month in (3, 6, 9):
        found = [
            _try(wh, month, date(year, 1, 1), date(year, month + 1, 1), date(year + 1, 1, 1))
            for make in HOMES.values()
            for wh in map(make, _SEEDS)
            for year in range(FIRST.year + 1, (FIRST + timedelta(LENGTH)).year)
        ]
        yield month, [one for one in found if one is not None]


def _colours() -> Iterator[tuple[str, Sequence[Try]]]:
    """Try the number of red and white days of winter months, in the seasons that are known."""
    known = bundled_colours()
    for colour in ("red", "white"):
        found = []
        for start, end in months(min(known), max(known)):
            for day in DAYS if start.month in (11, 12, 1, 2, 3) else ():
                now = start + timedelta(day - 1)
                first = first_day(season_of(now))
                chances = Chances({past: known[past] for past in known if first <= past < now}, now)
                rest = [now + timedelta(number) for number in range((end - now).days)]
                expected = sum(chances.of(one).get(colour, 0.0) for one in rest)
                truth = sum(known[one] == colour for one in rest)
                spread = 1.28 * chances.spread(rest, colour)
                # With 30 more: many months have none at all.
                found.append(Try(day, *(30 + days for days in (expected, expected - spread, expected + spread, truth))))
        yield f"30 days and the {colour} ones to come", found


def _of_databases(configurations: Iterable[Path]) -> Iterator[tuple[str, Sequence[Try]]]:
    for file in configurations:
        settings = config.load(MonitorConfig, file)
        prices = load_prices(settings.prices, file.parent, settings.spot)
        calendars = load_calendars(settings.tempo, settings.calendars, prices, alsace_moselle=settings.alsace_moselle)
        with contextlib.closing(Database(settings.database).connect()) as connection:
            answers = Answers(connection, settings, prices, calendars)
            for meter in answers.meters():
                energy, cost = of_meter(answers, meter, settings)
                yield f"{meter.title}, kWh", energy
                yield f"{meter.title}, EUR", cost


def of_meter(answers: Answers, meter: Meter, settings: MonitorConfig) -> tuple[list[Try], list[Try]]:
    """Try each past month of a meter: its energy, and its cost where all prices are known."""
    zone, now = settings.time_zone, datetime.now(UTC)
    first = answers.first(meter)
    energy: list[Try] = []
    costs: list[Try] = []
    for start, end in months(first.astimezone(zone).date(), now.astimezone(zone).date()) if first else ():
        low, high = midnight(start, zone), midnight(end, zone)
        truth = answers.costs.energy(meter, "month", low, high, now, Calendar(zone)).whole
        if truth.energy.coverage < _COVERED or not truth.energy.total_wh:
            continue
        for day in DAYS:
            found = answers.forecasts.month(meter, midnight(start + timedelta(day - 1), zone))
            if found is None or found.expected_wh is None or found.low_wh is None or found.high_wh is None:
                continue
            energy.append(Try(day, found.expected_wh, found.low_wh, found.high_wh, truth.energy.total_wh))
            amounts = [found.expected_cost, found.low_cost, found.high_cost]
            if not truth.cost.partial and None not in amounts:
                expected, least, most = (float(amount or 0) / 10_000 for amount in amounts)
                costs.append(Try(day, expected, least, most, float(truth.cost.total)))
    return energy, costs
