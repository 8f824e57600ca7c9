"""Reads a backup whole, and says whether it can be restored."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.errors import BackupError, MessageError
from common.plural import plural
from storer.backup.file import parse, read_blocks
from storer.backup.format import MAGIC, Header, Kind, Table, Totals, Values
from storer.backup.progress import NO_PROGRESS, Progress
from storer.backup.tables import TABLES
from storer.database.rows import COLUMNS, decode_row, digest_of
from storer.database.schema import newest_version

#: Columns that point at a number in another table.
_POINTERS: Mapping[str, str] = {"meter_id": "meters", "label_set_id": "label_sets"}
#: Columns that this check reads.
_NEEDED: Mapping[str, Mapping[str, Kind]] = {
    "label_sets": {"id": Kind.INT, "digest": Kind.BINARY, "content": Kind.TEXT},
    "frames": {"timestamp": Kind.TIMESTAMP},
}
_MANY = 1 << 16  # numbers that share an array of bits

Rows = list[Values]


@dataclass(slots=True)
class Contents:
    """What was found in a backup that is whole."""

    header: Header
    tables: dict[str, Totals] = field(default_factory=dict)
    first: datetime | None = None  # the oldest frame
    warnings: list[str] = field(default_factory=list)  # wrong already in the database that was saved


def check(path: Path, name: Path | None = None, progress: Progress = NO_PROGRESS) -> Contents:
    """Read a backup to its end: its checksum, each row, the sums that the server gave for it, and what rows point at.

    `name` is how people know the file, where that is not its path.

    Raises:
        BackupError: it is damaged, a part, no backup, or of a newer program.
    """
    try:
        return _check(path, progress)
    except BackupError as error:
        raise BackupError(f"{name or path}: {error}") from error


def parts(path: Path) -> Iterator[Header | Table | Rows | Totals]:
    """Yield what a backup consists of: a header; for each table its shape, its rows some at a time, and its totals.

    Raises:
        BackupError: as `check`, though without what the rows mean; only after the last part is all of it known.
    """
    tables = 0
    expected: tuple[type, ...] = (Header,)
    for lines in read_blocks(path):
        for mark, run in itertools.groupby(lines, key=lambda line: line[:1]):
            documents = parse(list(run))
            for part in [_rows(documents)] if mark == b"[" else map(_read, documents):
                if not isinstance(part, expected):
                    raise BackupError(
                        "not a backup of teleinfo-storer" if Header in expected else "damaged: lines are missing"
                    )
                if isinstance(part, int):
                    if part != tables:
                        raise BackupError("damaged: a table is missing")
                    expected = ()
                    continue
                expected = (list, Totals) if isinstance(part, Table | list) else (Table, int)
                tables += isinstance(part, Totals)
                yield part
    if expected:
        raise BackupError("damaged: its end is missing")


def _rows(documents: list[Any]) -> Rows:
    if set(map(type, documents)) != {list}:
        raise BackupError("damaged: a row cannot be read")
    return documents


def _read(document: object) -> Header | Table | Totals | int:
    if isinstance(document, dict):
        if MAGIC in document:
            return Header.read(document)
        if "table" in document:
            return Table.read(document)
        if "rows" in document:
            return Totals.read(document)
        if type(document.get("tables")) is int:
            return int(document["tables"])
    raise BackupError("damaged: a line says nothing that is known")


def _check(path: Path, progress: Progress) -> Contents:
    source = parts(path)
    header = next(source)
    assert isinstance(header, Header)
    if header.schema > newest_version():
        raise BackupError(
            f"its tables are of version {header.schema}, this program knows {newest_version()}: update the storer"
        )
    contents = Contents(header)
    judge = _Judge(contents, progress)
    for part in source:
        if isinstance(part, Table):
            judge.begin(part)
        elif isinstance(part, list):
            judge.take(part)
        elif isinstance(part, Totals):
            judge.end(part)
    return contents


class _Judge:
    """Looks at each row of a backup."""

    def __init__(self, contents: Contents, progress: Progress) -> None:
        self._contents = contents
        self._progress = progress
        self._left: Iterator[str] = iter(TABLES)
        self._numbers = {name: _Numbers() for name in TABLES}

    def begin(self, table: Table) -> None:
        self._left = itertools.dropwhile(table.name.__ne__, self._left)
        if next(self._left, None) is None:
            raise BackupError(f"damaged: {table.name} is not in its place, or is no table of the storer")
        if not _NEEDED.get(table.name, {}).items() <= table.columns.items():
            raise BackupError(f"damaged: {table.name} lacks a column")
        self._table = table
        self._names = list(table.columns)
        self._key = [self._names.index(name) for name in table.key]
        self._last: tuple[Any, ...] | None = None
        self._sums = table.nothing
        self._lost = 0

    def take(self, rows: Rows) -> None:
        self._sums += self._table.totals(rows)
        self._progress.show("checking", self._table.name, self._sums.rows)
        keys = [tuple(row[place] for place in self._key) for row in rows]
        if any(None in key for key in keys):
            raise BackupError(f"damaged: a row of {self._table.name} has no key")
        if self._last is not None:
            keys.insert(0, self._last)
        if not all(one < other for one, other in itertools.pairwise(keys)):
            raise BackupError(f"damaged: a row of {self._table.name} is not in its place")
        self._last = keys[-1]
        for name, values in zip(self._names, zip(*rows, strict=True), strict=True):
            if name in _POINTERS:
                self._lost += self._numbers[_POINTERS[name]].count_missing(values)
            elif name == "id":
                self._numbers[self._table.name].add(values)
        if self._table.name == "label_sets":
            for row in rows:
                self._check_label_set(dict(zip(self._names, row, strict=True)))
        if self._table.name == "frames" and self._contents.first is None:
            instant = str(dict(zip(self._names, rows[0], strict=True))["timestamp"])
            self._contents.first = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    def end(self, totals: Totals) -> None:
        if self._sums != totals:
            raise BackupError(
                f"{self._table.name} has {self._sums.rows} rows with other sums than the {totals.rows} of the server"
            )
        self._contents.tables[self._table.name] = totals
        if self._lost:
            self._contents.warnings.append(
                f"{self._table.name}: {plural(self._lost, 'row')} of a meter or a label set that does not exist"
            )

    def _check_label_set(self, row: dict[str, object]) -> None:
        """A frame must come out of it, whatever its columns are."""
        content = str(row["content"])
        if digest_of(content).hex() != row["digest"]:
            self._contents.warnings.append(f"the label set {row['id']} is not what its digest says")
        try:
            decode_row(datetime(2000, 1, 1, tzinfo=UTC), "", (None,) * len(COLUMNS), json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, MessageError):
            self._contents.warnings.append(f"the label set {row['id']} cannot be read: its frames are not whole")


class _Numbers:
    """A set of numbers that may be millions: a bit for each."""

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}

    def add(self, numbers: Iterable[int | None]) -> None:
        for number in filter(None, numbers):
            high, low = divmod(number, _MANY)
            self._bits.setdefault(high, bytearray(_MANY // 8))[low // 8] |= 1 << low % 8

    def count_missing(self, numbers: Values) -> int:
        missing = {number for number in set(numbers) if number not in self}
        return sum(number in missing for number in numbers) if missing else 0

    def __contains__(self, number: int | None) -> bool:
        high, low = divmod(number or 0, _MANY)
        return high in self._bits and bool(self._bits[high][low // 8] >> low % 8 & 1)
