"""The thread that rolls up beside the storer's loop, over a connection of its own. Its errors never stop frames."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, Database
from common.errors import DatabaseError
from common.runtime.logs import ChangeLogger
from storer.rollups import state as states
from storer.rollups.scheduler import MINUTE, RollupScheduler

log = logging.getLogger(__name__)

_SECOND = 10.0  # of a minute: runs begin then, when the frames of the minute before are stored
_PAUSE = 0.2  # seconds between two steps of rebuilding, at least; at most as long as the step took
_CHORE_PAUSE = 0.02  # seconds between two steps of a chore, at least; at most as long as the step took
_LOG_EVERY = 600.0  # seconds, while rebuilding
_STOP_TIMEOUT = 1.0  # seconds for a statement that runs at the stop; the connection is then abandoned


@dataclass(frozen=True, slots=True)
class RollupReport:
    """The rollups in `health`; times and counts of late hours are as of the last run."""

    active: bool = False  # this storer has the lease
    runs: int = 0
    errors: int = 0
    lag: int | None = None  # seconds since the newest final minute; 15 to 25 minutes are normal; None: no run yet
    late_hours: int = 0  # marked as late, and not rolled up yet
    rebuild_hours: int = 0  # still to be rebuilt


class RollupWorker:
    """Rolls up once a minute, and rebuilds in between."""

    def __init__(
        self,
        database: Database,
        name: str,
        stop: threading.Event,
        batch_wait: float,
        delayed: threading.Event,
        chore: Callable[[Connection, datetime], bool] = lambda *_: False,
    ) -> None:
        """Work as the storer `name` until `stop` is set; frames wait `batch_wait` seconds before they are stored.

        `delayed` is set when frames were stored that are some minutes old. `chore` does a step of something else that
        only the holder of the lease does, at the server's time, when nothing is left to roll up; it returns False when
        it has nothing to do.
        """
        self._database = database
        self._chore = chore
        self._name = name
        self._stop = stop
        self._delayed = delayed
        # A frame that is stored after its minute was made is in the next full run; nearly all should be before that.
        self._overlap = max(0, round(batch_wait + 45) // 60) * MINUTE
        self._report = RollupReport()  # replaced as a whole: another thread reads it
        self._errors = ChangeLogger(log)
        self._connection: Connection | None = None
        self._scheduler: RollupScheduler | None = None
        self._logged_at = float("-inf")
        self._rebuilding = False
        self._thread = threading.Thread(target=self._run, name="rollups", daemon=True)

    def start(self) -> None:
        """Start the thread; the tables must be there."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end of the thread, after `stop` was set; not for a statement that takes long."""
        if self._thread.ident is not None:
            self._thread.join(_STOP_TIMEOUT)

    def report(self) -> dict[str, Any]:
        """Return the state for `health`."""
        return asdict(self._report)

    def _run(self) -> None:
        delay = 0.0
        while not self._stop.wait(delay):
            try:
                delay = self._work()
            except Exception as error:  # noqa: BLE001 - whatever it is, frames are stored; it is tried again
                delay = MINUTE.total_seconds()
                self._failed(error)
        with contextlib.suppress(DatabaseError):
            if self._scheduler is not None:
                self._scheduler.close()
        self._close()

    def _work(self) -> float:
        """Do one run, then rebuild until the next is due; return the seconds until then."""
        if self._scheduler is None:
            self._connection = self._database.connect()
            self._scheduler = RollupScheduler(self._connection, self._name, overlap=self._overlap)
        assert self._connection is not None
        delayed = self._delayed.is_set()
        self._delayed.clear()
        active = self._scheduler.run(delayed=delayed)
        now = states.server_now(self._connection)
        self._note(active, now)
        if self._errors.reset():
            log.info("Rollups work again")
        due = time.monotonic() + _until_next(now)
        while active and not self._stop.is_set() and self._report.rebuild_hours:
            began = time.monotonic()
            done = self._scheduler.rebuild()
            if done is None:
                self._note(active, now)
                break
            self._note_remaining(done.remaining)
            if self._stop.wait(max(_PAUSE, time.monotonic() - began)):
                break
            if time.monotonic() >= due:
                break
        while active and not self._stop.is_set() and not self._report.rebuild_hours and time.monotonic() < due:
            began = time.monotonic()
            if not self._chore(self._connection, now):
                break
            self._stop.wait(max(_CHORE_PAUSE, time.monotonic() - began))
        return max(0.0, due - time.monotonic())

    def _note(self, active: bool, now: datetime) -> None:
        assert self._connection is not None
        state = states.read_state(self._connection)
        remaining = state.remaining if state else timedelta(0)
        self._report = replace(
            self._report,
            active=active,
            runs=self._report.runs + active,
            lag=None if state is None else round((now - state.up_to).total_seconds()),
            late_hours=states.count_late_hours(self._connection),
        )
        self._note_remaining(remaining)

    def _note_remaining(self, remaining: timedelta) -> None:
        hours = -(-remaining // timedelta(hours=1))
        self._report = replace(self._report, rebuild_hours=hours)
        if hours:
            self._rebuilding = True
            if time.monotonic() >= self._logged_at + _LOG_EVERY:
                self._logged_at = time.monotonic()
                log.info("Rebuilding rollups in the background: %d hours to go", hours)
        elif self._rebuilding:
            self._rebuilding = False
            self._logged_at = float("-inf")
            log.info("Rollups are rebuilt")

    def _failed(self, error: Exception) -> None:
        self._report = replace(self._report, active=False, errors=self._report.errors + 1)
        text = str(error) if isinstance(error, DatabaseError) else repr(error)
        self._errors.log(logging.WARNING, f"Rollups: {text}; frames are stored all the same; trying again each minute")
        if not isinstance(error, DatabaseError):
            log.debug("Rollups", exc_info=error)
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._scheduler = self._connection = None


def _until_next(now: datetime) -> float:
    """Return the seconds until second 10 of the next minute, on the server's clock."""
    return 60.0 + _SECOND - now.second - now.microsecond / 1e6
