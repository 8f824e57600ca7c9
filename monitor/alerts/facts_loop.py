"""Asks the database each few minutes what slow alerts are made of, and makes digests when they are due."""

import queue
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.alerts.digest import digest_due, digest_letter
from monitor.alerts.facts import Facts
from monitor.alerts.facts_query import gather
from monitor.alerts.message import Letter
from monitor.base.config import MonitorConfig
from monitor.money.home import Home, Lend

AGAIN = 300.0  # seconds


class Gathering:
    """Keeps the newest facts, and the digests that are to be sent."""

    def __init__(
        self,
        settings: MonitorConfig,
        lend: Lend,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._lend = lend
        self._now = now
        self._digest: str | None = None  # the last one that was made
        self.facts: Facts | None = None
        self.letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()  # of digests, to be sent

    def step(self) -> float:
        """Ask the database; return the seconds until the next time."""
        with self._lend() as home:
            now = self._now()
            self.facts = gather(home, self._settings, now, self.facts)
            self._make_digest(home, now)
        return AGAIN

    def _make_digest(self, home: Home, now: datetime) -> None:
        config = self._settings.alerts
        if config is None or config.digest is None or not config.to:
            return
        due = digest_due(config, now, self._settings.time_zone)
        if due is None or due == self._digest:
            return
        letter = digest_letter(home, self._settings, config.digest, now)
        if letter is not None:
            self.letters.put(letter)
            self._digest = due
