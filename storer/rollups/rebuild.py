"""The command `teleinfo-storer rebuild`: makes the rollups again, at full speed, whether a storer runs or not."""

import contextlib
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from common.database.mariadb import Database
from common.errors import Conflict, DatabaseError
from common.runtime.progress import Progress
from storer.database.locks import take_lock
from storer.database.schema import open_tables
from storer.rollups import state as states
from storer.rollups.scheduler import MINUTE, Rebuilt, RollupScheduler

_TRIES = 60  # after conflicts with a storer that is at the same hours
_PAUSE = 1.0  # seconds before the next try, at most

_T = TypeVar("_T")


@dataclass(slots=True)
class Done:
    """What was rebuilt."""

    hours: int = 0  # with frames
    frames: int = 0


def rebuild(database: Database, start: datetime | None, end: datetime | None, progress: Progress) -> Done:
    """Roll up hours again, from `start` (the first frame), before `end` (the last); and all that waited for it.

    A storer that runs leaves the rollups to this while it takes. If this is killed, a storer goes on with it.

    Raises:
        ConfigError: the tables are of an older version.
        DatabaseError: another rebuild is running.
    """
    with open_tables(database) as connection:
        if not take_lock(connection, "rebuild"):
            raise DatabaseError(f"database {database.where}: another rebuild is running: wait until it has ended")
        work = _Rebuild(database, progress)
        return repeat(lambda: work.run(start, end))


def repeat(action: Callable[[], _T]) -> _T:
    """Run an action, again after each conflict with another program, and return its result.

    Raises:
        Conflict: again and again, for about half a minute.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(Conflict):
            return action()
        time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - no secret
    return action()


class _Rebuild:
    """The command; `run` may be repeated after an error, and goes on where it was."""

    def __init__(self, database: Database, progress: Progress) -> None:
        self._database = database
        self._progress = progress
        self._done = Done()
        self._total: timedelta | None = None  # None: not requested yet

    def run(self, start: datetime | None, end: datetime | None) -> Done:
        with open_tables(self._database) as connection:
            scheduler = RollupScheduler(connection, f"rebuild-{secrets.token_hex(4)}", by_force=True)
            scheduler.run()
            if self._total is None:
                states.request_rebuild(connection, start, end, states.server_now(connection))
                state = states.read_state(connection)
                self._total = state.remaining if state else timedelta(0)
            due = time.monotonic() + MINUTE.total_seconds()
            while (step := scheduler.rebuild()) is not None:
                self._note(step)
                if time.monotonic() >= due:
                    scheduler.run()
                    due = time.monotonic() + MINUTE.total_seconds()
            scheduler.close()
        return self._done

    def _note(self, step: Rebuilt) -> None:
        self._done.hours += step.hours
        self._done.frames += step.frames
        part = 1 - step.remaining / self._total if self._total else 1.0
        self._progress.show_part("rebuilding", part, self._done.frames)
