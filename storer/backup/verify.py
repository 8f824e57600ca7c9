"""Reads a whole backup and verifies that it can be restored."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.errors import BackupError
from common.plural import plural
from common.runtime.progress import NO_PROGRESS, Progress
from storer.backup.file import parse, read_blocks
from storer.backup.format import MAGIC, Header, Table, Totals, ValueKind, Values
from storer.backup.label_set_check import LabelSetChecker
from storer.backup.numbers import REFERENCES
from storer.backup.scope import TIME_COLUMNS
from storer.backup.tables import IN_FILES
from storer.database.id_set import IdSet
from storer.database.schema import LAST_BEFORE, is_of_before, newest_version

#: Columns that the verification reads.
_NEEDED: Mapping[str, Mapping[str, ValueKind]] = {
    "meters": {"id": ValueKind.INT, "identifier": ValueKind.TEXT},
    "label_sets": {"id": ValueKind.INT, "digest": ValueKind.BINARY, "content": ValueKind.TEXT},
    **{name: {column: ValueKind.TIMESTAMP} for name, column in TIME_COLUMNS.items()},
}
Rows = list[Values]


@dataclass(slots=True)
class Contents:
    """What a complete backup contains."""

    header: Header
    tables: dict[str, Totals] = field(default_factory=dict)
    first: datetime | None = None  # timestamp of the oldest frame
    months: dict[str, Counter[str]] = field(default_factory=dict)  # by table: its rows by month, such as 2026-10
    warnings: list[str] = field(default_factory=list)  # problems that the saved database had already
    problems: list[str] = field(default_factory=list)  # of `backup`: what it could not save

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(totals.rows for totals in self.tables.values())

    @property
    def frames(self) -> Counter[str]:
        """Frames by month."""
        return self.months.get("frames", Counter())


def check(path: Path, name: Path | None = None, progress: Progress = NO_PROGRESS) -> Contents:
    """Verify a backup: its checksum, each row, the server's sums, and references between tables.

    `name` is the file's name for error messages, if that is not its path.

    Raises:
        BackupError: it is damaged, incomplete, not a backup, or of a newer program.
    """
    try:
        return _check(path, progress)
    except BackupError as error:
        raise BackupError(f"{name or path}: {error}") from error


def read_header(path: Path) -> Header:
    """Return the header of a backup; the rest of the file is not read.

    Raises:
        BackupError: not a backup, or it is damaged there.
    """
    header = next(parts(path))
    assert isinstance(header, Header)
    return header


def parts(path: Path) -> Iterator[Header | Table | Rows | Totals]:
    """Yield the parts of a backup: a header; for each table its structure, its rows in blocks, and its totals.

    Raises:
        BackupError: as `check` does, but rows are not verified. Some errors come only after the last part.
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
    raise BackupError("damaged: a line of an unknown kind")


def _check(path: Path, progress: Progress) -> Contents:
    source = parts(path)
    header = next(source)
    assert isinstance(header, Header)
    if header.schema > newest_version():
        raise BackupError(
            f"its tables have version {header.schema}, this program supports up to {newest_version()}:"
            " update the storer"
        )
    if is_of_before(header.schema):
        raise BackupError(
            f"its tables have version {header.schema}, from before the first release: restore it with commit"
            f" {LAST_BEFORE}, the last that reads them"
        )
    contents = Contents(header)
    verifier = _Verifier(contents, progress)
    for part in source:
        if isinstance(part, Table):
            verifier.begin(part)
        elif isinstance(part, list):
            verifier.check_rows(part)
        elif isinstance(part, Totals):
            verifier.end(part)
    return contents


class _Verifier:
    """Checks each row of a backup."""

    def __init__(self, contents: Contents, progress: Progress) -> None:
        self._contents = contents
        self._progress = progress
        self._expected: Iterator[str] = iter(IN_FILES)
        self._ids = {name: IdSet() for name in IN_FILES}
        self._label_sets = LabelSetChecker()

    def begin(self, table: Table) -> None:
        self._expected = itertools.dropwhile(table.name.__ne__, self._expected)
        if next(self._expected, None) is None:
            raise BackupError(f"damaged: {table.name} is out of order, or not a table of the storer")
        time = TIME_COLUMNS.get(table.name)
        if (
            not _NEEDED.get(table.name, {}).items() <= table.columns.items()
            or (time is not None and time not in table.key)
            or any(table.columns.get(name, ValueKind.INT) is not ValueKind.INT for name in ("id", *REFERENCES))
        ):
            raise BackupError(f"damaged: {table.name} lacks a column, or one is of another kind")
        self._table = table
        self._names = list(table.columns)
        self._key = [self._names.index(name) for name in table.key]
        self._last: tuple[Any, ...] | None = None
        self._sums = table.nothing
        self._dangling = 0

    def check_rows(self, rows: Rows) -> None:
        self._sums += self._table.totals(rows)
        self._progress.show("checking", self._table.name, self._sums.rows)
        keys = [tuple(row[place] for place in self._key) for row in rows]
        if any(None in key for key in keys):
            raise BackupError(f"damaged: a row of {self._table.name} has no key")
        if self._last is not None:
            keys.insert(0, self._last)
        if not all(one < other for one, other in itertools.pairwise(keys)):
            raise BackupError(f"damaged: a row of {self._table.name} is out of order")
        self._last = keys[-1]
        for name, values in zip(self._names, zip(*rows, strict=True), strict=True):
            if name in REFERENCES:
                known = self._ids[REFERENCES[name]]
                if missing := {number for number in set(values) if number is not None and number not in known}:
                    self._dangling += sum(number in missing for number in values)
            elif name == "id":
                self._ids[self._table.name].add(filter(None, values))
            if name == TIME_COLUMNS.get(self._table.name):
                self._contents.months.setdefault(self._table.name, Counter()).update(value[:7] for value in values)
        if self._table.name == "label_sets":
            for row in rows:
                self._contents.warnings += self._label_sets.check(dict(zip(self._names, row, strict=True)))
        if self._table.name == "frames" and self._contents.first is None:
            instant = min(row[self._names.index("timestamp")] for row in rows)
            self._contents.first = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    def end(self, totals: Totals) -> None:
        if self._sums != totals:
            raise BackupError(
                f"{self._table.name}: {self._sums.rows} rows, whose sums differ from those of the server's"
                f" {totals.rows} rows"
            )
        self._contents.tables[self._table.name] = totals
        if self._dangling:
            self._contents.warnings.append(
                f"{self._table.name}: {plural(self._dangling, 'row')} of a meter or a label set that does not exist"
            )
