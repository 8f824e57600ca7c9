"""Keeps what is costly to find of meters remembered, so that no question has to wait for it."""

import logging
import time
from collections.abc import Callable

from common.errors import DatabaseError
from monitor.answers.answers import Answers
from monitor.energy.memory import FORGET, Memory
from monitor.history.hours import Meter
from monitor.server.pool import Lease, Pool
from monitor.server.workers import Workers

log = logging.getLogger(__name__)

AGAIN = FORGET - 600.0  # seconds; before it is forgotten
TRY_AGAIN = 60.0  # seconds after the database did not answer
MOST_METERS = 20  # those of more are found when somebody asks


class Warmth:
    """Fills a memory at the start, and again before it forgets; a meter at a time, and only while no question waits."""

    def __init__(
        self,
        memory: Memory,
        workers: Workers,
        pool: Pool,
        answers_on: Callable[[Lease, Memory], Answers],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `answers_on` gives answers that look things up again where the memory it gets knows nothing."""
        self._memory = memory
        self._workers = workers
        self._pool = pool
        self._answers_on = answers_on
        self._clock = clock
        self._due = 0.0
        self._meters: list[Meter] = []  # still to do
        self._busy = False

    def tick(self) -> None:
        """Do the next step if it is time; called every second, and never waits."""
        if not self._busy and self._clock() >= self._due:
            self._busy = True  # before: the step may have ended when `start` returns
            if not self._workers.start(self._step):
                self._busy = False

    def _step(self) -> None:
        try:
            with self._pool.lease() as lease:
                memory = Memory(self._clock)
                answers = self._answers_on(lease, memory)
                if self._meters:
                    answers.remember(self._meters.pop())
                    self._memory.take_over(memory)
                else:
                    self._meters = [meter for meter in answers.meters() if meter.first is not None][:MOST_METERS]
            if not self._meters:
                self._due = self._clock() + AGAIN
        except DatabaseError:  # the next question says so
            self._meters, self._due = [], self._clock() + TRY_AGAIN
        except Exception:  # the page works without it
            log.exception("What is known of meters could not be looked up beforehand")
            self._meters, self._due = [], self._clock() + AGAIN
        finally:
            self._busy = False
