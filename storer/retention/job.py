"""Drops what is due once a day, in small steps between the runs of the rollups."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import Any

from common.contract.retention import Retention
from common.database.mariadb import Connection
from common.runtime.logs import ChangeLogger
from storer.database.sizes import read_sizes
from storer.retention.label_sets import LabelSetGarbage

log = logging.getLogger(__name__)

EVERY = 24 * 3600.0  # seconds
# After the start. No transaction takes that long: what began before label sets were marked has ended before they are
# deleted, even if a restart falls between and the clock was set forward.
FIRST_AFTER = 600.0


class RetentionJob:
    """The daily job, which the thread of the rollups runs step by step."""

    def __init__(
        self, name: str, policy: Callable[[], Retention], first_after: float = FIRST_AFTER, *, backups: bool
    ) -> None:
        """Work as the storer `name`, which must have the lease of the rollups; `backups`: it has a folder for them.

        `policy` returns what is in force now: it may change while a pass runs, which then begins anew.
        """
        self._name = name
        self._policy = policy
        self._running = policy()
        self._backups = backups
        self._due = time.monotonic() + first_after  # monotonic seconds
        self._connection: Connection | None = None
        self._steps: Generator[None, None, None] | None = None
        self._reasons = ChangeLogger(log)
        # Read by another thread.
        self._blocked: str | None = None
        self._bytes: int | None = None  # of all tables, after the last pass
        self._measured = False  # on the disk, not the server's figures before page compression

    def report(self) -> dict[str, Any]:
        """Return the state for `health`."""
        return {"blocked": self._blocked, "bytes": self._bytes, "bytes_measured": self._measured}

    def step(self, connection: Connection, now: datetime) -> bool:
        """Do a step; return False if there is nothing to do until tomorrow.

        Raises:
            DatabaseError: the database is unavailable, or refuses a statement; it begins again with another connection.
        """
        if connection is not self._connection:
            self._connection, self._steps = connection, None
        if self._steps is not None and self._policy() != self._running:
            self._steps.close()
            self._steps = None
        if self._steps is None:
            if time.monotonic() < self._due:
                return False
            self._running = self._policy()
            self._steps = self._run(connection, now, self._running)
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
            self._due = time.monotonic() + EVERY
            return False
        return True

    def _run(self, connection: Connection, now: datetime, policy: Retention) -> Generator[None, None, None]:
        if policy.frames is not None:
            yield from self._drop(connection, now, policy)
        yield from LabelSetGarbage(connection).run(now)
        sizes = read_sizes(connection)
        self._bytes, self._measured = sum(sizes.files.values()), sizes.measured

    def _drop(self, connection: Connection, now: datetime, policy: Retention) -> Iterator[None]:
        # Imported here: most storers keep everything.
        from storer.retention.months import Blocked, FrameRetention

        try:
            if not self._backups:
                raise Blocked("nothing is dropped without backups; set backup.folder")
            yield from FrameRetention(connection, self._name, policy).run(now)
        except Blocked as reason:
            self._blocked = str(reason)
            self._reasons.log(logging.WARNING, f"Retention: {reason}")
        else:
            self._blocked = None
            self._reasons.reset()
