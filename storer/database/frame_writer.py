"""Writes frames: one transaction a batch, each frame once, however often it comes."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from common.database import Connection, Database
from common.errors import Conflict, DatabaseError, InvalidRow, PartitionMissing, Unclassified
from common.frame import Frame
from common.tally import Tally
from storer.database.ids import add_label_set, add_meter, find_label_sets, find_meters
from storer.database.rejected import RejectedMessages, Rejection
from storer.database.rows import COLUMNS, Row, RowEncoder
from storer.database.schema import make_partitions

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOKS = 10  # at the numbers of meters and label sets, while other storers add theirs
TRIES = 3  # failures of one batch with an unclassified number after which the row at fault is looked for

_INSERT_FRAME = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {', '.join(COLUMNS)})"  # noqa: S608 - our own names
    f" VALUES (%s, %s, %s, {', '.join(['%s'] * len(COLUMNS))})"
    " ON DUPLICATE KEY UPDATE meter_id = meter_id"
)
_SELECT_FRAMES = f"SELECT timestamp, meter_id, label_set_id, {', '.join(COLUMNS)} FROM frames"  # noqa: S608 - our own names
_ANOTHER = "another frame is stored under the same meter and timestamp"
# A row like the newest one; it is rolled back. Where it fails too, no row is at fault.
_PROBE = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {', '.join(COLUMNS)})"  # noqa: S608 - our own names
    f" SELECT timestamp + INTERVAL 1 MICROSECOND, meter_id, label_set_id, {', '.join(COLUMNS)} FROM frames"
    " ORDER BY timestamp DESC LIMIT 1"
)


# A tally may come late, twice, or after one that counted further: the highest number stays.
_INSERT_TALLY = (
    "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE frames = GREATEST(frames, VALUES(frames))"
)


def write_tallies(connection: Connection, rows: Sequence[tuple[int, Tally]]) -> None:
    """Write tallies, each with its meter's number, inside the caller's transaction. Safe to repeat.

    Raises:
        BadRow: the database cannot hold one of the values; none of the rows is certain then.
        DatabaseError: the database is away, or refuses us.
    """
    connection.execute_many(
        _INSERT_TALLY, [(_hour_text(tally.hour), meter_id, tally.reader, tally.frames) for meter_id, tally in rows]
    )


def _hour_text(hour: datetime) -> str:
    # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
    return hour.replace(tzinfo=None).isoformat(" ", "seconds")


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch; a frame that was neither stored nor rejected was there already."""

    stored: int
    reasons: list[str | None]  # for each frame: why it was rejected, None if the table holds it

    def __add__(self, other: "WriteResult") -> "WriteResult":
        return WriteResult(self.stored + other.stored, self.reasons + other.reasons)


@dataclass(frozen=True, slots=True)
class _Session:
    """One connection, and what is known of the database as long as it lives."""

    connection: Connection
    rejected: RejectedMessages


