"""Reads the user's small files, a day or a time and what holds then, one a line: spot prices, Tempo colours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Self, TypeVar

from common.contract.offers import COLOURS
from common.errors import ConfigError
from common.settings.file_errors import reason
from common.settings.lines import reading

K = TypeVar("K")
V = TypeVar("V")
QUARTER = 900  # seconds
_HOUR = 3600
_SPOT_LINE = re.compile(r"\s*([0-9T:.+Z -]{16,25}?)\s*[;,]\s*(-?\d+(?:\.\d+)?)\s*")
_MEGA = Decimal(1000)
_WORDS: Mapping[str, str] = {
    word: name
    for number, (name, colour) in enumerate(COLOURS.items(), 1)
    for french in [colour.names["fr"].lower()]
    for word in (str(number), name, french, f"tempo_{french}")
}
_DAY_LINE = re.compile(r"\s*\"?(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4}))\"?\s*[;,\t]\s*\"?([^\";,\t]+?)\"?\s*")


def read_dated(content: bytes, origin: str, parse: Callable[[str], tuple[K, V] | None], example: str) -> dict[K, V]:
    """Return what each line says; `parse` returns None for one that says nothing. A first line of names is skipped.

    Raises:
        ConfigError: with the file and the line: one says nothing, or contradicts an earlier one.
    """
    found: dict[K, V] = {}
    with reading(origin):
        for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), 1):
            if not line.strip() or (number == 1 and not any(character.isdigit() for character in line)):
                continue
            pair = parse(line)
            if pair is None:
                raise ConfigError(f"{example} is expected, not {line!r}", number)
            key, value = pair
            if found.setdefault(key, value) != value:
                raise ConfigError(f"an earlier line says something else than {line!r}", number)
    return found


@dataclass(frozen=True, slots=True)
class SpotPrices:
    """Day-ahead prices without tax, EUR per kWh, by the quarter of an hour (Unix time of its start)."""

    by_quarter: Mapping[int, Decimal]

    @classmethod
    def of_starts(cls, prices: Mapping[int, Decimal]) -> Self:
        """Return the prices that hold from each of these moments (Unix time), EUR per MWh.

        One holds for an hour where the next begins an hour later, else for a quarter. The market went from hours to
        quarters, never back: an hour after a quarter is three quarters that are missing.
        """
        starts = sorted(prices)
        by_quarter: dict[int, Decimal] = {}
        length = _HOUR
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            if following is not None and following - start == QUARTER:
                length = QUARTER
            for quarter in range(start, start + length, QUARTER):
                by_quarter[quarter] = prices[start] / _MEGA
        return cls(by_quarter)

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


def read_spot(content: bytes, origin: str) -> dict[int, Decimal]:
    """Return the market prices of a file, EUR per MWh, by their start (Unix time).

    Raises:
        ConfigError: a line is wrong.
    """
    return read_dated(content, origin, _spot, "2026-01-15T10:00:00Z;85.20 (UTC, EUR per MWh)")


def _quarters(start: int, seconds: int) -> range:
    return range(start - start % QUARTER, start + seconds, QUARTER)


def _spot(line: str) -> tuple[int, Decimal] | None:
    match = _SPOT_LINE.fullmatch(line)
    start = None if match is None else _start(match[1])
    return None if match is None or start is None else (start, Decimal(match[2]))


def _start(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    start = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return start if start % QUARTER == 0 else None


def read_colours(content: bytes, origin: str) -> dict[date, str]:
    """Return the colour of each day of a file: blue, white or red.

    Days are ISO or DD/MM/YYYY, colours words in French or English, or 1 to 3.

    Raises:
        ConfigError: a line is neither, or a day has two colours.
    """
    return read_dated(content, origin, _coloured, "a day and a colour such as 2026-01-15;rouge")


def _coloured(line: str) -> tuple[date, str] | None:
    day, word = _listed(line) or (None, "")
    colour = _WORDS.get(word.lower())
    return None if day is None or colour is None else (day, colour)


def read_days(content: bytes, origin: str) -> dict[date, str]:
    """Return the kind of each day of a file of a calendar.

    Raises:
        ConfigError: a line is wrong.
    """
    return read_dated(content, origin, _listed, "a day and its kind such as 2026-01-15;peak")


def _listed(line: str) -> tuple[date, str] | None:
    match = _DAY_LINE.fullmatch(line)
    day = None if match is None else _day(match)
    return None if match is None or day is None else (day, match[7])


def _day(match: re.Match[str]) -> date | None:
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_file(path: Path) -> bytes:
    """Read a file that the user names.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from error
