"""The lines of a backup: JSON, arrays for rows and objects for everything else.

::

    {"teleinfo-storer": "backup", "format": 1, "schema": 2, ...}           Header
    {"table": "meters", "columns": {"id": "int", ...}, "key": ["id"]}      Table
    [1,"031961123456"]                                                     its rows, in the order of the key
    {"rows": 1, "sums": [2, 3042322353]}                                   Totals, as the server computed them
    ...
    {"tables": 5}                                                          the end

Times are text, in UTC; bytes are hexadecimal.
"""

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from common.errors import BackupError

FORMAT = 1
MAGIC = "teleinfo-storer"
_BACKUP = "backup"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times in a backup are UTC without an offset
_MICROSECOND = timedelta(microseconds=1)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?", re.ASCII)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Values = Sequence[Any]  # a row, or the values of one column


class ValueKind(StrEnum):
    """The type of a column's values."""

    INT = "int"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Header:
    """The origin of a backup."""

    schema: int  # the version of the tables
    taken: str  # the time of the snapshot
    database: str
    program: str  # the version of the storer
    server: str
    month: str | None = None  # the file has the rows of this month only, such as 2026-10
    open: tuple[tuple[str | None, str | None], ...] | None = None  # those of these periods only; None: of any time
    digest: str | None = None  # of a month: what its small tables held
    months: Mapping[str, int] | None = None  # that have a file of their own, which must have so many frames

    def line(self) -> bytes:
        """Return the first line of a backup."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return _line({MAGIC: _BACKUP, "format": FORMAT} | facts)

    @classmethod
    def read(cls, document: Any) -> Self:
        """Parse the first line.

        Raises:
            BackupError: not a backup, or one of a newer format.
        """
        if not isinstance(document, dict) or document.get(MAGIC) != _BACKUP:
            raise BackupError("not a backup of teleinfo-storer")
        if document.get("format") != FORMAT:
            raise BackupError(f"a backup of format {document.get('format')}, not {FORMAT}: update the storer")
        schema = document.get("schema")
        if type(schema) is not int:
            raise BackupError("damaged: the version of its tables is missing")
        rest = {name: str(document.get(name, "?")) for name in ("taken", "database", "program", "server")}
        month, periods, digest, months = (document.get(name) for name in ("month", "open", "digest", "months"))
        try:
            return cls(
                schema=schema,
                **rest,
                month=None if month is None else _month(month),
                open=None if periods is None else tuple((_limit(begin), _limit(end)) for begin, end in periods),
                digest=None if digest is None else str(digest),
                months=None if months is None else {_month(name): _count(rows) for name, rows in months.items()},
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise BackupError("damaged: what it covers cannot be read") from error


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of rows of a table, and for each column the sum described at `_SUMS`."""

    rows: int
    sums: tuple[int, ...]

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.rows + other.rows, tuple(map(sum, zip(self.sums, other.sums, strict=True))))

    def line(self) -> bytes:
        """Return the line after the rows of a table."""
        return _line({"rows": self.rows, "sums": self.sums})

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Parse that line.

        Raises:
            BackupError: it is damaged.
        """
        rows, sums = document.get("rows"), document.get("sums")
        if type(rows) is not int or not isinstance(sums, list) or set(map(type, sums)) - {int}:
            raise BackupError("damaged: the totals of a table cannot be read")
        return cls(rows, tuple(sums))


@dataclass(frozen=True, slots=True)
class Table:
    """The structure of a table."""

    name: str
    columns: Mapping[str, ValueKind]
    key: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether all values are numbers or times, which need no escaping."""
        return set(self.columns.values()) <= {ValueKind.INT, ValueKind.TIMESTAMP}

    @property
    def nothing(self) -> Totals:
        """The totals of no rows."""
        return Totals(0, (0,) * len(self.columns))

    def line(self) -> bytes:
        """Return the line before the rows."""
        return _line({"table": self.name, "columns": self.columns, "key": self.key})

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Parse that line.

        Raises:
            BackupError: it is damaged.
        """
        try:
            columns = {str(name): ValueKind(kind) for name, kind in document["columns"].items()}
            table = cls(str(document["table"]), columns, tuple(map(str, document["key"])))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise BackupError("damaged: the head of a table cannot be read") from error
        # The names become part of SQL statements.
        if not all(map(_NAME.fullmatch, (table.name, *columns))) or not table.key or not {*table.key} <= {*columns}:
            raise BackupError("damaged: the head of a table is invalid")
        return table

    def totals(self, rows: Sequence[Values]) -> Totals:
        """Compute the totals of rows.

        Raises:
            BackupError: a row does not match the columns of the table.
        """
        if not rows:
            return self.nothing
        if set(map(len, rows)) != {len(self.columns)}:
            raise BackupError(f"damaged: a row of {self.name} does not have {len(self.columns)} values")
        sums = []
        for (name, kind), values in zip(self.columns.items(), zip(*rows, strict=True), strict=True):
            present = [value for value in values if value is not None]
            try:
                sums.append(len(present) + _SUMS[kind](present))
            except (ValueError, TypeError, AttributeError) as error:
                raise BackupError(f"damaged: a value of {self.name}.{name} is not {kind}") from error
        return Totals(len(rows), tuple(sums))


def end_line(tables: int) -> bytes:
    """Return the last line."""
    return _line({"tables": tables})


def row_line(row: Values) -> bytes:
    """Return the line of a row."""
    return _line(row)


def _month(value: object) -> str:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise ValueError
    return value


def _limit(value: object) -> str | None:
    """Check a limit of a period: the start of a month, with its time."""
    if value is not None and (not isinstance(value, str) or not _MONTH.match(value)):
        raise ValueError
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _line(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _sum_numbers(values: Values) -> int:
    if set(map(type, values)) - {int}:
        raise ValueError
    return sum(values)


def _sum_times(values: Values) -> int:
    if not all(map(_TIME.fullmatch, values)):
        raise ValueError
    return sum([(datetime.fromisoformat(value) - _EPOCH) // _MICROSECOND for value in values])


def _sum_texts(values: Values) -> int:
    return sum([zlib.crc32(value.encode()) for value in values])


def _sum_bytes(values: Values) -> int:
    return sum([zlib.crc32(bytes.fromhex(value)) for value in values])


#: What is added up: numbers; times in microseconds since 1970; the CRC-32 of texts and bytes; plus one for each value
#: that is not NULL, to tell 0 from NULL. The server can compute all of it without sending a row.
_SUMS: Mapping[ValueKind, Callable[[Values], int]] = {
    ValueKind.INT: _sum_numbers,
    ValueKind.TIMESTAMP: _sum_times,
    ValueKind.TEXT: _sum_texts,
    ValueKind.BINARY: _sum_bytes,
}