class FrameStore:
    """The tables of one database, over one connection at a time.

    Nothing that was read from the database outlives its connection: it may go back to an earlier state meanwhile.
    """

    def __init__(self, database: Database) -> None:
        self.new_meters = 0
        """Meters that were given a number."""
        self.new_label_sets = 0
        """Label sets that were written."""
        self._database = database
        self._session: _Session | None = None
        self._packer = RowEncoder()
        self._unclassified = 0  # failures of the same write, one after the other, with a number that we do not know

    def write(self, frames: Sequence[Frame]) -> WriteResult:
        """Write a batch, committed when this returns; return what became of its frames.

        A batch that fails with an unclassified number each time is divided after TRIES times. A frame that fails alone,
        again and again, while the table takes other rows, is rejected.

        Raises:
            Away: nothing is certain; write the batch again, frames that are there already are not doubled.
            Refused: a right is missing.
        """
        rows = [self._packer.encode_row(frame) for frame in frames]
        if not rows:
            return WriteResult(0, [])
        with self._counted(), self._ready() as session:
            try:
                return self._write_or_divide(session.connection, rows)
            except PartitionMissing as error:
                made = make_partitions(session.connection, datetime.now(UTC))
                log.warning("%s; made %s", error, ", ".join(made) or "p_later")
                return self._write_or_divide(session.connection, rows)

    def write_tallies(self, tallies: Sequence[Tally]) -> list[str | None]:
        """Write tallies, committed when this returns; return why each was rejected, None if it was not.

        Raises:
            DatabaseError: as `write` does.
        """
        reasons: list[str | None] = []
        with self._counted():
            for tally in tallies:  # one an hour and meter: no need for batches
                with self._ready() as session:
                    reasons.append(self._write_tally(session.connection, tally))
        return reasons

    def record_rejections(self, rejections: Sequence[Rejection]) -> int:
        """Keep what could not be stored, once per topic and content; return how many there was no room for.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as session:
            return session.rejected.record(rejections)

    def run(self, action: Callable[[Connection], T]) -> T:
        """Do something else over the same connection.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as session:
            return action(session.connection)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as session:
            session.connection.query("SELECT 1")

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            self._session.connection.close()
        self._session = None

    @contextlib.contextmanager
    def _ready(self) -> Iterator[_Session]:
        """Give the connection; after an error it is not used again."""
        try:
            if self._session is None:
                connection = self._database.connect()
                self._session = _Session(connection, RejectedMessages(connection))
            yield self._session
        except DatabaseError:
            self.close()
            raise

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count failures with an unclassified number that come one after the other."""
        try:
            yield
        except Unclassified:
            self._unclassified += 1
            raise
        except DatabaseError:
            self._unclassified = 0  # of the connection: the row has nothing to do with it
            raise
        self._unclassified = 0

    def _write_or_divide(self, connection: Connection, rows: Sequence[Row]) -> WriteResult:
        if self._unclassified < TRIES:
            return self._write(connection, rows)
        written, suspects = self._divide(connection, rows)
        if not suspects:
            return written
        _check_takes_rows(connection, suspects[0][1])
        reasons = list(written.reasons)
        stored = written.stored
        for place, _ in suspects:  # once more, now that the table is known to take rows
            try:
                again = self._write(connection, [rows[place]])
            except Unclassified as error:
                reasons[place] = str(error)
            else:
                stored += again.stored
                reasons[place] = again.reasons[0]
        return WriteResult(stored, reasons)

    def _divide(
        self, connection: Connection, rows: Sequence[Row], begin: int = 0
    ) -> tuple[WriteResult, list[tuple[int, Unclassified]]]:
        """Write what can be written; return also the places of the rows that fail alone, with the error of each."""
        try:
            return self._write(connection, rows), []
        except Unclassified as error:
            if len(rows) == 1:
                return WriteResult(0, [None]), [(begin, error)]
            half = len(rows) // 2
            first, suspects = self._divide(connection, rows[:half], begin)
            second, more = self._divide(connection, rows[half:], begin + half)
            return first + second, suspects + more

    def _write(self, connection: Connection, rows: Sequence[Row]) -> WriteResult:
        try:
            return self._write_all(connection, rows)
        except InvalidRow as error:
            if len(rows) == 1:
                return WriteResult(0, [str(error)])
            half = len(rows) // 2
            return self._write(connection, rows[:half]) + self._write(connection, rows[half:])

    def _write_all(self, connection: Connection, rows: Sequence[Row]) -> WriteResult:
        label_sets = {row.label_set.digest: row.label_set for row in rows}
        identifiers = {row.meter for row in rows}
        for _ in range(_LOOKS):
            # Numbers are looked up in the transaction of the rows that use them: no table is replaced in between.
            with connection.transaction():
                meters = find_meters(connection, identifiers)
                sets = find_label_sets(connection, label_sets)
                if len(meters) == len(identifiers) and len(sets) == len(label_sets):
                    return self._insert(connection, [_frame_row(row, meters, sets) for row in rows])
            # Meters and label sets are committed on their own, before the rows that point at them.
            for identifier in sorted(identifiers - meters.keys()):
                self.new_meters += add_meter(connection, identifier)
            for digest in label_sets.keys() - sets.keys():
                self.new_label_sets += add_label_set(connection, label_sets[digest])
        raise Conflict("database: other storers give numbers to meters at the same time")

    def _insert(self, connection: Connection, tuples: Sequence[tuple[object, ...]]) -> WriteResult:
        stored = connection.execute_many(_INSERT_FRAME, tuples)
        if stored == len(tuples):
            return WriteResult(stored, [None] * len(tuples))
        return WriteResult(stored, self._compare(connection, tuples))

    def _compare(self, connection: Connection, tuples: Sequence[tuple[object, ...]]) -> list[str | None]:
        """Say which frames are not what the table holds under their identity."""
        instants = sorted({str(row[0]) for row in tuples})
        held: dict[tuple[object, object], tuple[object, ...]] = {
            (_text(timestamp), rest[0]): tuple(rest)
            for timestamp, *rest in connection.query(
                f"{_SELECT_FRAMES} WHERE timestamp IN ({', '.join(['%s'] * len(instants))})", instants
            )
        }
        return [None if held.get((row[0], row[1])) == row[1:] else _ANOTHER for row in tuples]

    def _write_tally(self, connection: Connection, tally: Tally) -> str | None:
        try:
            for _ in range(_LOOKS):
                with connection.transaction():
                    meters = find_meters(connection, [tally.meter])
                    if meters:
                        write_tallies(connection, [(meters[tally.meter], tally)])
                        return None
                self.new_meters += add_meter(connection, tally.meter)
        except InvalidRow as error:
            return str(error)
        except Unclassified as error:
            if self._unclassified < TRIES:
                raise
            connection.query("SELECT 1")  # the connection is not at fault
            return str(error)
        raise Conflict("database: other storers give numbers to meters at the same time")


def _check_takes_rows(connection: Connection, error: Unclassified) -> None:
    """Raise `error` if the table takes no other row either: then no row is at fault."""
    try:
        connection.execute("START TRANSACTION")
        taken = connection.execute(_PROBE)
        connection.execute("ROLLBACK")
    except (InvalidRow, PartitionMissing, Unclassified):
        taken = 0
    if not taken:
        raise error


def _frame_row(row: Row, meters: Mapping[str, int], sets: Mapping[bytes, int]) -> tuple[object, ...]:
    return (_text(row.timestamp), meters[row.meter], sets[row.label_set.digest], *row.columns)


def _text(instant: datetime) -> str:
    # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")
