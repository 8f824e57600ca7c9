"""How well a meter's data is kept: frames counted and stored, the disk; its voltage, and off-peak hours as observed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection
from monitor.answers.off_peak_windows import HourSwitch, ObservedWindows, usual_switches, windows
from monitor.calendar import full_hour, midnight
from monitor.readings.energy import EnergyReader
from monitor.readings.grid_curves import HOURS, Series
from monitor.readings.happenings import Happenings
from monitor.readings.hours import Meter
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW, Power, VoltageMinute
from monitor.readings.storage import Disk, Upkeep

DAYS = 30  # of the audit and of the voltage
_MONTHS = 13


@dataclass(frozen=True, slots=True)
class Counted:
    """Frames of some hours."""

    frames: int  # stored
    expected: int | None  # None: no reader counted in this time
    incomplete: int  # hours in which frames are missing
    late_hours: int


@dataclass(frozen=True, slots=True)
class Voltage:
    """The voltage of the last days."""

    lowest: int
    highest: int
    outside_minutes: int  # in which a phase was outside 230 V +- 10 %


@dataclass(frozen=True, slots=True)
class Forecast:
    """The disk, and how long it lasts."""

    disk: Disk
    years: int | None  # None: free space or growth is not known


class MeterUpkeep:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, connection: Connection, reader: EnergyReader, zone: ZoneInfo) -> None:
        self._upkeep = Upkeep(connection)
        self._series = Series(connection)
        self._power = Power(connection)
        self._happenings = Happenings(connection)
        self._reader = reader
        self._zone = zone
        self.server = self._upkeep.server
        self.backup = self._upkeep.backup

    def counted(self, meter: Meter, start: datetime, end: datetime) -> Counted:
        """Return how many frames of [start, end) are stored, and how many were counted."""
        hours = [hour for part in meter.parts for hour in self._upkeep.counted(part.number, start, end)]
        known = any(hour.counted is not None for hour in hours)
        return Counted(
            frames=sum(hour.stored for hour in hours),
            expected=sum(hour.expected for hour in hours) if known else None,
            incomplete=len({hour.hour for hour in hours if hour.expected > hour.stored}),
            late_hours=sum(self._upkeep.late_hours(part.number, start, end) for part in meter.parts),
        )

    def audited_until(self, now: datetime) -> datetime | None:
        """Return the end of the last hour that is completely rolled up; None: nothing is yet."""
        up_to = self._upkeep.rolled_up_to()
        return None if up_to is None else full_hour(min(up_to, now))

    def voltage(self, meter: Meter, now: datetime) -> Voltage | None:
        """Return the voltage of the last days; None: the meter does not send it."""
        start = now - timedelta(days=DAYS)
        ends = {part.number: self._series.voltages(HOURS, part.number, start, now) for part in meter.parts}
        known = {number: of_part for number, of_part in ends.items() if of_part is not None}
        if not known:
            return None
        outside = [number for number, (low, high) in known.items() if low < VOLTAGE_LOW or high > VOLTAGE_HIGH]
        minutes = {one.minute for number in outside for one in self._bad_voltages(number, start, now)}
        return Voltage(min(low for low, _ in known.values()), max(high for _, high in known.values()), len(minutes))

    def _bad_voltages(self, number: int, start: datetime, end: datetime) -> Iterator[VoltageMinute]:
        hours = self._happenings.marked(number, start, end, 24 * (DAYS + 1))
        return (one for one in self._happenings.voltages(number, hours) if start <= one.minute < end)

    def windows(self, meter: Meter, now: datetime) -> list[ObservedWindows]:
        """Return the off-peak windows of the last months, as the meter switched."""
        place = now.year * 12 + now.month - _MONTHS
        start = midnight(date(place // 12, place % 12 + 1, 1), self._zone)
        found = self._reader.off_peak_switches(meter, start, now)
        usual = usual_switches((HourSwitch(hour, low, supplier) for hour, low, supplier in found), self._zone)
        samples = {sample.hour: sample.supplier for one in usual for sample in one.samples}
        minutes: dict[datetime, datetime] = {}
        for part in meter.parts:
            minutes |= self._power.switch_minutes(part.number, samples)
        return windows(usual, minutes, self._zone)

    def forecast(self, now: datetime) -> Forecast | None:
        """Return the size of the tables, and how many years the disk lasts at the growth of the last months."""
        disk = self._upkeep.disk(now)
        if disk is None:
            return None
        months = disk.months[-3:]
        growth = sum(months) * 12 / len(months) if months else 0
        years = None if disk.free is None or growth < 1 else min(int(disk.free / growth), 99)
        return Forecast(disk, years)
