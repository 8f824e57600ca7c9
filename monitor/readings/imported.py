"""Imported energy, which counts only where the meter has no readings: before its first one and after its last one.

Between them its registers count, even across gaps. An imported day or month is stored with its last hour: it counts in
periods, but not in load curves, since nothing says at which hours it was drawn. All times are aware and in UTC.
"""

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.contract.registers import NUMBERED, REGISTERS, supplier_name
from common.database.mariadb import Connection, sql_time
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy, HourEnergy
from monitor.readings.rows import utc

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Imported:
    """Imported energy: of the hours, so many, of which `hour` is the last."""

    hour: datetime
    register: int  # its place in REGISTERS
    wh: int
    hours: int  # 1; of a day 23, 24 or 25


class ImportedHours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def between(self, meter: int, start: datetime, end: datetime, least: int = 1) -> list[Imported]:
        """Return what was imported for [start, end), in order; a day or a month is of its last hour.

        `least` leaves out what is of fewer hours.
        """
        sql = (
            "SELECT hour, register, wh, hours FROM imported_hours WHERE meter_id = %s AND hour >= %s AND hour < %s"
            " AND hours >= %s ORDER BY hour, register"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end), least))
        return [Imported(utc(hour), int(register), int(wh), int(hours)) for hour, register, wh, hours in rows]

    def firsts(self) -> dict[int, datetime]:
        """Return of all meters the first hour that was imported; of a day or a month, the hour it begins with."""
        sql = (
            "SELECT i.meter_id, i.hour, MAX(i.hours) FROM imported_hours AS i"
            " JOIN (SELECT meter_id, MIN(hour) AS hour FROM imported_hours GROUP BY meter_id) AS f"
            " ON f.meter_id = i.meter_id AND f.hour = i.hour GROUP BY i.meter_id, i.hour"
        )
        return {int(meter): utc(hour) - (int(hours) - 1) * _HOUR for meter, hour, hours in self._connection.query(sql)}

    def lasts(self) -> dict[int, datetime]:
        """Return of all meters the last hour that was imported."""
        rows = self._connection.query("SELECT meter_id, MAX(hour) FROM imported_hours GROUP BY meter_id")
        return {int(meter): utc(hour) for meter, hour in rows}


@dataclass(slots=True)
class Imports:
    """What was imported for a period."""

    wh: dict[str, int] = field(default_factory=dict)  # by register
    hours: dict[datetime, int] = field(default_factory=dict)  # how many hours end with an hour, of what was drawn

    @property
    def seconds(self) -> int:
        """The time in which it was drawn."""
        return sum(self.hours.values()) * 3600


def imported_between(hours: ImportedHours, meter: Meter, boundaries: Sequence[datetime]) -> list[Imports]:
    """Return what was imported between neighbouring boundaries."""
    result = [Imports() for _ in boundaries[1:]]
    for row in _rows(hours, meter, boundaries[0], boundaries[-1]):
        part = result[bisect.bisect_right(boundaries, row.hour) - 1]
        name = REGISTERS[row.register]
        part.wh[name] = part.wh.get(name, 0) + row.wh
        if imported_name(name) is not None:
            inside = min(row.hours, (row.hour - boundaries[0]) // _HOUR + 1)
            part.hours[row.hour] = max(part.hours.get(row.hour, 0), inside)
    return result


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A day or a month that was imported as a whole; nobody knows when in it the energy was drawn."""

    start: datetime
    end: datetime
    name: str  # as in `Energy.wh`
    wh: int

    @property
    def hour(self) -> datetime:
        """Its last hour, in which it counts."""
        return self.end - _HOUR

    def moved(self, cuts: Sequence[datetime]) -> list[Energy]:
        """Return what moves it from its end to its parts between cuts inside it; nothing without cuts.

        So a part has the price of its time, as on a bill, which divides by days what no one has read.
        """
        if not cuts:
            return []
        return [
            # Without any length: it owes no subscription.
            Energy(start, start, {self.name: wh}, None, 0, imported_wh=wh, covered=0, expected=0)
            for start, wh in [*self._shares(cuts), (self.hour, -self.wh)]
        ]

    def _shares(self, cuts: Sequence[datetime]) -> list[tuple[datetime, int]]:
        """Return the beginnings of its parts between cuts inside it, and of each its share of the Wh, by time."""
        limits = [self.start, *cuts, self.end]
        counted = [self.wh * ((limit - self.start) // _HOUR) // ((self.end - self.start) // _HOUR) for limit in limits]
        pairs = zip(limits, itertools.pairwise(counted), strict=False)
        return [(start, after - before) for start, (before, after) in pairs]


def imported_totals(hours: ImportedHours, meter: Meter, start: datetime, end: datetime) -> list[DayTotal]:
    """Return the energy that was drawn in imported days and months that count in [start, end)."""
    return [
        DayTotal(row.hour - (row.hours - 1) * _HOUR, row.hour + _HOUR, name, row.wh)
        for row in _rows(hours, meter, start, end, 2)
        if (name := imported_name(REGISTERS[row.register])) is not None
    ]


def imported_hours(hours: ImportedHours, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
    """Return the imported hours of [start, end), without days and months: an hour by register."""
    found: dict[datetime, list[tuple[int, str | None]]] = {}
    for row in _rows(hours, meter, start, end):
        label = imported_name(REGISTERS[row.register])
        if label is None or row.hours > 1:
            continue
        registers = found.setdefault(row.hour, [])
        if row.wh:
            registers.append((row.wh, label))
    return [
        HourEnergy(hour, wh, name, 0 if place else 3600, recovered=False, imported=True, slices=0 if place else 1)
        for hour, registers in found.items()
        for place, (wh, name) in enumerate(registers or [(0, None)])
    ]


def imported_name(name: str) -> str | None:
    """Return the name of an imported register in `Energy.wh`; None: it is not energy that was drawn."""
    if name == "total":
        return "BASE"
    return f"{NUMBERED}{int(name.removeprefix('supplier_')):02}" if name.startswith("supplier_") else None


def named(piece: Energy, offer: str | None) -> Energy:
    """Return a piece of which registers that have a number only, as imported ones, are named as those of an offer."""
    wh: dict[str, int] = {}
    for register, counted in piece.wh.items():
        name = name_by(offer, register)
        wh[name] = wh.get(name, 0) + counted
    return replace(piece, wh=wh)


def name_by(offer: str | None, register: str) -> str:
    """Return the name that an offer gives a register, if that has a number only.

    >>> name_by("hchp", "EASF02"), name_by("hchp", "BASE")
    ('HCHP', 'BASE')
    """
    return supplier_name(int(register.removeprefix(NUMBERED)), offer) if register.startswith(NUMBERED) else register


def _rows(hours: ImportedHours, meter: Meter, start: datetime, end: datetime, least: int = 1) -> Iterable[Imported]:
    for row in hours.between(meter.number, start, end, least):
        if not meter.was_read(row.hour):
            yield row
