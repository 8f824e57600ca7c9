"""Makes a dump with `mariadb-dump` and loads one with `mariadb`: all tables, except for the months that have files."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from common.database.mariadb import Connection, Database, sql_time
from common.errors import BackupError
from storer.backup.folder import Reader, Writer, new_file, read_whole
from storer.backup.month_file import KINDS
from storer.database.months import next_month

#: Dumped first, in one snapshot: roll-ups, and how far they are.
FIRST = (
    *("tallies", "hours", "breaks", "imported_hours", "outside", "source_hours", "rejected_messages"),
    *("imports", "forgotten", "settings", "requests", "rollup_state"),
)
#: Dumped last, because rows of other tables refer to these.
LAST = ("meters", "sources", "late_hours")
_OPTIONS = (
    *("--single-transaction", "--skip-lock-tables", "--no-tablespaces", "--no-create-info", "--skip-triggers"),
    *("--skip-add-locks", "--skip-disable-keys", "--skip-comments", "--complete-insert", "--hex-blob"),
    *("--max-allowed-packet=64M", "--default-character-set=utf8mb4"),
)
_SANDBOX = b"/*M!999999"  # a line that older clients do not know
_CHANGED = "1412"  # a table was altered since the dump began
_ATTEMPTS = 3


def write_dump(
    database: Database, path: Path, closed: Callable[[], Iterable[datetime]], facts: Mapping[str, Any]
) -> None:
    """Dump everything but the frames and minutes of closed months, read it back; `facts` are in its last line.

    A storer goes on meanwhile, and each call of the client program has a snapshot of its own. So hours come first, and
    then minutes, frames, and marks of late hours: no roll-up has more frames than are there, and each frame that its
    roll-up lacks is newer than `up_to`, or marked. `closed` is asked after the hours: it returns the months whose files
    have the frames of these.

    Raises:
        BackupError: it cannot be made; or the file cannot be written.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with new_file(path) as (writer, part):
                _dump(database, writer, closed)
                writer.finish(facts)
                if read_whole(part) != facts:
                    raise BackupError(f"{path}: what was read back is not what was written")
        except _Changed as error:
            if attempt == _ATTEMPTS - 1:
                raise BackupError(str(error)) from error
        else:
            return


class _Changed(BackupError):
    """A table was altered meanwhile."""


def _dump(database: Database, writer: Writer, closed: Callable[[], Iterable[datetime]]) -> None:
    with _option_file(database) as options:
        _run_dump(database, options, writer, FIRST)
        months = sorted(closed())
        for table, time, _ in (KINDS["m"], KINDS["s"], KINDS["f"]):
            _run_dump(database, options, writer, [table], _outside(time, months))
        frames = f"SELECT label_set_id FROM frames WHERE {_outside('timestamp', months)}"  # noqa: S608 - our own names
        used = f"IN ({frames} UNION SELECT label_set_id FROM hours)"  # noqa: S608
        bases = f"SELECT base_id FROM label_sets WHERE id {used}"  # noqa: S608 - our own names
        _run_dump(database, options, writer, ["label_sets"], f"id {used} OR id IN ({bases})")
        _run_dump(database, options, writer, LAST)


def _outside(column: str, months: Iterable[datetime]) -> str:
    """Return a condition for all time but these months, which are in order."""
    spans: list[list[datetime]] = []
    for month in months:
        if spans and spans[-1][1] == month:
            spans[-1][1] = next_month(month)
        else:
            spans.append([month, next_month(month)])
    parts = [f"NOT ({column} >= '{sql_time(begin)}' AND {column} < '{sql_time(end)}')" for begin, end in spans]
    return " AND ".join(parts) or "1"


def _run_dump(database: Database, options: Path, writer: Writer, tables: Iterable[str], where: str = "1") -> None:
    command = [
        program("mariadb-dump"), f"--defaults-file={options}", *_OPTIONS, f"--where={where}", database.name, *tables
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        assert child.stdout is not None
        try:
            for line in child.stdout:
                if not line.startswith(_SANDBOX):
                    writer.write(line)
        except BaseException:
            child.kill()
            raise
        finally:
            child.stdout.close()
            code = child.wait()
        if code:
            text = _message(said, code)
            kind = _Changed if _CHANGED in text else BackupError
            raise kind(f"database {database.where}: the dump failed: {text}")


def load_dump(database: Database, path: Path) -> None:
    """Run the statements of a dump, whose file was checked before.

    Raises:
        BackupError: the server refuses them.
    """
    with _option_file(database) as options, tempfile.TemporaryFile() as said:
        command = [program("mariadb"), f"--defaults-file={options}", "--max-allowed-packet=64M", database.name]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin:
            for line in Reader(path):
                child.stdin.write(line)
        if code := child.wait():
            raise BackupError(f"database {database.where}: {path} was refused: {_message(said, code)}")


def _message(said: IO[bytes], code: int) -> str:
    said.seek(0)
    return said.read().decode(errors="replace").strip() or f"exit code {code}"


def program(name: str) -> str:
    """Return the path of a client program.

    Raises:
        BackupError: it is not installed.
    """
    if (path := shutil.which(name)) is None:
        raise BackupError(f"{name} is missing: install mariadb-client")
    return path


@contextlib.contextmanager
def _option_file(database: Database) -> Iterator[Path]:
    """Provide an option file that only we can read, which keeps the password off the command line."""
    descriptor, name = tempfile.mkstemp(prefix="teleinfo-", suffix=".cnf")  # of mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(database.client_options())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def is_empty(connection: Connection, table: str) -> bool:
    """Return whether a table has no rows."""
    return not connection.query(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - our own names
