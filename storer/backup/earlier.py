"""What the file of a month has and the database may no longer have: frames and minutes, and what they refer to."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from common.database.mariadb import Connection
from common.errors import BackupError
from storer.backup.format import Table, Totals, Values, row_line
from storer.backup.numbers import Numbers
from storer.backup.scope import SHARED
from storer.backup.verify import parts


class EarlierFile:
    """The file of a month that is to be written again, which `check` has verified."""

    def __init__(self, connection: Connection, path: Path, tables: Mapping[str, Table]) -> None:
        """Compare its meters, label sets and sources with those of the database.

        Raises:
            BackupError: a number is that of another one there, or its tables have other columns.
        """
        self._path = path
        self._tables = tables
        self._numbers = Numbers(connection)
        self._only_here: dict[str, set[int]] = {name: set() for name in SHARED}
        for name in SHARED:
            for rows in self._read(name):
                missing = self._numbers.missing(tables[name], rows)
                self._only_here[name].update(self._ids(name, missing))

    @property
    def label_sets(self) -> set[int]:
        """Those of the database that the file has, too."""
        return self._numbers.known["label_sets"]

    @property
    def renumbered(self) -> bool:
        """Whether a meter or a source has another number in the database."""
        return self._numbers.differ("meters") or self._numbers.differ("sources")

    def rows(self, name: str) -> Iterator[Values]:
        """Yield the frames or minutes of the file, or the meters, label sets or sources that only it has."""
        table = self._tables[name]
        for block in self._read(name):
            rows = self._numbers.translate(table, block)
            if name in SHARED:
                here = self._only_here[name]
                yield from (row for row, number in zip(rows, self._ids(name, rows), strict=True) if number in here)
            else:
                yield from rows

    def _ids(self, name: str, rows: list[Values]) -> list[int]:
        place = list(self._tables[name].columns).index("id")
        return [row[place] for row in rows]

    def _read(self, name: str) -> Iterator[list[Values]]:
        """Yield the rows of a table in blocks, with the columns of the database."""
        table = places = None
        for part in parts(self._path):
            if isinstance(part, Table):
                if table is not None:
                    return
                if part.name == name:
                    table, places = part, self._places(part)
            elif isinstance(part, list) and table is not None and places is not None:
                yield [[None if place is None else row[place] for place in places] for row in part]

    def _places(self, table: Table) -> list[int | None]:
        ours, names = self._tables[table.name], list(table.columns)
        if not table.columns.items() <= ours.columns.items():
            raise BackupError(f"its {table.name.replace('_', ' ')} have columns that the database does not have")
        return [names.index(column) if column in names else None for column in ours.columns]


class Merged:
    """The lines of a table from the database, with those rows that only an earlier file has in between."""

    def __init__(self, table: Table, earlier: EarlierFile) -> None:
        self.sums: Totals = table.nothing  # of the rows that were added
        self._table = table
        self._places = [list(table.columns).index(name) for name in table.key]
        rows = earlier.rows(table.name)
        # Rarely a meter or source has another number than in the file: its rows are then elsewhere in the order.
        self._rows = iter(sorted(rows, key=self._key)) if earlier.renumbered else rows
        self._next = next(self._rows, None)

    def add(self, block: bytes) -> bytes:
        """Return lines of the database, and before them the rows of the file that belong there."""
        lines: list[bytes] = []
        added: list[Values] = []
        for line in block.splitlines(keepends=True):
            key = self._key(json.loads(line))
            while self._next is not None and (here := self._key(self._next)) <= key:
                if here != key:
                    self._take(lines, added)
                else:
                    self._next = next(self._rows, None)
            lines.append(line)
        self.sums += self._table.totals(added)
        return b"".join(lines)

    def rest(self) -> Iterator[bytes]:
        """Yield the rows of the file that are left, in blocks of lines."""
        while self._next is not None:
            lines: list[bytes] = []
            added: list[Values] = []
            while self._next is not None and len(added) < 1000:
                self._take(lines, added)
            self.sums += self._table.totals(added)
            yield b"".join(lines)

    def _take(self, lines: list[bytes], added: list[Values]) -> None:
        assert self._next is not None
        lines.append(row_line(self._next))
        added.append(self._next)
        self._next = next(self._rows, None)

    def _key(self, row: Values) -> tuple[object, ...]:
        return tuple(row[place] for place in self._places)
