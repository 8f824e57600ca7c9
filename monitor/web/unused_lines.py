"""Looks each few minutes for lines of the configuration that concern no meter, and logs each once."""

import logging
import time
from collections.abc import Callable

from monitor.money.home import Lend
from monitor.readings.meters import Unused
from monitor.web.background import Background
from monitor.web.workers import Workers

log = logging.getLogger(__name__)

AGAIN = 300.0  # seconds


class UnusedLines(Background):
    """Says in the log what the page says, too."""

    def __init__(self, workers: Workers, lend: Lend, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(workers, clock)
        self._lend = lend
        self._said: set[Unused] = set()

    def step(self) -> float:
        """Look; a line that gets its meter is said again if it loses it."""
        with self._lend() as home:
            found = set(home.unused())
        for one in sorted(found - self._said, key=lambda one: (one.section, one.meter)):
            log.warning("%s: no meter %s is in the database: its entry has no effect", one.section, one.meter)
        self._said = found
        return AGAIN
