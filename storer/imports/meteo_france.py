"""Météo-France's files of daily data, all stations of a département in one: `Q_75_…_RR-T-Vent.csv.gz`."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from common.errors import ConfigError
from common.runtime.logs import printable
from common.settings.file_errors import reason
from storer.imports.model import refused
from storer.imports.text import number, plain

DOUBTFUL = "doubtful values, as Météo-France marks them"
EARLY = "days before 2010"
_FIRST = date(2010, 1, 1)  # the first Linky meters
_GZIP = b"\x1f\x8b"
_LONGEST = 20_000  # bytes of a line: all columns have less than 1,000
_MOST_LINES = 5_000_000  # a département since 1950 has less than one million
_MOST_STATIONS = 10_000  # more than a département can have
_SHOWN = 30
_COLDEST, _WARMEST = -60, 60  # °C
_DOUBTFUL = "2"  # 0 and 1: checked, 9: plausible


@dataclass(slots=True)
class Station:
    """The days of a station, and what was left out of its file."""

    number: str
    name: str
    days: dict[date, int] = field(default_factory=dict)  # mean temperature, 0.1 °C
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def title(self) -> str:
        """Its number and name."""
        return printable(f"{self.number} {self.name}".strip())


def read_station(file: Path, wanted: Collection[str]) -> Station:
    """Read the days of one station, by its number or name; without any, of the only one that has temperatures.

    Raises:
        ConfigError: the file cannot be opened, or it is not clear which station is meant.
    """
    try:
        with file.open("rb") as opened:
            packed = opened.read(2) == _GZIP
        with gzip.open(file) if packed else file.open("rb") as lines:
            return _read(lines, {plain(name) for name in wanted})
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused(f"it is not a gzip file that can be read: {error}") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}") from error


def _read(file: BinaryIO | gzip.GzipFile, wanted: Set[str]) -> Station:
    """Keep only one station: those of a département would take a lot of memory."""
    rows = csv.reader(_lines(file), delimiter=";")
    columns = _Columns(next(rows, []))
    found: Station | None = None
    known: dict[str, str] = {}  # names of the stations that have temperatures, by number
    others: dict[str, str] = {}  # those of them that may be meant, too
    for line, cells in enumerate(rows, 2):
        if not columns.has_value(cells):
            continue
        station, name = columns.text(cells, "station"), columns.text(cells, "name")
        known[station] = name
        if len(known) > _MOST_STATIONS:
            raise refused(f"this is not a file of a département: it has more than {_MOST_STATIONS:,} stations", line)
        if wanted and not wanted & {plain(station), plain(name)}:
            continue
        if found is None:
            found = Station(station, name)
        if station == found.number:
            _add(found, columns, cells, line)
        else:
            others[station] = name
    if found is None:
        raise ConfigError(f"there is no such station with temperatures here{_listed(known)}")
    if others:
        raise ConfigError(f"choose a station by --series NUMBER{_listed({found.number: found.name, **others})}")
    if not found.days:
        raise refused(f"{found.title} has no temperatures since {_FIRST.year} here")
    return found


def _lines(file: BinaryIO | gzip.GzipFile) -> Iterator[str]:
    for count, line in enumerate(iter(lambda: file.readline(_LONGEST), b"")):
        if count >= _MOST_LINES or len(line) >= _LONGEST:
            raise refused("this is not a file of daily data: it is too long", count + 1)
        yield line.decode("utf-8-sig", errors="replace")


class _Columns:
    """Where the columns are; the files of the open data and those of the API name two of them differently."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = {name.strip().upper(): place for place, name in enumerate(names)}
        places = {
            "station": self._place("NUM_POSTE", "POSTE"),
            "day": self._place("AAAAMMJJ", "DATE"),
            "name": self._place("NOM_USUEL"),
        }
        self._places = {name: place for name, place in places.items() if place is not None}
        # The mean of the hours; else that of the least and the greatest.
        self.means = [name for name in ("TM", "TNTXM") if name in self._names]
        if not {"station", "day"} <= self._places.keys() or not self.means:
            raise refused("this is not a file of daily data: the columns NUM_POSTE, AAAAMMJJ and TM are expected")

    def _place(self, *names: str) -> int | None:
        return next((self._names[name] for name in names if name in self._names), None)

    def text(self, cells: Sequence[str], name: str) -> str:
        """Return what a line says of `station`, `day` or `name`."""
        place = self._places.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    def cell(self, cells: Sequence[str], name: str) -> str:
        """Return the cell of a column by its own name; empty if the file has none."""
        place = self._names.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    def has_value(self, cells: Sequence[str]) -> bool:
        """Tell whether a line has a temperature."""
        return any(self.cell(cells, name) for name in self.means)


def _add(station: Station, columns: _Columns, cells: Sequence[str], line: int) -> None:
    text = columns.text(cells, "day")
    try:
        day = date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError as error:
        raise refused(f"a day such as 20251231 is expected, not {text[:20]!r}", line) from error
    if day < _FIRST:
        station.left_out[EARLY] += 1
        return
    for name in columns.means:
        value = number(columns.cell(cells, name), line)
        if value is None:
            continue
        if columns.cell(cells, f"Q{name}") == _DOUBTFUL:
            continue
        if not _COLDEST <= value <= _WARMEST:
            raise refused(f"{float(value):g} °C is not the temperature of a day", line)
        if station.days.setdefault(day, round(value * 10)) != round(value * 10):
            raise refused(f"{day} has several temperatures", line)
        return
    station.left_out[DOUBTFUL] += 1


def _listed(stations: dict[str, str]) -> str:
    shown = "; ".join(f"{number} {name}".strip() for number, name in [*sorted(stations.items())][:_SHOWN])
    more = f"; and {len(stations) - _SHOWN} others" if len(stations) > _SHOWN else ""
    return f": {shown}{more}" if stations else ""
