"""The retry policy for the database: exponential, jittered waits, one log line per change, until it works or stop."""

import logging
import threading
import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from common.errors import DatabaseError, NotReady, PermanentError, Unavailable
from common.runtime.logs import ChangeLogger

log = logging.getLogger(__name__)

MAX_BACKOFF = 30.0  # seconds
PATIENCE = 30.0  # seconds after the start, in which a database that starts beside the storer is no cause for a warning


class DatabaseRetry:
    """Runs actions on the database until they succeed; `stalled` while one is being retried."""

    def __init__(
        self,
        stop: threading.Event,
        where: Callable[[], str],
        *,
        on_change: Callable[[], None],
        on_wait: Callable[[], None],
    ) -> None:
        """Retry until `stop` is set; `where` names the database for the log.

        `on_change` is called when `stalled` has changed, `on_wait` after each failure, before the wait.
        """
        self.stalled_since: float | None = None  # monotonic seconds
        self.last_success = float("-inf")  # monotonic seconds
        self._started = time.monotonic()
        self._retrying = Retrying(
            wait=wait_random_exponential(multiplier=0.5, max=MAX_BACKOFF),
            stop=stop_when_event_set(stop),
            sleep=sleep_using_event(stop),
            before_sleep=self._on_failure,
            reraise=True,
        )
        self._stop = stop
        self._where = where
        self._on_change = on_change
        self._on_wait = on_wait
        self._changes = ChangeLogger(log)

    @property
    def stalled(self) -> bool:
        """Whether an action is being retried."""
        return self.stalled_since is not None

    def run(
        self,
        action: Callable[[], object],
        retry_on: tuple[type[DatabaseError], ...] = (Unavailable, PermanentError),
    ) -> bool:
        """Run an action, again after each error of `retry_on`; return False if stopped before it succeeded.

        Raises:
            DatabaseError: one that is not to be retried.
        """
        self._retrying.retry = retry_if_exception_type(retry_on)
        try:
            self._retrying(action)
        except retry_on:
            if not self._stop.is_set():
                raise
            return False
        self.last_success = time.monotonic()
        if self.stalled:
            log.info("The database is available again: %s", self._where())
            self._changes.reset()
            self._set_stalled(None)
        return True

    def _on_failure(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        starting = self.last_success == float("-inf") and time.monotonic() - self._started < PATIENCE
        if starting and isinstance(error, Unavailable) and not isinstance(error.__cause__, NotReady):
            self._changes.log(logging.INFO, f"Waiting for the database: {self._where()}")
        else:
            self._changes.log(logging.WARNING, f"{error}; trying again")
        if not self.stalled:
            self._set_stalled(time.monotonic())
        self._on_wait()

    def _set_stalled(self, since: float | None) -> None:
        self.stalled_since = since
        self._on_change()
