"""Prices and Tempo colours, as their files have them now."""

import logging
from pathlib import Path
from typing import NamedTuple

from common.errors import ConfigError
from common.runtime.logs import ChangeLogger
from monitor.base.config import MonitorConfig
from monitor.money.calendars import Calendars, load_calendars
from monitor.money.price_files import UPDATED, load_prices
from monitor.money.prices import PriceTable

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds

_Seen = tuple[tuple[int, int] | None, ...]  # of each file: time of the last change and size; None: it is not there


class Rates(NamedTuple):
    """What costs are computed with."""

    prices: PriceTable
    calendars: Calendars


class RateFiles:
    """Reads the files again when one changes: a corrected price corrects the past, without a restart."""

    def __init__(self, settings: MonitorConfig, folder: Path) -> None:
        """Read the files; `folder` is that of the configuration.

        Raises:
            ConfigError: a file of prices or colours is wrong.
        """
        self._settings = settings
        self._folder = folder
        named = [
            file
            for file in (settings.prices, settings.tempo, settings.spot, *(file for _, file in settings.calendars))
            if file is not None
        ]
        self._files = [*named, *(folder / name for name in UPDATED)]
        self._changes = ChangeLogger(log)
        self._looked_at = float("-inf")
        self._seen = self._look()
        self.current = self._read()

    def refresh(self, now: float) -> bool:
        """Look for changes at the monotonic time `now`; return whether `current` is new.

        Files that are wrong change nothing: the log and `error` of the prices say what to correct.
        """
        if now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self.current = self._read()
        except ConfigError as error:
            self.current.prices.error = str(error)
            self._changes.log(logging.ERROR, f"{error}; the prices from before are still used")
            return False
        self._changes.reset()
        log.info("Reloaded prices and calendars")
        return True

    def _read(self) -> Rates:
        settings = self._settings
        prices = load_prices(settings.prices, self._folder, settings.spot)
        calendars = load_calendars(settings.tempo, settings.calendars, prices, alsace_moselle=settings.alsace_moselle)
        return Rates(prices, calendars)

    def _look(self) -> _Seen:
        return tuple(map(_state, self._files))


def _state(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
