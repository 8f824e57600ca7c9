"""How many bytes a frame takes on disk, label sets included, with arrival times as a host sees them."""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from common.contract.frame import Frame
from common.database.mariadb import Database as Client
from storer.database.schema import make_partitions, migrate
from storer.frames.store import FrameStore
from tests.bench.figures import Row, Target
from tests.bench.house import decoded
from tests.bench.report import Section
from tests.bench.rig import rig
from tests.support.arrivals import arriving, under_a_clear_sky
from tests.support.servers import Database
from tests.support.storing import client

_HOW = """\
A day of a simulated meter, a frame a second, written by the storer's own code. Arrival times vary as on a host: by a
slow wave of 70 ms and 4 ms of noise (standard deviation), then stamped by the reader's own code. Allocated blocks of
all tables of the database, less those of the empty database. Page compression needs a file system that punches
holes."""
DAY = datetime(2026, 11, 24, tzinfo=UTC)
_BATCH = 500


def measure(quick: bool) -> Section:
    """Store a day of each meter."""
    seconds = 3600 if quick else 86_400
    rows: list[Row] = []
    for kind, name, target, change in (
        ("standard-single-phase-tempo", "standard, one phase, Tempo", 22, None),
        ("standard-three-phase-producer", "standard, three phases, producer", 28, None),
        ("standard-three-phase-producer", "standard, three phases, producer, clear sky", None, under_a_clear_sky),
        ("historic-single-phase-hchp", "historic, one phase, HC/HP", None, None),
    ):
        rows += _stored(kind, name, None if target is None else Target("≤", target), seconds, change)
        if quick:
            break
    return Section("at_rest", _HOW, rows)


def _stored(
    kind: str,
    name: str,
    target: Target | None,
    seconds: int,
    change: Callable[[Iterable[Frame]], Iterator[Frame]] | None,
) -> list[Row]:
    with rig() as place:
        server = place.database()
        database = client(server)
        migrate(database)
        with contextlib.closing(database.connect()) as connection:
            make_partitions(connection, DAY)
        empty = allocated(server)
        frames: Iterable[Frame] = decoded(kind, DAY, seconds)
        source = arriving(frames if change is None else change(frames))
        _store(database, source)
        used = allocated(server)
        sets = int(server.sql(f"SELECT COUNT(*) FROM {server.name}.label_sets"))
    of_frames = {table for table in used if table.startswith("frames")}
    sizes = {table: used[table] - empty.get(table, 0) for table in used}
    frames_only = sum(sizes[table] for table in of_frames) / seconds
    return [
        Row(what=name, unit="bytes a frame", ours=[sum(sizes.values()) / seconds], target=target),
        Row(what=f"… of that, `frames` ({sets:,} label sets)", unit="bytes a frame", ours=[frames_only]),
    ]


def _store(database: Client, frames: Iterator[Frame]) -> None:
    with contextlib.closing(FrameStore(database)) as tables:
        while batch := list(itertools.islice(frames, _BATCH)):
            written = tables.write(batch)
            assert written.stored == len(batch), written.reasons


def allocated(server: Database) -> dict[str, int]:
    """Return the bytes on disk of each table, or partition of one, with all pages written."""
    listed = server.sql(f"SHOW FULL TABLES IN {server.name} WHERE Table_type = 'BASE TABLE'")
    tables = [line.split("\t")[0] for line in listed.splitlines()]
    # FOR EXPORT brings all pages to disk.
    server.sql(f"USE {server.name}; FLUSH TABLES {', '.join(tables)} FOR EXPORT; UNLOCK TABLES")
    folder = Path(server.sql("SELECT @@datadir").strip()) / server.name
    return {file.stem: file.stat().st_blocks * 512 for file in folder.glob("*.ibd")}
