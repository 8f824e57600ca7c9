"""Writes frames: one transaction a batch, each frame once, however often it comes."""

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from common.errors import BadRow, Busy, DatabaseError
from common.frame import Frame
from common.tally import Tally
from storer.database import Connection, Database
from storer.rows import COLUMNS, LabelSet, Packer, Row
from storer.tallies import write_tallies

T = TypeVar("T")

_MANY_SETS = 10_000
_LONGEST_TOPIC, _LONGEST_REASON, _LONGEST_PAYLOAD = 255, 500, 65_536

_INSERT_FRAME = (
    f"INSERT INTO frames (timestamp, meter_id, label_set_id, {', '.join(COLUMNS)})"  # noqa: S608 - our own names
    f" VALUES (%s, %s, %s, {', '.join(['%s'] * len(COLUMNS))})"
    " ON DUPLICATE KEY UPDATE meter_id = meter_id"
)
_SELECT_FRAMES = f"SELECT timestamp, meter_id, label_set_id, {', '.join(COLUMNS)} FROM frames"  # noqa: S608 - our own names
_ANOTHER = "another frame is stored under the same meter and timestamp"
_INSERT_SET = (
    "INSERT INTO label_sets (digest, subscription_type, subscribed_current, pricing_period, current_max, schedule,"
    " state_code, registers_at_rest, index_total, content) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE digest = digest"
)
_INSERT_REJECTED = (
    "INSERT INTO rejected_messages (digest, first_at, last_at, topic, reason, size, payload)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON DUPLICATE KEY UPDATE last_at = VALUES(last_at), times = times + 1"
)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch; a frame that was neither stored nor rejected was there already."""

    stored: int
    reasons: list[str | None]  # for each frame: why it was rejected, None if the table holds it

    def __add__(self, other: "Written") -> "Written":
        return Written(self.stored + other.stored, self.reasons + other.reasons)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that can never be stored."""

    topic: str
    payload: bytes
    reason: str
    at: datetime


class FrameStore:
    """The tables of one database, over one connection at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._packer = Packer()
        self._meters: dict[str, int] = {}
        self._sets: OrderedDict[bytes, int] = OrderedDict()

    def write(self, frames: Sequence[Frame]) -> Written:
        """Write a batch, committed when this returns; return what became of its frames.

        Raises:
            Away: nothing is certain; write the batch again, frames that are there already are not doubled.
            Refused: a right is missing.
        """
        rows = [self._packer.row(frame) for frame in frames]
        if not rows:
            return Written(0, [])
        with self._ready() as connection:
            return self._write(connection, rows)

    def write_tallies(self, tallies: Sequence[Tally]) -> list[str | None]:
        """Write tallies, committed when this returns; return why each was rejected, None if it was not.

        Raises:
            DatabaseError: as `write` does.
        """
        reasons: list[str | None] = []
        for tally in tallies:  # one an hour and meter: no need for batches
            with self._ready() as connection:
                try:
                    with connection.transaction():
                        write_tallies(connection, [(self._meter_id(connection, tally.meter), tally)])
                    reasons.append(None)
                except BadRow as error:
                    reasons.append(str(error))
        return reasons

    def record(self, rejections: Sequence[Rejection]) -> None:
        """Keep what could not be stored, once per topic and content.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as connection, connection.transaction():
            for rejection in rejections:
                connection.execute(_INSERT_REJECTED, _rejected_row(rejection))

    def upkeep(self, action: Callable[[Connection], T]) -> T:
        """Do something else over the same connection.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as connection:
            return action(connection)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            DatabaseError: as `write` does.
        """
        with self._ready() as connection:
            connection.query("SELECT 1")

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @contextlib.contextmanager
    def _ready(self) -> Iterator[Connection]:
        """Give the connection; after an error it is not used again, nor, if that may help, the same node."""
        try:
            yield self._open()
        except DatabaseError as error:
            self.close()
            if not isinstance(error, Busy):
                self._database.rotate()
            raise

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.connect()
        return self._connection

    def _write(self, connection: Connection, rows: Sequence[Row]) -> Written:
        try:
            # Meters and label sets are committed on their own, before the rows that point at them.
            tuples = [self._tuple(connection, row) for row in rows]
            with connection.transaction():
                stored = connection.execute_many(_INSERT_FRAME, tuples)
                if stored == len(rows):
                    return Written(stored, [None] * len(rows))
                return Written(stored, self._compare(connection, tuples))
        except BadRow as error:
            if len(rows) == 1:
                return Written(0, [str(error)])
            half = len(rows) // 2
            return self._write(connection, rows[:half]) + self._write(connection, rows[half:])

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

    def _tuple(self, connection: Connection, row: Row) -> tuple[object, ...]:
        return (
            _text(row.timestamp),
            self._meter_id(connection, row.meter),
            self._set_id(connection, row.label_set),
            *row.columns,
        )

    def _meter_id(self, connection: Connection, identifier: str) -> int:
        number = self._meters.get(identifier)
        if number is None:
            select = "SELECT id FROM meters WHERE identifier = %s"
            rows = connection.query(select, (identifier,))
            if not rows:
                connection.execute(
                    "INSERT INTO meters (identifier) VALUES (%s) ON DUPLICATE KEY UPDATE identifier = identifier",
                    (identifier,),
                )
                rows = connection.query(select, (identifier,))
            number = self._meters[identifier] = int(rows[0][0])
        return number

    def _set_id(self, connection: Connection, label_set: LabelSet) -> int:
        digest = label_set.digest
        number = self._sets.get(digest)
        if number is None:
            select = "SELECT id FROM label_sets WHERE digest = %s"
            rows = connection.query(select, (digest,))
            if not rows:
                connection.execute(_INSERT_SET, _set_row(label_set))
                rows = connection.query(select, (digest,))
            number = self._sets[digest] = int(rows[0][0])
            if len(self._sets) > _MANY_SETS:
                self._sets.popitem(last=False)
        return number


def _text(instant: datetime) -> str:
    # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")


def _set_row(label_set: LabelSet) -> tuple[object, ...]:
    return (
        label_set.digest,
        label_set.subscription_type,
        label_set.subscribed_current,
        label_set.pricing_period,
        label_set.current_max,
        label_set.schedule,
        label_set.state_code,
        label_set.registers_at_rest,
        label_set.index_total,
        label_set.content,
    )


def _rejected_row(rejection: Rejection) -> tuple[object, ...]:
    digest = hashlib.sha256(rejection.topic.encode() + b"\0" + rejection.payload).digest()[:16]
    at = _text(rejection.at)
    return (
        digest,
        at,
        at,
        rejection.topic[:_LONGEST_TOPIC],
        rejection.reason[:_LONGEST_REASON],
        len(rejection.payload),
        rejection.payload[:_LONGEST_PAYLOAD],
    )
