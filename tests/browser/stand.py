"""The page with the made-up answers of tests/page/stand, whose clock can be set."""

import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page

from tests.browser.visit import DEVICES, Visit

NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)  # 14:32 in Paris, a Wednesday


class Stand:
    """The page with made-up answers, and one visitor."""

    def __init__(self, address: str, browser: Browser) -> None:
        self.address = address
        self.now = NOW
        self.stop: Callable[[], None] = lambda: None
        context = browser.new_context(**DEVICES["desk"], timezone_id="Europe/Paris", locale="fr-FR")
        self.visit = Visit(context, address)
        self.page: Page = self.visit.page

    def open(self, path: str, now: datetime = NOW) -> Page:
        """Open a path at a time."""
        self.set_clock(self.page, now)
        self.visit.go(path)
        return self.page

    def set_clock(self, page: Page, now: datetime = NOW) -> None:
        """Let it be this time here and in a browser."""
        self.now = now
        self._set_clock()
        page.clock.install(time=now)

    def pass_by(self, time: timedelta) -> None:
        """Let time go by, as while a computer sleeps: what was due meanwhile happens once."""
        self.now += time
        self._set_clock()
        self.page.clock.fast_forward(int(time.total_seconds() * 1000))

    def ask(self, path: str) -> None:
        """Stage something."""
        with urllib.request.urlopen(self.address + path):
            pass

    def _set_clock(self) -> None:
        self.ask(f"clock/{int(self.now.timestamp() * 1000)}")
