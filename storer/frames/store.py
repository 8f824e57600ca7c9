"""Writes frames, tallies and rejected messages over one connection at a time; a batch in one transaction, each once.

What the database cannot hold is isolated: a batch that fails is divided until the row at fault stands alone.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from common.contract.frame import Frame
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database, sql_time
from common.errors import Conflict, DatabaseError, InvalidRow, PartitionMissing, Unclassified
from storer.database.literals import literal, literals
from storer.database.meters import LOOKUPS, add_meters, find_meters
from storer.database.schema import make_partitions
from storer.frames.label_sets import LabelSetWriter, find_label_sets
from storer.frames.late import LateFrames, ServerClock
from storer.frames.rejected import RejectedMessages, Rejection
from storer.frames.rows import COLUMNS, Row, RowEncoder
from storer.frames.tallies import write_tallies

_NAMES = ", ".join(COLUMNS)
_ROWS = 1000  # of one INSERT: at most some 400 kB, of the 16 MB that MariaDB accepts
_SELECT = f"SELECT timestamp, meter_id, label_set_id, {_NAMES} FROM frames"  # noqa: S608 - our own names
# A copy of the newest row, which is rolled back. If that fails too, the table is at fault and not a row.
_PROBE = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {_NAMES})"  # noqa: S608 - our own names
    f" SELECT timestamp + INTERVAL 1 MICROSECOND, meter_id, label_set_id, {_NAMES} FROM frames"
    " ORDER BY timestamp DESC LIMIT 1"
)
_DIFFERENT = "another frame is stored under the same meter and timestamp"
log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 3  # consecutive failures with an unclassified error number after which the row at fault is isolated


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a batch; a frame that was neither stored nor rejected was in the table already."""

    stored: int
    reasons: list[str | None]  # for each frame: why it was rejected, None if the table holds it

    def __add__(self, other: "WriteResult") -> "WriteResult":
        return WriteResult(self.stored + other.stored, self.reasons + other.reasons)


class FrameWriter:
    """The table `frames`, over one connection."""

    def __init__(self, connection: Connection, label_sets: LabelSetWriter, late: LateFrames) -> None:
        """`late` marks the hours of late frames."""
        self._connection = connection
        self._late = late
        self._label_sets = label_sets

    def write(self, rows: Sequence[Row]) -> WriteResult:
        """Write rows, committed when this returns; those that the database cannot hold are rejected.

        Raises:
            Unclassified: an unknown error number; a row may be at fault.
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
        """
        result, failed = self._divide(rows)
        if not failed:
            return result
        self._check_table(failed[0][1])
        reasons = list(result.reasons)
        stored = result.stored
        for place, _ in failed:  # once more: the table accepts rows
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
        alone = len(rows) == 1 and not late
        if alone and self._write_one(rows[0]):
            return WriteResult(1, [None])
        label_sets = {row.label_set.digest: row.label_set for row in rows}
        identifiers = {row.meter for row in rows}
        for _ in range(LOOKUPS):
            result = None
            # Ids are looked up in the transaction of the rows that use them: no table is replaced in between.
            with self._connection.transaction():
                sets = find_label_sets(self._connection, label_sets)
                missing = [label_set for digest, label_set in label_sets.items() if digest not in sets]
                # In the order of their frames: each is the difference from one before.
                for label_set in missing:
                    self._label_sets.add(self._connection, label_set)
                if alone and missing and self._write_one(rows[0]):
                    result = WriteResult(1, [None])
                else:
                    sets |= find_label_sets(self._connection, [label_set.digest for label_set in missing])
                    meters = find_meters(self._connection, identifiers)
                    if len(meters) == len(identifiers) and len(sets) == len(label_sets):
                        result = self._insert(rows, meters, sets)
                        if late and result.stored:
                            self._late.mark([(meters[meter], hour) for meter, hour in late])
            if result is not None:
                return result
            # Meters are committed on their own: other storers that add some do not wait for our rows.
            if unknown := identifiers - meters.keys():
                add_meters(self._connection, unknown)
        raise Conflict("database: other storers add meters at the same time")

    def _write_one(self, row: Row) -> int:
        """Write a row in one statement, as nearly all are; return 0 if an id is missing or the frame is there."""
        return self._connection.execute(_insert_one(row), (row.meter, row.label_set.digest))

    def _insert(self, rows: Sequence[Row], meters: Mapping[str, int], sets: Mapping[bytes, int]) -> WriteResult:
        stored = sum(
            self._connection.execute(_insert_many(rows[begin : begin + _ROWS], meters, sets))
            for begin in range(0, len(rows), _ROWS)
        )
        if stored == len(rows):
            return WriteResult(stored, [None] * len(rows))
        return WriteResult(stored, self._compare(rows, meters, sets))

    def _compare(self, rows: Sequence[Row], meters: Mapping[str, int], sets: Mapping[bytes, int]) -> list[str | None]:
        """Return a reason for each frame that differs from what the table holds under its identity."""
        times = sorted({sql_time(row.timestamp) for row in rows})
        stored_rows: dict[tuple[object, object], tuple[Any, ...]] = {
            (sql_time(timestamp), meter): tuple(rest)
            for timestamp, meter, *rest in self._connection.query(f"{_SELECT} WHERE timestamp IN %s", (times,))
        }
        reasons: list[str | None] = []
        for row in rows:
            other = stored_rows.get((sql_time(row.timestamp), meters[row.meter]))
            reasons.append(None if other == (sets[row.label_set.digest], *row.columns) else _DIFFERENT)
        return reasons


