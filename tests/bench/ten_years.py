"""How fast ten years of three meters answer, over HTTP and in SQL, and whether more frames make that slower."""

import contextlib
import tempfile
from datetime import timedelta
from pathlib import Path

from common.database.mariadb import Connection, sql_time
from tests.bench import api_answers, monitor
from tests.bench.cpu import Cpu, timed
from tests.bench.decade import DAY, END, FRAMES_A_DAY, SERVER_OPTIONS, Decade, Size, add_frames, make
from tests.bench.figures import Row, Target, in_turn
from tests.bench.options import Options
from tests.bench.report import Section
from tests.support.servers import Broker, Database
from tests.support.storing import make_tables

_HOW = """\
Rollups of ten years of three meters, one of them with a roof, a car and a thermometer, made by `tests/bench/decade.py`,
and frames of a fourth, one a second. CPU time of the server and of the program, with all rows fetched: on a machine
that does nothing else it is the time of an answer from memory. The routes of the API are asked over HTTP, on one
connection that stays open; by the clock, an answer may take ten milliseconds more than its CPU time. *Flat*: the same
query on a table with a tenth of the frames, in a server of its own."""
_CALLS = 7

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


class Questions:
    """What is asked of one database, in SQL."""

    def __init__(self, connection: Connection, decade: Decade) -> None:
        self._connection = connection
        self._decade = decade

    def view(self) -> int:
        arguments = (self._decade.meters[0], sql_time(END - 30 * DAY), sql_time(END))
        return len(self._connection.query(_VIEW, arguments))

    def live(self) -> int:
        arguments = (sql_time(END - timedelta(minutes=10)), sql_time(END), self._decade.frames_of)
        return len(self._connection.query(_LIVE, arguments))

    def last(self) -> int:
        return len(self._connection.query(_LAST, (self._decade.frames_of, sql_time(END - DAY))))

    def envelope(self) -> int:
        return len(self._connection.query(_ENVELOPE, (sql_time(END - DAY), sql_time(END), self._decade.frames_of)))


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
            "ten_years", _HOW, [*asked, *api_answers.rows(decades[0], Cpu(large, program.pid), browser, rounds)]
        )


def with_frames(server: Database, size: Size) -> Decade:
    """Fill the frames of a server only, a tenth of them, but a day at least."""
    database = make_tables(server, END)
    few = max(size.frames // 10, min(size.frames, FRAMES_A_DAY))
    return Decade(database, size.start, (), add_frames(database, few))


def ask(large: Decade, small: Decade, cpu: Cpu, small_cpu: Cpu, rounds: int) -> list[Row]:
    """Measure each question."""
    with (
        contextlib.closing(large.client.connect()) as connection,
        contextlib.closing(small.client.connect()) as other,
    ):
        one, of_few = Questions(connection, large), Questions(other, small)
        (month,) = in_turn(rounds, timed(cpu, one.view, _CALLS))
        rows = [Row(what="`energy_hours`: a month by day", unit="ms of CPU", ours=month, decides="min")]
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
