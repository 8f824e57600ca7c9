"""Looks once an hour when the registers of each meter switched lately: prices to come follow from it."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitor.live.price_topic import Past, past_start
from monitor.money.home import Lend
from monitor.web.background import Background
from monitor.web.workers import Workers

AGAIN = 3600.0  # seconds


class Pasts(Background):
    """Hands over what the database says of all meters."""

    def __init__(
        self,
        workers: Workers,
        lend: Lend,
        zone: ZoneInfo,
        use: Callable[[Mapping[str, Past]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `use` is called in another thread, with the past of meters by identifier."""
        super().__init__(workers, clock)
        self._lend = lend
        self._zone = zone
        self._use = use
        self._now = now

    def step(self) -> float:
        """Look at all meters."""
        now = self._now()
        start = past_start(now, self._zone)
        with self._lend() as home:
            meters = home.meters()
        pasts = {}
        for meter in meters:
            with self._lend() as home:  # each has its time
                switches = home.switches(meter, start, now)
            pasts[meter.identifier] = Past(meter.first, switches)
        self._use(pasts)
        return AGAIN
