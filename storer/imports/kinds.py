"""The kinds of imports, and how each is read."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from common.contract.requests import FETCHED
from common.database.mariadb import Connection
from common.errors import ConfigError, FileRefused
from common.settings.file_errors import reason
from storer.imports.conso import parse_conso
from storer.imports.edf import parse_edf
from storer.imports.enedis import parse_enedis, parse_index
from storer.imports.home_assistant import Series, SqliteFile, is_sqlite, open_bytes, open_file, read_home_assistant
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed
from storer.imports.original import read_original
from storer.imports.plain import parse_plain
from storer.imports.text import MAX_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of the command line for reading."""

    meter: str
    clock: LocalClock
    series: Series
    connection: Connection | None = None  # to the storer's own server
    local: bool = False  # times of the original program's table are local, stored as if they were UTC
    progress: Callable[[float, int], None] = lambda *_: None


#: What each kind is, for people.
KINDS: Mapping[str, str] = {
    "enedis": "load curve or days downloaded from Enedis, CSV or XLSX",
    "enedis-index": "daily indexes of Enedis, CSV",
    "conso": "answers of Conso API, as the monitor fetches them, JSON",
    "edf": "half-hours, days, months or indexes downloaded from EDF, each CSV or the whole zip",
    "home-assistant": "long-term statistics of Home Assistant",
    "original": "the table of the original program, [DATABASE.]TABLE",
    "csv": "a plain file: start,register,wh",
}
PARSERS: Mapping[str, Callable[[bytes, LocalClock], Parsed]] = {
    "enedis": parse_enedis,
    "enedis-index": parse_index,
    "conso": parse_conso,
    "edf": parse_edf,
    "csv": parse_plain,
}
#: Kinds whose newer values replace those that the same kind brought before: the service corrects them.
CORRECTING = frozenset({FETCHED})
#: Files that are recognised; days of EDF have the columns of days of Enedis, too.
_RECOGNISED = ("home-assistant", "conso", "csv", "enedis-index", "edf", "enedis")


class NotRecognised(ConfigError):
    """A file is of none of the kinds that are recognised."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, its name for people, and the digest that identifies it."""

    name: str
    parsed: Parsed
    digest: bytes


def read_content(kind: str, where: str, asked: Request) -> Content:
    """Read a file, a file of SQLite, or a table of the storer's own server.

    Raises:
        ConfigError: it cannot be opened, or the command line lacks something.
        FileRefused: it is of another kind, or something in it is not to be believed.
    """
    if kind == "original":
        assert asked.connection is not None
        parsed = read_original(
            asked.connection, where, asked.meter, asked.clock, local=asked.local, progress=asked.progress
        )
        return _of_database(where, parsed)
    file = Path(where)
    try:
        with file.open("rb") as opened:
            data = opened.read(16)
            database = is_sqlite(data)
            data += b"" if database else opened.read(MAX_SIZE)
    except OSError as error:
        raise ConfigError(f"{where} cannot be read: {reason(error)}") from error
    if database and kind not in PARSERS:
        return _of_database(file.name, _read_home_assistant(open_file(file), asked))
    return parse_content(kind, where, data, asked)


def parse_content(kind: str, where: str, data: bytes, asked: Request) -> Content:
    """Read the bytes of a file whose name, or path, is `where`.

    Raises:
        ConfigError: what is to be read of it is not clear.
        FileRefused: it is of another kind, or something in it is not to be believed.
    """
    database, parse = is_sqlite(data), PARSERS.get(kind)
    if database and parse is None:
        return _of_database(where, _read_home_assistant(open_bytes(data), asked))
    if len(data) > MAX_SIZE:
        raise FileRefused(f"it has more than {MAX_SIZE // 1_000_000} MB, which none of these files has")
    if database or parse is None:
        wanted = "a file of SQLite" if parse is None else "a text file"
        raise FileRefused(f"it is of another kind: {kind} is read from {wanted}")
    return Content(Path(where).name, parse(data, asked.clock), hashlib.sha256(data).digest())


def recognise(where: str, read: Callable[[str], Content]) -> tuple[str, Content]:
    """Return the kind of a file, and its content; `read` reads it as one of a kind.

    Raises:
        ConfigError: the file cannot be opened, or is of none of the kinds that are recognised.
        FileRefused: it is of such a kind, and something in it is not to be believed.
    """
    wrong = []
    for kind in _RECOGNISED:
        try:
            return kind, read(kind)
        except FileRefused as error:
            if str(error).startswith("line "):  # its columns were right
                wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    raise NotRecognised(f"{where} is not recognised: write its kind, import KIND {where}; kinds: {', '.join(KINDS)}")


def _read_home_assistant(opened: AbstractContextManager[SqliteFile], asked: Request) -> Parsed:
    try:
        with opened as source:
            return read_home_assistant(source, asked.series)
    except (ValueError, OverflowError) as error:
        raise FileRefused(
            "a time or a value in the database cannot be read: it is damaged, or of another version"
        ) from error


def _of_database(name: str, parsed: Parsed) -> Content:
    # A database grows, and its file differs with each write: what was read is what counts.
    digest = hashlib.sha256("\n".join(map(str, sorted(parsed.periods))).encode())
    return Content(name, parsed, digest.digest())
