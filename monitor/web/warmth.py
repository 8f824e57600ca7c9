"""Keeps what is costly to find of meters remembered, so that no question has to wait for it."""

import time
from collections.abc import Callable
from datetime import datetime

from monitor.money.home import Home, Lend
from monitor.readings.hours import Meter
from monitor.web.background import Background
from monitor.web.workers import Workers

AGAIN = 60.0  # seconds; until it is looked whether something is to be found again
MOST_METERS = 20  # those of more are found when somebody asks


class Warmth(Background):
    """Fills the memory at the start and when the past changed, a meter a step."""

    def __init__(
        self,
        workers: Workers,
        lend: Lend,
        remember: Callable[[Home, Meter], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; the answers that are lent share the memory, and `remember` looks up what it keeps of a meter."""
        super().__init__(workers, clock)
        self._lend = lend
        self._remember = remember
        self._meters: list[Meter] = []  # still to do
        self._done: dict[str, tuple[int, datetime | None, int]] = {}  # as it was, by identifier

    def step(self) -> float:
        """Look up a meter, or which are to be looked up."""
        with self._lend() as home:
            if self._meters:
                meter = self._meters.pop()  # if that fails, the next look finds it again
                self._remember(home, meter)
                self._done[meter.identifier] = _state(meter)
            else:
                meters = [meter for meter in home.meters() if meter.first is not None][:MOST_METERS]
                self._meters = [one for one in meters if self._done.get(one.identifier) != _state(one)]
        return 0.0 if self._meters else AGAIN


def _state(meter: Meter) -> tuple[int, datetime | None, int]:
    """Return what the memory of a meter is right for."""
    return meter.number, meter.first, meter.version
