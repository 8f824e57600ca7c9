"""Keeps what is costly to find of meters remembered, so that no question has to wait for it."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from common.errors import DatabaseError
from monitor.answers.answers import Answers
from monitor.readings.hours import Meter
from monitor.server.pool import Lease, Pool
from monitor.server.workers import Workers

log = logging.getLogger(__name__)

AGAIN = 60.0  # seconds; until it is looked whether something is to be found again
TRY_AGAIN = 60.0  # seconds after the database did not answer
MOST_METERS = 20  # those of more are found when somebody asks


class Warmth:
    """Fills the memory at the start and when the past changed; a meter at a time, only while no question waits."""

    def __init__(
        self,
        workers: Workers,
        pool: Pool,
        answers_on: Callable[[Lease], Answers],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `answers_on` gives the answers that share the memory."""
        self._workers = workers
        self._pool = pool
        self._answers_on = answers_on
        self._clock = clock
        self._due = 0.0
        self._meters: list[Meter] = []  # still to do
        self._done: dict[str, tuple[int, datetime | None, int]] = {}  # as it was, by identifier
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
                answers = self._answers_on(lease)
                if self._meters:
                    meter = self._meters.pop()
                    answers.reader.remember(meter)
                    self._done[meter.identifier] = _state(meter)
                else:
                    meters = [meter for meter in answers.meters() if meter.first is not None][:MOST_METERS]
                    self._meters = [one for one in meters if self._done.get(one.identifier) != _state(one)]
            if not self._meters:
                self._due = self._clock() + AGAIN
        except DatabaseError:  # the next question says so
            self._meters, self._due = [], self._clock() + TRY_AGAIN
        except Exception:  # the page works without it
            log.exception("Could not prefill the meter cache")
            self._meters, self._due = [], self._clock() + AGAIN
        finally:
            self._busy = False


def _state(meter: Meter) -> tuple[int, datetime | None, int]:
    """Return what the memory of a meter is right for."""
    return meter.number, meter.first, meter.version
