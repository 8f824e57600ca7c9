"""How fast ten years of three meters answer, and whether more frames make that slower.

Energy is asked for as the monitor does, by `EnergyReader`, then each route of the API over HTTP; all else in plain SQL.
"""

import contextlib
import itertools
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection, sql_time
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.imported_hours import ImportedHours
from monitor.readings.meter_contracts import Contracts
from monitor.readings.power import Power
from tests.bench import api_answers, monitor
from tests.bench.cpu import Cpu, timed
from tests.bench.decade import FRAMES_A_DAY, SERVER_OPTIONS, Decade, Size, add_frames, make
from tests.bench.figures import Row, Target, in_turn
from tests.bench.options import Options
from tests.bench.report import Section
from tests.support.servers import Broker, Database
from tests.support.storing import make_tables

_HOW = """\
Rollups of ten years of three meters, made by `tests/bench/decade.py`, and frames of a fourth, one a second. CPU time of
the server and of the program, with all rows fetched: on a machine that does nothing else it is the time of an answer
from memory. The routes of the API are asked over HTTP, on one connection that stays open. *Flat*: the same query on a
table with a tenth of the frames, in a server of its own."""
PARIS = ZoneInfo("Europe/Paris")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_CALLS = 7

_MINUTES = (
    "SELECT minute, power_min, power_mean, power_max, supplier, total_last FROM minutes"
    " WHERE meter_id = %s AND minute >= %s AND minute < %s"
)
_LIVE = (
    "SELECT timestamp, power, current_1, voltage_1 FROM frames"
    " WHERE timestamp >= %s AND timestamp < %s AND meter_id = %s"
)
_LAST = (
    "SELECT timestamp, power, index_total FROM frames WHERE meter_id = %s AND timestamp >= %s"
    " ORDER BY timestamp DESC LIMIT 1"
)
_ENVELOPE = (
    "SELECT UNIX_TIMESTAMP(timestamp) DIV 43 AS slice, MIN(power), MAX(power) FROM frames"
    " WHERE timestamp >= %s AND timestamp < %s AND meter_id = %s GROUP BY slice"
)
_VIEW = (
    "SELECT DATE(hour), SUM(drawn_kwh), SUM(supplier_1_kwh), SUM(supplier_2_kwh) FROM energy_hours"
    " WHERE meter = %s AND hour >= %s AND hour < %s GROUP BY DATE(hour)"
)


def days(end: datetime, count: int) -> list[datetime]:
    """Return the local midnights of some days before an instant."""
    last = end.astimezone(PARIS).date()
    return [midnight(last - timedelta(days=count - number)) for number in range(count + 1)]


