"""The storer's tables over one connection at a time: frames, tallies, rejected messages."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from common.contract.frame import Frame
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database
from common.errors import DatabaseError, InvalidRow, PartitionMissing, Unclassified
from storer.database.schema import make_partitions
from storer.frames.label_sets import LabelSetWriter
from storer.frames.late import LateFrames, ServerClock
from storer.frames.rejected import RejectedMessages, Rejection
from storer.frames.rows import RowEncoder
from storer.frames.tallies import write_tallies
from storer.frames.writer import FrameWriter, WriteResult

log = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 3  # consecutive failures with an unclassified error number after which the row at fault is isolated


@dataclass(frozen=True, slots=True)
class _Session:
    """One connection, and what is known of the database as long as it lives."""

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
