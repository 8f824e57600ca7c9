"""What the rollups cost beside storing, how fast a rebuild is, and what it does to a frame's commit."""

import contextlib
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles

from common.database.mariadb import Database, DatabaseConfig
from common.plural import plural
from storer.database.frame_store import FrameStore
from storer.database.rows import COLUMNS
from storer.database.schema import make_earlier_partitions
from storer.rollups.roller import MINUTE, Roller
from storer.rollups.state import request_rebuild
from tests.bench.cpu import Cpu
from tests.bench.figures import Row, Target, in_turn
from tests.bench.options import Options
from tests.bench.report import Section
from tests.support.frames import DAY, simulated
from tests.support.rollups import TABLES
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

_HOW = """\
One meter of standard mode, Tempo, a frame a second; a hundred meters are copies of it. Rolled up each minute, over
forty minutes. CPU time is that of the program and of the server together. A commit is that of a frame alone, two
hundred a second, while another process rebuilds without a pause."""
KIND = "standard-single-phase-tempo"
SECOND = timedelta(seconds=1)
MINUTES = 40
_ROW = f"label_set_id, {', '.join(COLUMNS)}"


def clear(server: Server) -> None:
    server.sql("".join(f"TRUNCATE {server.name}.{table};" for table in TABLES))


def cost_of_storing(server: Server, database: Database, cpu: Cpu, size: int) -> float:
    """Return the CPU seconds of storing a frame, in batches of a size."""
    clear(server)
    frames = list(simulated(KIND, 300 + 20 * size if size > 1 else 600, every=SECOND))
    with contextlib.closing(FrameStore(database, now=lambda: DAY)) as tables:
        tables.write(frames[:100])
        began = cpu.now()
        for begin in range(100, len(frames) - size + 1, size):
            tables.write(frames[begin : begin + size])
        return (cpu.now() - began) / ((len(frames) - 100) // size * size)


def cost_of_rolling(server: Server, database: Database, cpu: Cpu, meters: int) -> tuple[float, float]:
    """Return the CPU seconds of rolling up a frame, minute by minute; and the longest run in seconds of the clock."""
    clear(server)
    store(database, simulated(KIND, (MINUTES + 60) * 60, every=SECOND))
    server.sql(f"USE {server.name}; INSERT IGNORE INTO meters SELECT seq, LPAD(seq, 12, '0') FROM seq_1_to_{meters}")
    server.sql(f"USE {server.name}; CREATE OR REPLACE TABLE staged SELECT * FROM frames; TRUNCATE frames;")
    server.sql(f"USE {server.name}; UPDATE late_hours SET waiting = 0;")
    copy = (
        f"INSERT INTO frames (timestamp, meter_id, {_ROW}) SELECT timestamp, seq, {_ROW}"
        f" FROM staged JOIN seq_1_to_{meters} WHERE timestamp >= %s AND timestamp < %s"
    )
    spent, longest = 0.0, 0.0
    with contextlib.closing(database.connect()) as connection:
        now = DAY + timedelta(minutes=20, seconds=10)
        connection.execute(copy, (DAY.replace(tzinfo=None), now.replace(tzinfo=None)))
        roller = Roller(connection, "bench", overlap=timedelta(0), now=lambda: now)
        roller.run()
        for _ in range(MINUTES):
            connection.execute(copy, (now.replace(tzinfo=None), (now + MINUTE).replace(tzinfo=None)))
            now += MINUTE
            cpu.settle()  # or what the copies leave to do would count as rolling up
            began, wall = cpu.now(), time.perf_counter()
            roller.run()
            longest = max(longest, time.perf_counter() - wall)
            cpu.settle()
            spent += cpu.now() - began
    return spent / (MINUTES * 60 * meters), longest


def days(server: Server, database: Database, count: int) -> int:
    """Fill the table with whole days of one meter, a frame a second; return how many frames."""
    clear(server)
    store(database, simulated(KIND, 86400, every=SECOND))
    for day in range(1, count):
        server.sql(
            f"USE {server.name}; INSERT INTO frames (timestamp, meter_id, {_ROW})"
            f" SELECT timestamp - INTERVAL {day} DAY, meter_id, {_ROW} FROM frames WHERE timestamp >= '{DAY:%Y-%m-%d}'"
        )
    server.sql(f"USE {server.name}; UPDATE late_hours SET waiting = 0;")
    return 86400 * count


def rebuild_all(database: Database, frames: int, cpu: Callable[[], float]) -> tuple[float, float]:
    """Rebuild everything; return frames a second of the clock and of CPU time."""
    now = DAY + timedelta(days=2)
    with contextlib.closing(database.connect()) as connection:
        roller = Roller(connection, "bench", by_force=True, now=lambda: now)
        roller.run()
        request_rebuild(connection)
        began, wall, seen = cpu(), time.perf_counter(), 0
        while step := roller.rebuild():
            seen += step.frames
    assert seen >= frames, (seen, frames)
    return frames / (time.perf_counter() - wall), frames / (cpu() - began)


def commits(database: Database, busy: Callable[[], bool]) -> list[float]:
    """Store single frames for as long as `busy`; return how long each took, in milliseconds."""
    times = []
    with contextlib.closing(FrameStore(database, now=lambda: DAY + timedelta(days=2))) as tables:
        for frame in simulated(KIND, 100_000, every=SECOND, start=DAY + timedelta(days=2), seed=5):
            began = time.perf_counter()
            tables.write([frame])
            times.append((time.perf_counter() - began) * 1000)
            if not busy():
                return times
            time.sleep(0.005)  # the pace of some live meters
    return times


def _rebuild_for_ever(port: int, password: str) -> None:
    """In a process of its own: rebuild, over and over, until killed."""
    database = Database(DatabaseConfig(host=("127.0.0.1",), port=port, password=password))
    while True:
        rebuild_all(database, 1, time.process_time)


def measure(options: Options) -> Section:
    """Measure on a server of its own."""
    rounds = 1 if options.quick else 3
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        database = make_tables(server, DAY)
        cpu = Cpu(server)
        with contextlib.closing(database.connect()) as connection:
            make_earlier_partitions(connection, DAY - timedelta(days=40))
        rows = []
        for meters, size, most in ((1, 1, 0.1), (1, 60, None), (100, 500, 0.3)):
            rows.append(_cost(server, database, cpu, rounds, meters, size, most))
        frames = days(server, database, 1 if options.quick else 3)
        speeds = [rebuild_all(database, frames, cpu.now) for _ in range(rounds)]
        for what, number in (("rebuild", 0), ("rebuild, for each second of CPU time", 1)):
            rows.append(
                Row(
                    what=what,
                    unit="frames/s",
                    ours=[speed[number] for speed in speeds],
                    target=Target("≥", 100_000),
                    target_is_absolute=True,
                )
            )
        rows += _beside_a_rebuild(server, database, 5 if options.quick else 20)
    return Section("rollups", _HOW, rows)


def _cost(server: Server, database: Database, cpu: Cpu, rounds: int, meters: int, size: int, most: float | None) -> Row:
    rolling, storing = in_turn(
        rounds,
        lambda: cost_of_rolling(server, database, cpu, meters)[0] * 1e6,
        lambda: cost_of_storing(server, database, cpu, size) * 1e6,
    )
    return Row(
        what=f"rolling up {plural(meters, 'meter')}",
        unit="µs of CPU a frame",
        ours=rolling,
        against=f"storing in batches of {size}",
        theirs=storing,
        target=None if most is None else Target("≤", most),
        decides="min",
    )


def _beside_a_rebuild(server: Server, database: Database, seconds: int) -> list[Row]:
    deadline = time.monotonic() + seconds
    alone = commits(database, lambda: time.monotonic() < deadline)
    process = get_context("spawn").Process(target=_rebuild_for_ever, args=(server.port, server.password))
    process.start()
    try:
        time.sleep(2)  # it has begun
        deadline = time.monotonic() + seconds
        beside = commits(database, lambda: time.monotonic() < deadline)
    finally:
        process.kill()
        process.join()
    return [
        Row(
            what="a frame's commit beside a rebuild, median",
            unit="ms",
            ours=[median(beside)],
            against="alone",
            theirs=[median(alone)],
        ),
        Row(
            what="… 99 % under",
            unit="ms",
            ours=[quantiles(beside, n=100)[98]],
            against="alone",
            theirs=[quantiles(alone, n=100)[98]],
            target=Target("≤", 10),
            target_is_absolute=True,
        ),
    ]
