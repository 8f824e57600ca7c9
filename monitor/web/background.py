"""Work that is done again and again, whether somebody asks or not."""

import abc
import logging
import time
from collections.abc import Callable

from common.errors import DatabaseError
from common.runtime.logs import RateLimiter
from monitor.web.workers import Workers

log = logging.getLogger(__name__)

TRY_AGAIN = 60.0  # seconds after a step that failed
TIMEOUT = 120.0  # seconds for all statements over a connection that was lent; nobody waits for them


class Background(abc.ABC):
    """Does a step in a thread of the workers when it is due, one at a time."""

    def __init__(
        self, workers: Workers, clock: Callable[[], float] = time.monotonic, *, try_again: float = TRY_AGAIN
    ) -> None:
        """Prepare; the first step is due at once. `clock` is monotonic."""
        self._workers = workers
        self._clock = clock
        self._try_again = try_again
        self._limiter = RateLimiter()
        self._due = 0.0
        self._busy = False

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return type(self).__name__

    @abc.abstractmethod
    def step(self) -> float:
        """Do a step, in another thread; return the seconds until the next."""

    def tick(self) -> None:
        """Begin a step if it is time; called every second, and never waits."""
        if not self._busy and self._clock() >= self._due:
            self._busy = True
            self._workers.start(self._run)

    def _run(self) -> None:
        wait = self._try_again
        try:
            wait = self.step()
        except DatabaseError:  # the next question says so
            pass
        except Exception:  # the page works without it
            if self._limiter.allow("step", self._clock()):
                log.exception("Background work failed: %s", self.name)
        finally:
            self._due = self._clock() + wait
            self._busy = False


class Repeated(Background):
    """Does the steps of something that knows nothing of threads."""

    def __init__(
        self,
        workers: Workers,
        step: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        *,
        try_again: float = TRY_AGAIN,
    ) -> None:
        super().__init__(workers, clock, try_again=try_again)
        self._step = step

    @property
    def name(self) -> str:
        """The name of the step."""
        return self._step.__qualname__

    def step(self) -> float:
        """Do the next step; return the seconds until the one after it."""
        return self._step()
