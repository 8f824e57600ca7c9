"""What each route of the API takes to answer on ten years: over HTTP, in CPU time of both sides and by the clock."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tests.bench.cpu import BETWEEN_STEPS, Cpu, timed
from tests.bench.decade import END, Decade
from tests.bench.figures import Row, Target, in_turn
from tests.bench.monitor import Browser

_CALLS = 5
_BACK_TO_BACK = 40
_BESIDES = 10  # ms that an answer may take by the clock, besides its CPU time
_MOST = 100
#: What the page's places ask for, and the longest ranges, with the most ms of CPU time; `{day}` is the last whole day,
#: `{year}` a year before it, `{first}` the first month.
QUESTIONS = {
    "live?": 3,
    "meters?": _MOST,
    "series?from={day}&to={next}": 20,  # its minutes
    "series?from={day}&to={next}&align={year}": _MOST,
    "series?from={day}T10:00:00Z&to={day}T12:00:00Z&points=8000": _MOST,
    "series?from={year}&to={day}&points=1500": _MOST,
    "energy?by=hour&from={day}&to={next}": _MOST,
    "energy?by=day&from={year}&to={day}": 20,
    "energy?by=month&from={first}&to={day}": 15,
    "energy?by=range&from={day}T07:10:12Z&to={day}T07:25:40Z": _MOST,
    "energy?by=range&from={year}T07:10:12Z&to={day}T07:25:40Z": _MOST,
    "energy.csv?by=day&from={year}&to={day}": _MOST,
    "events?": _MOST,
    "peaks?from={year}&to={day}": _MOST,
    "peaks?": _MOST,
    "baseload?from={year}&to={day}": _MOST,
    "baseload?": _MOST,
    "profile?from={year}&to={day}": _MOST,
    "profile?by=weekday&from={year}&to={day}": _MOST,
    "why?from={day}&to={next}": _MOST,
    "why?from={day}T07:10:00Z&to={day}T17:25:00Z": _MOST,
    "notes?at={day}": _MOST,
    "tempo?": _MOST,
    "compare?from={year}&to={day}": 40,
    "forecast?": _MOST,
}
#: Of a meter with sources behind it.
OF_SOURCES = {
    "energy?by=hour&from={day}&to={next}": _MOST,
    "energy?by=day&from={year}&to={day}": _MOST,
    "energy?by=month&from={first}&to={day}": _MOST,
    "energy?by=range&from={year}T07:10:12Z&to={day}T07:25:40Z": _MOST,
    "devices?": _MOST,
    "weather?from={year}&to={day}": _MOST,
}

_FIRST = "compare?from={year}&to={day}"


def rows(decade: Decade, cpu: Cpu, browser: Browser, rounds: int) -> Iterator[Row]:
    """Ask each question of a Tempo meter, and some of a producer with a roof, a car and a thermometer."""
    asked = [(question, most, 0) for question, most in QUESTIONS.items()]
    asked += [(question, most, 1) for question, most in OF_SOURCES.items()]
    cpu.settle(BETWEEN_STEPS)  # or what a monitor looks up after its start would count, too
    for question, most, meter in asked:
        ask = browser.asking(filled(question, decade.meters[meter], decade.start))
        (ours,) = in_turn(rounds, timed(cpu, ask, _CALLS))
        what = f"`{question.rstrip('?').format(day='DAY', next='NEXT', year='YEAR', first='FIRST')}`"
        what += ", three sources" if meter else ""
        yield Row(what=what, unit="ms of CPU", ours=ours, target=Target("≤", most), decides="min")
        yield Row(
            what=f"{what}, by the clock, back to back",
            unit="ms",
            ours=_back_to_back(ask),
            target=Target("≤", min(ours) + _BESIDES),
        )

    yield Row(
        what="`compare?from=YEAR&to=DAY`, asked for the first time: a year of minutes, ninety offers",
        unit="ms",
        ours=[_once(browser.asking(filled(_FIRST, decade.meters[0], decade.start, back=back))) for back in (1, 2, 3)],
        target=Target("≤", 1500),
    )


def _once(ask: Callable[[], object]) -> float:
    begun = time.monotonic()
    ask()
    return (time.monotonic() - begun) * 1000


def filled(question: str, meter: str, start: datetime, *, back: int = 0) -> str:
    """Return a question about a meter whose rollups start at an instant; its year begins so many days earlier."""
    last = END - timedelta(hours=1)
    days = {
        "first": f"{start:%Y-%m}",
        "day": (last - timedelta(days=1)).date().isoformat(),
        "next": last.date().isoformat(),
        "year": (last - timedelta(days=366 + back)).date().isoformat(),
    }
    of_meter = "" if question.startswith("meters") else f"&meter={meter}"
    return question.format(**days) + of_meter


def _back_to_back(ask: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(_BACK_TO_BACK):
        begun = time.monotonic()
        ask()
        times.append((time.monotonic() - begun) * 1000)
    return times
