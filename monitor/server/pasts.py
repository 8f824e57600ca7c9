"""Looks once an hour when the registers of each meter switched lately: prices to come follow from it."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from common.errors import DatabaseError
from monitor.answers.answers import Answers
from monitor.live.price_topic import Past, past_start
from monitor.server.pool import Lease, Pool
from monitor.server.workers import Workers

log = logging.getLogger(__name__)

AGAIN = 3600.0  # seconds
TRY_AGAIN = 60.0  # seconds after the database did not answer


class Pasts:
    """Asks the database while no question waits, and hands over what it says of all meters."""

    def __init__(
        self,
        workers: Workers,
        pool: Pool,
        answers_on: Callable[[Lease], Answers],
        zone: ZoneInfo,
        use: Callable[[Mapping[str, Past]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `use` is called in another thread, with the past of meters by identifier."""
        self._workers = workers
        self._pool = pool
        self._answers_on = answers_on
        self._zone = zone
        self._use = use
        self._clock = clock
        self._now = now
        self._due = 0.0
        self._busy = False

    def tick(self) -> None:
        """Look if it is time; called every second, and never waits."""
        if not self._busy and self._clock() >= self._due:
            self._busy = True  # before: the look may have ended when `start` returns
            if not self._workers.start(self._look):
                self._busy = False

    def _look(self) -> None:
        wait = TRY_AGAIN
        try:
            now = self._now()
            start = past_start(now, self._zone)
            with self._pool.lease() as lease:
                meters = self._answers_on(lease).meters()
            pasts = {}
            for meter in meters:
                with self._pool.lease() as lease:  # each has its time
                    switches = self._answers_on(lease).switches(meter, start, now)
                pasts[meter.identifier] = Past(meter.first, switches)
            self._use(pasts)
            wait = AGAIN
        except DatabaseError:  # the next question says so
            pass
        except Exception:  # all else works without it
            log.exception("Could not look when registers switched")
        finally:
            self._due = self._clock() + wait
            self._busy = False
