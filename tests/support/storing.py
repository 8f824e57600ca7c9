"""Helpers for tests of the storer with a real database: its client, its tables, storing and exporting frames."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from common.contract.frame import Frame
from common.database.mariadb import Database, DatabaseConfig
from storer.commands import main
from storer.database.schema import Migration, make_partitions, migrate
from storer.export.frames import Selection, export
from storer.frames.store import FrameStore
from tests.support.programs import command_line, run_command, run_here
from tests.support.servers import Database as Server

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def more_steps() -> list[Migration]:
    """Return two steps as later versions may have them, 9001 and 9002; `of_9001` then has one row with these."""
    table = "CREATE TABLE of_9001 (id INT NOT NULL PRIMARY KEY);\nINSERT INTO of_9001 VALUES (9001);"
    column = "ALTER TABLE of_9001 ADD COLUMN later INT NOT NULL DEFAULT 9002;"
    return [Migration(9001, "table", table), Migration(9002, "column", column)]


def client(server: Server) -> Database:
    """Return a client of the server, as the storer has it."""
    return Database(
        DatabaseConfig(
            host=(server.host,), port=server.port, user=server.user, password=server.password, name=server.name
        )
    )


class StorerCommand:
    """The command `teleinfo-storer`, with a configuration for a database on this machine."""

    def __init__(self, folder: Path, port: int, password: str = "", name: str = "teleinfodb") -> None:
        self._file = folder / "storer.yaml"
        login = {"host": "127.0.0.1", "port": port, "password": password, "name": name}
        self._file.write_text(json.dumps({"database": login}))

    def line(self, word: str, *arguments: str | Path) -> list[str]:
        """Return the line that runs it."""
        return command_line("storer", word, "--config", self._file, *arguments)

    def __call__(self, word: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run it to its end: within this process, unless it would set up logging."""
        if word == "run":
            return run_command("storer", word, "--config", self._file, *arguments)
        return run_here(main, word, "--config", self._file, *arguments, **os.environ)


def make_tables(server: Server, now: datetime = NOW) -> Database:
    """Create the tables, with the partitions of `now`."""
    database = client(server)
    migrate(database)
    partition(database, now)
    return database


def partition(database: Database, now: datetime) -> list[str]:
    """Create the partitions that a storer creates at `now`."""
    with contextlib.closing(database.connect()) as connection:
        return make_partitions(connection, now)


def store(database: Database, frames: Iterable[Frame]) -> int:
    """Store frames in batches; return the number of new rows. None may be rejected."""
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
    """Return what `export` returns, as it was published."""
    return list(export(database, selection or Selection()))


def save_section(database: Database, name: str, value: Any) -> None:
    """Save a section of the settings, as the page does."""
    with contextlib.closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO settings (section, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value),"
            " version = version + 1, changed_at = UTC_TIMESTAMP(6)",
            (name, json.dumps(value)),
        )
