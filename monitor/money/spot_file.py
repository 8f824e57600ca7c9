"""Reads a file of spot prices: `start_utc;eur_mwh`, an hour or a quarter of an hour a line. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from monitor.money.dated_lines import read_dated

QUARTER = 900  # seconds
_HOUR = 3600
_LINE = re.compile(r"\s*([0-9T:.+Z -]{16,25}?)\s*[;,]\s*(-?\d+(?:\.\d+)?)\s*")
_MEGA = Decimal(1000)


@dataclass(frozen=True, slots=True)
class SpotPrices:
    """Day-ahead prices without tax, EUR per kWh, by the quarter of an hour (Unix time of its start)."""

    by_quarter: Mapping[int, Decimal]

    def of(self, start: int, seconds: int) -> Decimal | None:
        """Return the price from a moment on; None: it is not known for all of that time, or changes in it."""
        found = {self.by_quarter.get(moment) for moment in _quarters(start, seconds)}
        return found.pop() if len(found) == 1 else None

    def absent(self, start: int, seconds: int) -> list[int]:
        """Return the quarters of an hour of a time that have no price."""
        return [moment for moment in _quarters(start, seconds) if moment not in self.by_quarter]

    def extremes(self, start: int, end: int) -> list[Decimal]:
        """Return the lowest and the highest price of a time; nothing of one without any."""
        found = [price for moment, price in self.by_quarter.items() if start <= moment < end]
        return [min(found), max(found)] if found else []


def read_spot(content: bytes, origin: str) -> SpotPrices:
    """Read a file; a line holds for an hour where the next one begins an hour later, else for a quarter.

    The market went from hours to quarters, never back: an hour after a quarter is three quarters that are missing.

    Raises:
        ConfigError: a line is wrong.
    """
    prices = read_dated(content, origin, _parse, "2026-01-15T10:00:00Z;85.20 (UTC, EUR per MWh)")
    starts = sorted(prices)
    by_quarter: dict[int, Decimal] = {}
    length = _HOUR
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        if following is not None and following - start == QUARTER:
            length = QUARTER
        for quarter in range(start, start + length, QUARTER):
            by_quarter[quarter] = prices[start]
    return SpotPrices(by_quarter)


def _quarters(start: int, seconds: int) -> range:
    return range(start - start % QUARTER, start + seconds, QUARTER)


def _parse(line: str) -> tuple[int, Decimal] | None:
    match = _LINE.fullmatch(line)
    start = None if match is None else _start(match[1])
    return None if match is None or start is None else (start, Decimal(match[2]) / _MEGA)


def _start(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    start = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return start if start % QUARTER == 0 else None
