"""The files in a folder of backups: their names, and a format that shows whether a file is complete.

Each is gzip with lines; the last line has a summary and the SHA-256 of the lines before.
"""

import contextlib
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.errors import BackupError
from common.settings.file_errors import reason

_PART = ".part"
_MONTH = re.compile(r"(.+)-(\d{4}-(?:0[1-9]|1[0-2]))\.month\.gz", re.ASCII)
_DUMP = re.compile(r"(.+)-(\d{4}-\d\d-\d\dT\d{6}Z)\.sql\.gz", re.ASCII)
_END = b"-- end "  # a comment in SQL
_STAMP = "%Y-%m-%dT%H%M%SZ"


class Folder:
    """The backups of one database in a folder."""

    def __init__(self, path: Path, database: str | None = None) -> None:
        """Look into a folder; without a name, for the only database that it has backups of.

        Raises:
            BackupError: it cannot be read, or has backups of several databases.
        """
        try:
            self._names = sorted(entry.name for entry in path.iterdir())
        except OSError as error:
            raise BackupError(f"{path}: cannot be read: {reason(error)}") from error
        self.path = path
        found = {match[1] for name in self._names for match in (_MONTH.fullmatch(name), _DUMP.fullmatch(name)) if match}
        if database is None and len(found) > 1:
            raise BackupError(f"{path}: has backups of several databases: {', '.join(sorted(found))}")
        self.database = database or next(iter(found), "")

    @property
    def earlier(self) -> int:
        """How many files of the previous format there are."""
        return sum(name.endswith(".jsonl.gz") for name in self._names)

    def remove_unfinished(self) -> None:
        """Remove the unfinished files of backups that were killed; only one backup runs at a time."""
        for name in self._names:
            if name.startswith(f"{self.database}-") and name.endswith(_PART):
                with contextlib.suppress(OSError):
                    (self.path / name).unlink()

    def months(self) -> dict[datetime, Path]:
        """Return the files of months."""
        return self._files(_MONTH, "%Y-%m")

    def dumps(self) -> dict[datetime, Path]:
        """Return the dumps, the newest last."""
        return self._files(_DUMP, _STAMP)

    def _files(self, name: re.Pattern[str], form: str) -> dict[datetime, Path]:
        matches = filter(None, map(name.fullmatch, self._names))
        return {
            datetime.strptime(match[2], form).replace(tzinfo=UTC): self.path / match[0]
            for match in matches
            if match[1] == self.database
        }

    def month(self, month: datetime) -> Path:
        """Return the file of a month."""
        return self.path / f"{self.database}-{month:%Y-%m}.month.gz"

    def dump(self, taken: datetime) -> Path:
        """Return the file of a dump."""
        return self.path / f"{self.database}-{taken:{_STAMP}}.sql.gz"


class Writer:
    """Writes lines to a new file."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(path, flags, 0o600), "wb")
        if not os.geteuid():  # a person, with sudo: the storer must be able to read it
            owner = path.parent.stat()
            with contextlib.suppress(OSError):  # a network share may not allow it
                os.fchown(self._file.fileno(), owner.st_uid, owner.st_gid)
        self._gzip = gzip.GzipFile("", "wb", 6, self._file, 0)
        self._digest = hashlib.sha256()

    def write(self, lines: bytes) -> None:
        """Write whole lines."""
        self._digest.update(lines)
        self._gzip.write(lines)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the last line, and bring all of it to the disk."""
        end = json.dumps({**facts, "sha256": self._digest.hexdigest()}, separators=(",", ":"))
        self._gzip.write(_END + end.encode() + b"\n")
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, whatever its state."""
        with contextlib.suppress(OSError):
            self._gzip.close()
        with contextlib.suppress(OSError):
            self._file.close()


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[tuple[Writer, Path]]:
    """Provide a writer, and where the file is meanwhile; it gets its name at the end, if nothing was raised.

    Raises:
        BackupError: it cannot be written.
    """
    part = path.with_name(path.name + _PART)
    try:
        part.unlink(missing_ok=True)
        writer = Writer(part)
        try:
            yield writer, part
        finally:
            writer.close()
        part.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise BackupError(f"{path}: cannot be written: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


class Reader:
    """Iterates over the lines of a file; `facts` of its last line are there once all were read.

    Raises:
        BackupError: while iterating: it cannot be read, or is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.facts: dict[str, Any] = {}

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        end = None
        try:
            with gzip.open(self._path, "rb") as file:
                for line in file:
                    if end is not None:
                        raise BackupError(f"{self._path}: damaged: it goes on after its end")
                    if line.startswith(_END):
                        end = json.loads(line.removeprefix(_END))
                        continue
                    digest.update(line)
                    yield line
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise BackupError(f"{self._path}: damaged, or cannot be read: {error}") from error
        if not isinstance(end, dict) or end.pop("sha256", None) != digest.hexdigest():
            raise BackupError(f"{self._path}: damaged: its content is not what was written")
        self.facts = end


def read_whole(path: Path) -> dict[str, Any]:
    """Read a file to its end; return the summary in its last line.

    Raises:
        BackupError: it cannot be read, or is not what was written.
    """
    reader = Reader(path)
    for _ in reader:
        pass
    return reader.facts


def read_header(path: Path) -> dict[str, Any] | None:
    """Return the first line of a month's file, None if that is not one."""
    try:
        with gzip.open(path, "rb") as file:
            header = json.loads(file.readline())
    except (OSError, EOFError, zlib.error, ValueError):
        return None
    return header if isinstance(header, dict) else None
