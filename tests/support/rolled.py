"""The rollups of one meter in memory: as the storer makes them, and as the monitor's `EnergyReader` reads them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, cast

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.registers import REGISTERS, readings
from monitor.readings.availability import Gap, MissingHours
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Break, Hours, Meter
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts, MeterContract, read_contract
from monitor.readings.power import Power
from monitor.readings.rows import Reading, Values
from storer.rollups.breaks import Before, HourReadings, Inside, Judgement, ends_suffice, judge, kind_at_end
from tests.support.rollup_oracle import supplier

HOUR = timedelta(hours=1)


class Rolled:
    """Stands in for the tables: `Hours`, `ImportedHours` and `Contracts` of one meter, whose frames are all whole."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self.rolled: list[HourReadings] = []
        self.judged: dict[datetime, Judgement] = {}
        self._contracts: dict[datetime, MeterContract] = {}
        for hour, group in groupby(sorted(frames, key=lambda frame: frame.timestamp), _hour):
            self._add(hour, list(group))
        self.meter = Meter(1, "031961000001", self.rolled[0].hour, self.rolled[-1].hour)
        self.availability = self
        self.reader = EnergyReader(
            cast("Hours", self), cast("ImportedHours", self), cast("Contracts", self), cast("Power", self)
        )

    def _add(self, hour: datetime, frames: Sequence[Frame]) -> None:
        points = [
            (frame.timestamp.replace(microsecond=0), frame.mode is Mode.STANDARD, readings(frame.mode, frame.values))
            for frame in frames
        ]
        (first_at, first_standard, first), (last_at, last_standard, last) = points[0], points[-1]
        row = HourReadings(
            hour,
            first_at,
            last_at,
            first_standard,
            last_standard,
            first,
            last,
            supplier=supplier(frames[-1]),
            usual_interval=frames[-1].interval,
        )
        inside = None if ends_suffice(row) else Inside(points)
        previous = self.rolled[-1] if self.rolled else None
        self.judged[hour] = judge(row, [self._before(register) for register in range(len(REGISTERS))], previous, inside)
        content = {"frame": frames[-1].values, "mode": frames[-1].mode}
        self._contracts[hour] = read_contract(cast("dict[str, Any]", content))
        self.rolled.append(row)

    def _before(self, register: int) -> Before | None:
        between: list[HourReadings] = []
        for row in reversed(self.rolled):
            if (value := row.last[register]) is not None:
                hidden = any(kind_at_end(other) != kind_at_end(row) for other in between)
                return Before(value, row.last_at, row.last_standard, hidden)
            between.append(row)
        return None

    # Hours

    def _before_limit(self, limit: datetime) -> HourReadings | None:
        return next((row for row in reversed(self.rolled) if row.hour < limit), None)

    def readings_at(self, meter: Meter, boundaries: Sequence[datetime]) -> list[Reading | None]:
        found = [self._before_limit(limit) for limit in boundaries]
        return [None if row is None else Reading(row.hour, row.last) for row in found]

    def first_values(self, meter: int, registers: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
        return _known(map(_first, reversed(self.rows(meter, start, end))), registers)

    def last_values(self, meter: int, registers: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
        return _known((row.last for row in self.rows(meter, start, end)), registers)

    def shape_changes(self, meter: int, since: datetime | None = None) -> list[tuple[datetime, int]]:
        shapes = [(row.hour, _shape(row)) for row in self.rolled]
        return shapes[:1] + [other for one, other in pairwise(shapes) if one[1] != other[1]]

    def breaks(self, meter: int, start: datetime, end: datetime) -> list[Break]:
        return [
            Break(hour, register, step)
            for hour, judgement in self.judged.items()
            for register, step in judgement.steps.items()
            if start <= hour < end
        ]

    def drawn(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, tuple[int | None, int | None]]:
        return {row.hour: (self.judged[row.hour].drawn, row.supplier) for row in self.rolled if row.hour in hours}

    def doubtful(self, meter: int, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
        return []

    def without_row(self, meter: int) -> MissingHours:
        first, end = self.rolled[0].hour, self.rolled[-1].hour + HOUR
        return MissingHours(((first, end),), first, end)

    def covered(self, meter: int, boundaries: Sequence[datetime]) -> list[int]:
        return [0 for _ in boundaries[1:]]

    def gaps(self, meter: int, start: datetime, end: datetime, candidates: Sequence[datetime] | None) -> list[Gap]:
        return [
            Gap(row.hour, before.last, _first(row), (row.first_at - before.last_at).total_seconds())
            for before, row in pairwise(self.rolled)
            if start <= row.hour < end and row.first_at - before.last_at > timedelta(minutes=1)
        ]

    def rows(self, meter: int, start: datetime, end: datetime) -> list[HourReadings]:
        return [row for row in self.rolled if start <= row.hour < end]

    # ImportedHours and Contracts

    def firsts(self) -> dict[int, datetime]:
        return {}

    def between(self, meter: int, start: datetime, end: datetime, least: int = 1) -> list[Any]:
        return []

    def at(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, MeterContract]:
        return {hour: self._contracts[hour] for hour in hours if hour in self._contracts}

    def before(self, meter: int, moments: Sequence[datetime]) -> dict[datetime, MeterContract]:
        return self.at(meter, [row.hour for moment in moments if (row := self._before_limit(moment)) is not None])


def _known(values: Iterable[Values], registers: Collection[int]) -> dict[int, int]:
    return {place: value for each in values for place in registers if (value := each[place]) is not None}


def _first(row: HourReadings) -> Values:
    return tuple(last if first is None else first for first, last in zip(row.first, row.last, strict=True))


def _hour(frame: Frame) -> datetime:
    return frame.timestamp.replace(minute=0, second=0, microsecond=0)


def _shape(row: HourReadings) -> int:
    absent = sum((value is None) << number for number, value in enumerate(row.last))
    return absent + ((2 * row.last_standard + 4 * (row.usual_interval is not None)) << len(REGISTERS))
