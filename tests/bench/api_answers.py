"""What each route of the API takes to answer on ten years, in CPU time of both sides."""

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from monitor.answers.answers import Answers
from monitor.api.call import Body, Call, Route
from monitor.api.parameters import range_of, read_parameters
from monitor.api.routes import ROUTES
from monitor.config import MonitorConfig
from monitor.prices.table import load_prices
from monitor.readings.memory import Memory
from tests.bench.cpu import Cpu, timed
from tests.bench.decade import Decade
from tests.bench.figures import Row, Target, in_turn

_CALLS = 5
_MOST = 100  # ms
#: What the page's places ask for, and the longest ranges; `{day}` is the last whole day, `{year}` a year before it.
QUESTIONS = (
    "meters?",
    "series?from={day}",
    "series?from={day}&align={year}",
    "series?from={day}T10:00:00Z&to={day}T12:00:00Z&points=8000",
    "series?from={year}&to={day}&points=1500",
    "energy?by=hour&from={day}",
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


def rows(decade: Decade, cpu: Cpu, rounds: int) -> list[Row]:
    """Ask each question of a Tempo meter; what is remembered of meters is shared, as in the server."""
    by_name = {route.name: route for route in ROUTES if isinstance(route, Route)}
    config, prices, memory = MonitorConfig(), load_prices(None, Path("/nonexistent")), Memory()
    now = decade.end - timedelta(hours=1)
    days = {
        "day": (now - timedelta(days=1)).date().isoformat(),
        "year": (now - timedelta(days=366)).date().isoformat(),
    }
    with contextlib.closing(decade.client.connect()) as connection:
        meters = Answers(connection, config, prices).meters()
        meter = next(meter for meter in meters if meter.number == decade.meters[0])

        def asking(question: str) -> Callable[[], None]:
            name, _, query = question.partition("?")
            parameters = read_parameters(query.format(**days), by_name[name].parameters)
            if name != "meters":
                parameters["meter"] = meter.identifier

            def ask() -> None:
                answers = Answers(connection, config, prices, memory=memory)
                found = by_name[name].answer(
                    Call(answers, config, parameters, range_of(parameters, config.time_zone), now)
                )
                if not isinstance(found, Body):
                    json.dumps(found)

            return ask

        found = []
        for question in QUESTIONS:
            (ours,) = in_turn(rounds, timed(cpu, asking(question), _CALLS))
            found.append(
                Row(
                    what=f"`{question.rstrip('?').format(day='DAY', year='YEAR')}`",
                    unit="ms of CPU",
                    ours=ours,
                    target=Target("≤", _MOST),
                    target_is_absolute=True,
                    decides="min",
                )
            )
    return found