def _insert_many(rows: Sequence[Row], meters: Mapping[str, int], sets: Mapping[bytes, int]) -> str:
    """Return the INSERT of rows, with those columns that at least one of them has."""
    by_column = list(zip(*[row.columns for row in rows], strict=True))
    used = [place for place, numbers in enumerate(by_column) if numbers.count(None) < len(rows)]
    tuples = zip(
        [sql_time(row.timestamp) for row in rows],
        [meters[row.meter] for row in rows],
        [sets[row.label_set.digest] for row in rows],
        *[by_column[place] for place in used],
        strict=True,
    )
    names = ", ".join(["timestamp", "meter_id", "label_set_id", *[COLUMNS[place] for place in used]])
    update = "ON DUPLICATE KEY UPDATE meter_id = meter_id"
    return f"INSERT INTO frames ({names}) VALUES {literals(tuples)} {update}"  # noqa: S608 - our own names


def _insert_one(row: Row) -> str:
    """Return the INSERT of a row whose ids are looked up; its arguments are the meter and the digest."""
    used = [place for place, number in enumerate(row.columns) if number is not None]
    names = ", ".join(["timestamp", "meter_id", "label_set_id", *[COLUMNS[place] for place in used]])
    numbers = ", ".join(["m.id", "s.id", *[literal(row.columns[place]) for place in used]])
    # A label set that is marked as unused needs a transaction that takes the mark off. Locked as in `find_meters`.
    return (
        f"INSERT INTO frames ({names}) SELECT {literal(sql_time(row.timestamp))}, {numbers}"  # noqa: S608
        " FROM meters AS m JOIN label_sets AS s WHERE m.identifier = %s AND s.digest = %s"
        " AND s.unused_since IS NULL LOCK IN SHARE MODE"
        " ON DUPLICATE KEY UPDATE meter_id = frames.meter_id"
    )


@dataclass(frozen=True, slots=True)
class _Session:
    """One connection, and the writers that use it."""

    connection: Connection
    frames: FrameWriter
    rejected: RejectedMessages


