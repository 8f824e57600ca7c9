"""The numbers of meters, label sets and sources: a file's may be other ones in the database, for the same thing.

A label set that no frame had any more is deleted, and gets another number when the meter says the same again.
"""

from collections.abc import Mapping, Sequence

from common.database.mariadb import Connection
from common.errors import BackupError
from storer.backup.format import Table, Values
from storer.backup.tables import id_ranges

#: What a row is, whatever its number: unique in its table. And how a query returns it as a backup has it.
_IDENTITY: Mapping[str, tuple[str, str]] = {
    "meters": ("identifier", "`identifier`"),
    "label_sets": ("digest", "LOWER(HEX(`digest`))"),
    "sources": ("name", "`name`"),
}
#: Columns that refer to the number of a row in another table.
REFERENCES: Mapping[str, str] = {
    "meter_id": "meters",
    "label_set_id": "label_sets",
    "base_id": "label_sets",
    "source_id": "sources",
}
_AT_ONCE = 1000


class Numbers:
    """Translates the rows of one file to the numbers of a database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._other: dict[str, dict[object, int]] = {name: {} for name in _IDENTITY}
        self.known: dict[str, set[int]] = {name: set() for name in _IDENTITY}  # rows of the file that the database has

    def missing(self, table: Table, rows: Sequence[Values]) -> list[Values]:
        """Return those meters, label sets or sources of the file that the database does not have.

        Raises:
            BackupError: a number is that of another one there.
        """
        return [row for begin in range(0, len(rows), _AT_ONCE) for row in self._missing(table, rows[begin:][:_AT_ONCE])]

    def _missing(self, table: Table, rows: Sequence[Values]) -> list[Values]:
        column, expression = _IDENTITY[table.name]
        names = list(table.columns)
        place, identity = names.index("id"), names.index(column)
        values = [str(row[identity]) for row in rows]
        marks = ", ".join(["UNHEX(%s)" if column == "digest" else "%s"] * len(values))
        by_value = {
            str(value): int(number)
            for number, value in self._connection.query(
                f"SELECT id, {expression} FROM `{table.name}` WHERE `{column}` IN ({marks})",  # noqa: S608 - our own names
                values,
            )
        }
        by_number: dict[int, str] = {}
        for where, numbers in id_ranges([int(str(row[place])) for row in rows]):
            sql = f"SELECT id, {expression} FROM `{table.name}` WHERE {where}"  # noqa: S608 - our own names
            by_number |= {int(number): str(value) for number, value in self._connection.query(sql, numbers)}
        missing: list[Values] = []
        for row, value in zip(rows, values, strict=True):
            number = int(str(row[place]))
            if (there := by_value.get(value)) is not None:
                self.known[table.name].add(there)
                if there != number:
                    self._other[table.name][number] = there
            elif number in by_number:
                what = table.name.replace("_", " ").removesuffix("s")
                raise BackupError(
                    f"{what} {number} is another one than in the database: they are of different databases, or of one"
                    " that was set back in between"
                )
            else:
                missing.append(row)
        return missing

    def differ(self, table: str) -> bool:
        """Return whether a row of the file has another number in the database."""
        return bool(self._other[table])

    def translate(self, table: Table, rows: Sequence[Values]) -> list[Values]:
        """Return rows with the numbers that the database has for what they refer to."""
        places = [
            (place, other)
            for place, name in enumerate(table.columns)
            if (other := self._other.get(REFERENCES.get(name, "")))
        ]
        if not places:
            return list(rows)
        translated: list[Values] = []
        for row in rows:
            new = list(row)
            for place, other in places:
                new[place] = other.get(new[place], new[place])
            translated.append(new)
        return translated
