"""How fast ten years of three meters answer: each route of the API, over HTTP."""

import contextlib
import gzip
import http.client
import json
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.bench.decade import END, SERVER_OPTIONS, Decade, Size, make
from tests.bench.figures import Row, Target
from tests.bench.process import resident
from tests.bench.report import Section
from tests.support.programs import Service
from tests.support.servers import HOST, Broker, Database, free_port

_HOW = """\
Rollups of ten years of three meters, one of them with a roof, a car and a thermometer, made by `tests/bench/decade.py`.
The routes of the API are asked over HTTP, on one connection that stays open, back to back."""
_SETTLED = 5.0  # seconds: what a monitor looks up after its start would count, too
_MOST = 100  # ms
#: What the page's places ask for, and the longest ranges, with the most ms; `{day}` is the last whole day,
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
    "interval?from={year}T07:10:12Z&to={day}T07:25:40Z": _MOST,
    "energy.csv?by=day&from={year}&to={day}": _MOST,
    "events?": _MOST,
    "peaks?": _MOST,
    "baseload?": _MOST,
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
    "energy?by=day&from={year}&to={day}": _MOST,
    "energy?by=month&from={first}&to={day}": _MOST,
    "devices?": _MOST,
    "weather?from={year}&to={day}": _MOST,
}
_FIRST = "compare?from={year}&to={day}"


def measure(quick: bool) -> Section:
    """Make the database, and ask."""
    size = Size(days=7, copies=10) if quick else Size()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleinfo-bench-")))
        server = stack.enter_context(Database(folder / "database", options=SERVER_OPTIONS))
        decade = make(server, size)
        broker = stack.enter_context(Broker(folder / "broker"))
        port = free_port()
        settings = {
            "listen": {"port": port},
            "auth": "none",
            "mqtt": {"host": broker.host, "port": broker.port},
            "database": server.login,
        }
        monitor = stack.enter_context(Service("monitor", folder, settings))
        monitor.start().wait_for_log("The page is at", "[Cc]onnected")
        time.sleep(_SETTLED)
        memory = Row(what="monitor, memory", unit="MB", ours=[resident(monitor.pid)], target=Target("≤", 60))
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        stack.callback(connection.close)
        return Section("ten_years", _HOW, [memory, *_rows(decade, connection, 5 if quick else 40)])


def _rows(decade: Decade, connection: http.client.HTTPConnection, calls: int) -> Iterator[Row]:
    """Ask each question of a Tempo meter, and some of a producer with a roof, a car and a thermometer."""
    asked = [(question, most, 0) for question, most in QUESTIONS.items()]
    asked += [(question, most, 1) for question, most in OF_SOURCES.items()]
    for question, most, meter in asked:
        full = _filled(question, decade.meters[meter], decade.start)
        body = _ask(connection, full)
        if b'"start":[]' in body:
            raise RuntimeError(f"{full}: nothing in the answer")
        what = f"`{question.rstrip('?').format(day='DAY', next='NEXT', year='YEAR', first='FIRST')}`"
        yield Row(
            what=what + (", three sources" if meter else ""),
            unit="ms",
            ours=[_took(connection, full) for _ in range(calls)],
            target=Target("≤", most),
            decides="min",
        )
    yield Row(
        what="`compare?from=YEAR&to=DAY`, asked for the first time: a year of minutes, ninety offers",
        unit="ms",
        ours=[_took(connection, _filled(_FIRST, decade.meters[0], decade.start, back=back)) for back in (1, 2, 3)],
        target=Target("≤", 1500),
    )


def _took(connection: http.client.HTTPConnection, question: str) -> float:
    begun = time.monotonic()
    _ask(connection, question)
    return (time.monotonic() - begun) * 1000


def _ask(connection: http.client.HTTPConnection, question: str) -> bytes:
    connection.request("GET", f"/api/v1/{question}", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{question}: {answer.status} {json.loads(body)['detail']}")
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _filled(question: str, meter: str, start: datetime, *, back: int = 0) -> str:
    """Return a question about a meter whose rollups start at an instant; its year begins so many days earlier."""
    last = END - timedelta(hours=1)
    days = {
        "first": f"{start:%Y-%m}",
        "day": (last - timedelta(days=1)).date().isoformat(),
        "next": last.date().isoformat(),
        "year": (last - timedelta(days=366 + back)).date().isoformat(),
    }
    return question.format(**days) + ("" if question.startswith("meters") else f"&meter={meter}")
