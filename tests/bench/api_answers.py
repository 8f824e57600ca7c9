"""What each route of the API takes to answer on ten years: over HTTP, in CPU time of both sides and by the clock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.bench.cpu import Cpu, timed
from tests.bench.decade import Decade
from tests.bench.figures import Row, Target, in_turn
from tests.bench.monitor import Browser

_CALLS = 5
_MOST = 100  # ms of CPU
_BACK_TO_BACK = 40
#: What the page's places ask for, and the longest ranges; `{day}` is the last whole day, `{year}` a year before it.
QUESTIONS = (
    "meters?",
    "series?from={day}&to={next}",
    "series?from={day}&to={next}&align={year}",
    "series?from={day}T10:00:00Z&to={day}T12:00:00Z&points=8000",
    "series?from={year}&to={day}&points=1500",
    "energy?by=hour&from={day}&to={next}",
    "energy?by=day&from={year}&to={day}",
    "energy?by=month&from=2023&to={day}",
    "energy?by=range&from={day}T07:10:12Z&to={day}T07:25:40Z",
    "energy?by=range&from={year}T07:10:12Z&to={day}T07:25:40Z",
    "energy.csv?by=day&from={year}&to={day}",
    "events?",
    "peaks?from={year}&to={day}",
    "peaks?",
    "baseload?from={year}&to={day}",
    "baseload?",
    "profile?from={year}&to={day}",
    "profile?by=weekday&from={year}&to={day}",
    "tempo?",
    "compare?from={year}&to={day}",
)


def rows(decade: Decade, cpu: Cpu, browser: Browser, rounds: int) -> list[Row]:
    """Ask each question of a Tempo meter."""
    ((identifier,),) = decade.query("SELECT identifier FROM meters WHERE id = %s", decade.meters[0])

    def asking(question: str) -> Callable[[], object]:
        whole = filled(question, identifier, decade.end)
        return lambda: browser.ask(whole)

    found = []
    for question in QUESTIONS:
        (ours,) = in_turn(rounds, timed(cpu, asking(question), _CALLS))
        what = f"`{question.rstrip('?').format(day='DAY', next='NEXT', year='YEAR')}`"
        target = Target("≤", _MOST)
        found.append(Row(what=what, unit="ms of CPU", ours=ours, target=target, decides="min"))
        found.append(Row(what="… by the clock, back to back", unit="ms", ours=_back_to_back(asking(question))))
    return found


def filled(question: str, meter: str, end: datetime) -> str:
    """Return a question about a meter, whose frames end at an instant."""
    now = end - timedelta(hours=1)
    days = {
        "day": (now - timedelta(days=1)).date().isoformat(),
        "next": now.date().isoformat(),
        "year": (now - timedelta(days=366)).date().isoformat(),
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
