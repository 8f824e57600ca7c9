"""What tests of the storer need of a real database: its client, its tables, frames in them and out again."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from common.frame import Frame
from demo.servers import Database as Server
from storer.config import DatabaseConfig
from storer.database.connection import Database
from storer.database.frame_store import FrameStore
from storer.database.schema import make_partitions, migrate
from storer.export import Selection, export

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def client(server: Server) -> Database:
    """Reach the server as the storer does."""
    return Database(
        DatabaseConfig(
            host=(server.host,), port=server.port, user=server.user, password=server.password, name=server.name
        )
    )


def make_tables(server: Server, now: datetime = NOW) -> Database:
    """Make the tables, with the partitions of `now`."""
    database = client(server)
    migrate(database)
    partition(database, now)
    return database


def partition(database: Database, now: datetime) -> list[str]:
    """Make the partitions that a storer makes at `now`."""
    with contextlib.closing(database.connect()) as connection:
        return make_partitions(connection, now)


def store(database: Database, frames: Iterable[Frame]) -> int:
    """Store frames in batches; return how many rows that made. None may be rejected."""
    count = 0
    with contextlib.closing(FrameStore(database)) as tables:
        source = iter(frames)
        while batch := list(islice(source, 500)):
            written = tables.write(batch)
            assert set(written.reasons) == {None}
            count += written.stored
    return count


def query(database: Database, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in one session; return the rows of the last."""
    with contextlib.closing(database.connect()) as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        return [tuple(row) for row in connection.query(statements[-1])]


def exported(database: Database, selection: Selection | None = None) -> list[bytes]:
    """Return what `export` gives back, as it was published."""
    return [frame.to_json() for frame in export(database, selection or Selection())]
