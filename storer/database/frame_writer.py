"""Writes a batch of rows in one transaction, each frame once, and isolates the rows that the database cannot hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.database import Connection, sql_time
from common.errors import Conflict, InvalidRow, PartitionMissing, Unclassified
from storer.database.ids import LOOKUPS, AddedIds, add_label_set, add_meter, find_label_sets, find_meters
from storer.database.late_frames import LateFrames
from storer.database.rows import COLUMNS, Row

_NAMES = ", ".join(COLUMNS)
_MARKS = ", ".join(["%s"] * len(COLUMNS))
_INSERT = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {_NAMES})"  # noqa: S608 - our own names
    f" VALUES (%s, %s, %s, {_MARKS}) ON DUPLICATE KEY UPDATE meter_id = meter_id"
)
_INSERT_ONE = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {_NAMES})"  # noqa: S608 - our own names
    f" SELECT %s, m.id, s.id, {_MARKS} FROM meters AS m JOIN label_sets AS s"
    " WHERE m.identifier = %s AND s.digest = %s ON DUPLICATE KEY UPDATE meter_id = frames.meter_id"
)
_SELECT = f"SELECT timestamp, meter_id, label_set_id, {_NAMES} FROM frames"  # noqa: S608 - our own names
# A copy of the newest row, which is rolled back. If that fails too, the table is at fault and not a row.
_PROBE = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {_NAMES})"  # noqa: S608 - our own names
    f" SELECT timestamp + INTERVAL 1 MICROSECOND, meter_id, label_set_id, {_NAMES} FROM frames"
    " ORDER BY timestamp DESC LIMIT 1"
)
_DIFFERENT = "another frame is stored under the same meter and timestamp"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a batch; a frame that was neither stored nor rejected was in the table already."""

    stored: int
    reasons: list[str | None]  # for each frame: why it was rejected, None if the table holds it

    def __add__(self, other: "WriteResult") -> "WriteResult":
        return WriteResult(self.stored + other.stored, self.reasons + other.reasons)


class FrameWriter:
    """The table `frames`, over one connection."""

    def __init__(self, connection: Connection, added: AddedIds, late: LateFrames) -> None:
        """`added` counts the meters and label sets that are new; `late` marks the hours of late frames."""
        self._connection = connection
        self._late = late
        self._added = added

    def write(self, rows: Sequence[Row]) -> WriteResult:
        """Write rows, committed when this returns; those that the database cannot hold are rejected.

        Raises:
            Unclassified: an unknown error number; a row may be at fault.
            DatabaseError: the database is unavailable, or refuses the statement.
        """
        try:
            return self._write_all(rows)
        except InvalidRow as error:
            if len(rows) == 1:
                return WriteResult(0, [str(error)])
            half = len(rows) // 2
            return self.write(rows[:half]) + self.write(rows[half:])

    def write_isolating(self, rows: Sequence[Row]) -> WriteResult:
        """Write rows as `write` does, but reject rows that fail alone with an unknown error number.

        Raises:
            Unclassified: the table accepts no other row either.
            DatabaseError: as `write` does.
        """
        result, failed = self._divide(rows)
        if not failed:
            return result
        self._check_table(failed[0][1])
        reasons = list(result.reasons)
        stored = result.stored
        for place, _ in failed:  # once more, now that the table is known to accept rows
            try:
                again = self.write([rows[place]])
            except Unclassified as error:
                reasons[place] = str(error)
            else:
                stored += again.stored
                reasons[place] = again.reasons[0]
        return WriteResult(stored, reasons)

    def _divide(self, rows: Sequence[Row], begin: int = 0) -> tuple[WriteResult, list[tuple[int, Unclassified]]]:
        """Write what can be written; return also the places of the rows that fail alone, with their errors."""
        try:
            return self.write(rows), []
        except Unclassified as error:
            if len(rows) == 1:
                return WriteResult(0, [None]), [(begin, error)]
            half = len(rows) // 2
            first, failed = self._divide(rows[:half], begin)
            second, more = self._divide(rows[half:], begin + half)
            return first + second, failed + more

    def _check_table(self, error: Unclassified) -> None:
        """Raise `error` if the table does not accept a copy of its newest row either: then no row is at fault."""
        try:
            self._connection.execute("START TRANSACTION")
            accepted = self._connection.execute(_PROBE)
            self._connection.execute("ROLLBACK")
        except (InvalidRow, PartitionMissing, Unclassified):
            accepted = 0
        if not accepted:
            raise error

    def _write_all(self, rows: Sequence[Row]) -> WriteResult:
        late = self._late.hours(rows)
        if len(rows) == 1 and not late and self._write_one(rows[0]):
            return WriteResult(1, [None])
        label_sets = {row.label_set.digest: row.label_set for row in rows}
        identifiers = {row.meter for row in rows}
        for _ in range(LOOKUPS):
            # Ids are looked up in the transaction of the rows that use them: no table is replaced in between.
            with self._connection.transaction():
                meters = find_meters(self._connection, identifiers)
                sets = find_label_sets(self._connection, label_sets)
                if len(meters) == len(identifiers) and len(sets) == len(label_sets):
                    result = self._insert([_values(row, meters, sets) for row in rows])
                    if late and result.stored:
                        self._late.mark([(meters[meter], hour) for meter, hour in late])
                    return result
            # Meters and label sets are committed on their own, before the rows that refer to them.
            for identifier in sorted(identifiers - meters.keys()):
                self._added.meters += add_meter(self._connection, identifier)
            for digest in label_sets.keys() - sets.keys():
                self._added.label_sets += add_label_set(self._connection, label_sets[digest])
        raise Conflict("database: other storers add meters at the same time")

    def _write_one(self, row: Row) -> int:
        """Write a row in one statement, as nearly all are; return 0 if an id is missing or the frame is there."""
        values = (sql_time(row.timestamp), *row.columns, row.meter, row.label_set.digest)
        return self._connection.execute(_INSERT_ONE, values)

    def _insert(self, tuples: Sequence[tuple[object, ...]]) -> WriteResult:
        stored = self._connection.execute_many(_INSERT, tuples)
        if stored == len(tuples):
            return WriteResult(stored, [None] * len(tuples))
        return WriteResult(stored, self._compare(tuples))

    def _compare(self, tuples: Sequence[tuple[object, ...]]) -> list[str | None]:
        """Return a reason for each frame that differs from what the table holds under its identity."""
        times = sorted({str(row[0]) for row in tuples})
        held: dict[tuple[object, object], tuple[object, ...]] = {
            (sql_time(timestamp), rest[0]): tuple(rest)
            for timestamp, *rest in self._connection.query(
                f"{_SELECT} WHERE timestamp IN ({', '.join(['%s'] * len(times))})", times
            )
        }
        return [None if held.get((row[0], row[1])) == row[1:] else _DIFFERENT for row in tuples]


def _values(row: Row, meters: Mapping[str, int], sets: Mapping[bytes, int]) -> tuple[object, ...]:
    return (sql_time(row.timestamp), meters[row.meter], sets[row.label_set.digest], *row.columns)
