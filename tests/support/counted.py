"""Compares the frames of a numbered meter with the rows that they became: which are lost, which are there twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.meters import METER, Meter
from tests.support.programs import wait_until

WITHIN = 180.0  # seconds; frames that a fault hid are sent again after 30

#: Counts the rows of each number.
ROWS = (
    "SELECT power, COUNT(*) FROM frames JOIN meters ON meters.id = meter_id"
    f" WHERE identifier = '{METER}' GROUP BY power"
)
_A_MOMENT = 0.5  # seconds between two frames of a connection, at most
_UNREAD = 3.0  # seconds before a kill; on a busy machine a frame may be in the kernel's buffer for so long


class CountedMeter:
    """A meter, and what is said of its rows by whoever can run the statement ROWS."""

    def __init__(self, meter: Meter, sql: Callable[[str], list[list[str]]]) -> None:
        self.meter = meter
        self._sql = sql
        self._unread: list[tuple[float, float]] = []

    def frames(self, number: int) -> None:
        """Wait until so many more frames went to the reader."""
        target = len(self.meter.sent) + number
        wait_until(lambda: len(self.meter.sent) >= target, WITHIN, f"{number} frames from the meter")

    @contextmanager
    def without_reader(self) -> Iterator[float]:
        """End the reader inside: frames that it could not read then do not count. Yields when that began."""
        began = time.monotonic() - _UNREAD
        yield began
        self._unread.append((began, time.monotonic()))

    def forget(self) -> None:
        """Let no frame count that was sent until now: the database was deleted."""
        self._unread = [(0.0, time.monotonic())]

    def expected(self) -> set[int]:
        """Which frames the reader must have read.

        Not the first of a connection: it may come before the reader has emptied the port's buffer.
        """
        moments = [0.0, *(moment for _, moment in self.meter.sent)]
        return {
            number
            for (number, moment), previous in zip(list(self.meter.sent), moments, strict=False)
            if moment - previous < _A_MOMENT and not any(began <= moment <= ended for began, ended in self._unread)
        }

    def rows(self) -> dict[int, int]:
        """How many rows there are for each number."""
        return {int(number): int(count) for number, count in self._sql(ROWS)}

    def check_all_stored(self) -> None:
        """Wait until every frame that was read has a row, exactly one."""
        last = len(self.meter.sent)
        lost: set[int] = set()

        def complete() -> bool:
            nonlocal lost
            lost = {number for number in self.expected() if number < last} - self.rows().keys()
            return not lost

        try:
            wait_until(complete, WITHIN, "all frames in the database")
        except AssertionError:
            pytest.fail(f"lost: {sorted(lost)}")
        if doubled := {number: count for number, count in self.rows().items() if count != 1}:
            pytest.fail(f"there more than once: {doubled}")