class FrameStore:
    """Writes to the tables; opens the connection when it is needed, and a new one after an error."""

    def __init__(
        self,
        database: Database,
        storer: str = "main",
        now: Callable[[], datetime] | None = None,
        *,
        prepare: Callable[[], object] = lambda: None,
        on_delayed: Callable[[], None] = lambda: None,
    ) -> None:
        """Write as the storer of this name.

        Args:
            database: where to.
            storer: the name.
            now: decides which frames are late; by default the server's clock.
            prepare: makes the tables of a host; called before the first frame is written there.
            on_delayed: called when frames are written that are some minutes old, but not late.
        """
        self._storer = storer
        self._now = now
        self._prepare = prepare
        self._on_delayed = on_delayed
        self._prepared: set[str] = set()  # hosts
        self._database = database
        self._session: _Session | None = None
        self._encoder = RowEncoder()
        self._label_sets = LabelSetWriter()
        self._unclassified = 0  # consecutive failures with an unclassified error number

    def write(self, frames: Sequence[Frame]) -> WriteResult:
        """Write a batch, committed when this returns; return the result for each frame.

        A batch that keeps failing with an unclassified error number is divided after TRIES times. A frame that keeps
        failing alone, while the table accepts other rows, is rejected.

        Raises:
            Unavailable: retry the whole batch; frames that were stored already are not duplicated.
            PermanentError: a privilege is missing.
        """
        rows = [self._encoder.encode_row(frame) for frame in frames]
        if not rows:
            return WriteResult(0, [])
        with self._counted(), self._ready() as session:
            write = session.frames.write if self._unclassified < TRIES else session.frames.write_isolating
            try:
                return write(rows)
            except PartitionMissing as error:
                made = make_partitions(session.connection, datetime.now(UTC))
                log.warning("%s; created %s", error, ", ".join(made) or "p_later")
                return write(rows)

    def write_tallies(self, tallies: Sequence[Tally]) -> list[str | None]:
        """Write tallies, committed when this returns; return for each why it was rejected, None if it was not."""
        if not tallies:
            return []
        with self._counted():
            if len(tallies) > 1:  # all readers send theirs on the hour
                try:
                    with self._ready() as session:
                        write_tallies(session.connection, tallies)
                        return [None] * len(tallies)
                except (InvalidRow, Unclassified):
                    pass  # one of them is at fault: which one shows when they are written one by one
            reasons = []
            for tally in tallies:
                with self._ready() as session:
                    reasons.append(self._write_tally(session.connection, tally))
            return reasons

    def record_rejections(self, rejections: Sequence[Rejection]) -> int:
        """Record rejected messages, once per topic and content; return how many did not fit."""
        with self._ready() as session:
            return session.rejected.record(rejections)

    def run(self, action: Callable[[Connection], T]) -> T:
        """Run something else over the same connection."""
        with self._ready() as session:
            return action(session.connection)

    def ping(self) -> None:
        """Check that the database answers."""
        with self._ready() as session:
            session.connection.query("SELECT 1")

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.connection.close()
        self._session = None

    @contextlib.contextmanager
    def _ready(self) -> Iterator[_Session]:
        """Provide the connection; after an error it is closed."""
        try:
            if self._session is None:
                connection = self._connect()
                late = LateFrames(connection, self._storer, self._now or ServerClock(connection), self._on_delayed)
                writer = FrameWriter(connection, self._label_sets, late)
                self._session = _Session(connection, writer, RejectedMessages(connection))
            yield self._session
        except DatabaseError:
            self.close()
            raise

    def _connect(self) -> Connection:
        connection = self._database.connect()
        # Only once for each host: tables that vanish later are about to be restored.
        if (host := self._database.where) not in self._prepared:
            try:
                self._prepare()
            except DatabaseError:
                connection.close()
                raise
            self._prepared.add(host)
        return connection

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count consecutive failures with an unclassified error number."""
        try:
            yield
        except Unclassified:
            self._unclassified += 1
            raise
        except DatabaseError:
            self._unclassified = 0  # of server or connection: not caused by a row
            raise
        self._unclassified = 0

    def _write_tally(self, connection: Connection, tally: Tally) -> str | None:
        try:
            write_tallies(connection, [tally])
        except InvalidRow as error:
            return str(error)
        except Unclassified as error:
            if self._unclassified < TRIES:
                raise
            connection.query("SELECT 1")  # the connection is not at fault
            return str(error)
        return None
