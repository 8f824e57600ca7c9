"""Threads that work when a test wants it."""

from collections.abc import Callable

from monitor.web.workers import Workers


class Threads(Workers):
    """Workers that only note what they are given."""

    def __init__(self) -> None:
        self.given: list[Callable[[], None]] = []

    def start(self, work: Callable[[], None]) -> None:
        """Take work."""
        self.given.append(work)

    def work(self) -> None:
        """Do what was given."""
        while self.given:
            self.given.pop()()