def months(end: datetime, count: int) -> list[datetime]:
    """Return the local beginnings of some months before an instant."""
    last = end.astimezone(PARIS)
    numbers = [last.year * 12 + last.month - 1 - count + number for number in range(count + 1)]
    return [midnight(date(number // 12, number % 12 + 1, 1)) for number in numbers]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(ZoneInfo("UTC"))


class Questions:
    """What is asked of one database."""

    def __init__(self, connection: Connection, decade: Decade) -> None:
        self._connection = connection
        self._decade = decade
        self._hours = Hours(connection)
        self._energy = EnergyReader(self._hours, ImportedHours(connection), Contracts(connection), Power(connection))
        self._meters: list[Meter] = [meter for meter in self._hours.meters() if meter.number in decade.meters]
        self._number = itertools.count()

    def day_of_minutes(self) -> int:
        meter, start = self._any_meter(), self._any_day()
        return len(self._connection.query(_MINUTES, (meter.number, sql_time(start), sql_time(start + DAY))))

    def year_by_day(self) -> int:
        return self._sum(days(self._decade.end - next(self._number) % 300 * DAY, 365))

    def decade_by_month(self) -> int:
        return self._sum(months(self._decade.end, 118))

    def readings_by_day(self) -> int:
        return self._readings(days(self._decade.end - next(self._number) % 300 * DAY, 365))

    def readings_by_month(self) -> int:
        return self._readings(months(self._decade.end, 118))

    def view(self) -> int:
        meter, end = self._any_meter(), self._any_day()
        return len(self._connection.query(_VIEW, (meter.identifier, sql_time(end - 30 * DAY), sql_time(end))))

    def live(self) -> int:
        end = self._decade.end
        arguments = (sql_time(end - timedelta(minutes=10)), sql_time(end), self._decade.frames_of)
        return len(self._connection.query(_LIVE, arguments))

    def last(self) -> int:
        return len(self._connection.query(_LAST, (self._decade.frames_of, sql_time(self._decade.end - DAY))))

    def envelope(self) -> int:
        end = self._decade.end
        return len(self._connection.query(_ENVELOPE, (sql_time(end - DAY), sql_time(end), self._decade.frames_of)))

    def coverage(self) -> int:
        meter = self._any_meter()
        return len(self._hours.presence.covered(meter.number, months(self._decade.end, 118)))

    def _readings(self, boundaries: list[datetime]) -> int:
        meter = self._any_meter()
        self._hours.breaks(meter.number, boundaries[0], boundaries[-1])
        return len(self._hours.readings_at(meter, boundaries))

    def _sum(self, boundaries: list[datetime]) -> int:
        found = self._energy.energy(self._any_meter(), boundaries, self._decade.end)
        assert len(found) == len(boundaries) - 1
        return len(found)

    def _any_meter(self) -> Meter:
        return self._meters[next(self._number) % len(self._meters)]

    def _any_day(self) -> datetime:
        return self._decade.end - (next(self._number) * 37 % 300 + 1) * DAY


def measure(options: Options) -> Section:
    """Make the database, and ask."""
    size = Size(days=7, copies=10, frames=3600) if options.quick else Size(frames=options.frames)
    rounds = 2 if options.quick else 5
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleinfo-bench-")))
        large = stack.enter_context(Database(folder / "large", options=SERVER_OPTIONS))
        small = stack.enter_context(Database(folder / "small", options=SERVER_OPTIONS))
        decades = make(large, size), with_frames(small, size)
        asked = ask(*decades, Cpu(large), Cpu(small), rounds)
        broker = stack.enter_context(Broker(folder / "broker"))
        program = stack.enter_context(monitor.start(large, folder, broker))
        browser = stack.enter_context(monitor.browser(program))
        return Section(
            "ten_years", _HOW, asked + api_answers.rows(decades[0], Cpu(large, program.pid), browser, rounds)
        )


def with_frames(server: Database, size: Size) -> Decade:
    """Fill the frames of a server only, a tenth of them, but a day at least."""
    database = make_tables(server, size.end)
    few = max(size.frames // 10, min(size.frames, FRAMES_A_DAY))
    return Decade(database, size.end, (), add_frames(database, size.end, few))


def ask(large: Decade, small: Decade, cpu: Cpu, small_cpu: Cpu, rounds: int) -> list[Row]:
    """Measure each question."""
    with (
        contextlib.closing(large.client.connect()) as connection,
        contextlib.closing(small.client.connect()) as other,
    ):
        one, of_few = Questions(connection, large), Questions(other, small)
        rows = []
        for what, work, most in (
            ("a day of minutes", one.day_of_minutes, 30),
            ("a year by day, all registers: readings and breaks", one.readings_by_day, 20),
            ("ten years by month, all registers: readings and breaks", one.readings_by_month, 30),
            ("a year by day, by `EnergyReader`: also contracts, coverage, gaps", one.year_by_day, 20),
            ("ten years by month, by `EnergyReader`", one.decade_by_month, 30),
            ("… of that, coverage", one.coverage, None),
            ("`energy_hours`: a month by day", one.view, None),
        ):
            (ours,) = in_turn(rounds, timed(cpu, work, _CALLS))
            target = None if most is None else Target("≤", most)
            rows.append(
                Row(what=what, unit="ms of CPU", ours=ours, target=target, target_is_absolute=True, decides="min")
            )
        for what, work, with_few in (
            ("flat: ten minutes of frames", one.live, of_few.live),
            ("flat: the last frame", one.last, of_few.last),
            ("flat: envelope of a day of frames", one.envelope, of_few.envelope),
        ):
            ours, theirs = in_turn(rounds, timed(cpu, work, _CALLS), timed(small_cpu, with_few, _CALLS))
            rows.append(
                Row(
                    what=what,
                    unit="ms of CPU",
                    ours=ours,
                    against="a tenth of the frames",
                    theirs=theirs,
                    target=Target("≤", 1.3),
                    decides="min",
                )
            )
    return rows
