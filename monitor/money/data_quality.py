"""How well a meter's data is kept: frames counted and stored, the disk; its voltage, and off-peak hours as observed."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from common.contract.offers import BY_REGISTER
from common.contract.usual_interval import held_minutes
from monitor.base.calendar import full_hour, midnight
from monitor.money.home import Home
from monitor.money.off_peak import (
    STARTS,
    HourSwitch,
    Night,
    ObservedWindows,
    OffPeakChange,
    against,
    last_change,
    nights,
    off_peak_intervals,
    times,
    usual_switches,
    windows,
)
from monitor.readings.curves import HOURS, Series
from monitor.readings.events import Events
from monitor.readings.hours import Meter
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW, VoltageMinute
from monitor.readings.storage import Disk, Upkeep

DAYS = 30  # of the audit and of the voltage
_MONTHS = 13
_A_DAY = timedelta(hours=24)
_RECENT = timedelta(days=14)  # ago was the last night, if its hours are those of now
_LATE = 10  # minutes between two times that adapters ask a meter for its register
_NIGHTS = 400  # that are looked at for a change of off-peak hours


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
class DiskForecast:
    """The disk, and how long it lasts."""

    disk: Disk
    years: int | None  # None: free space or growth is not known


class MeterUpkeep:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._upkeep = Upkeep(home.connection)
        self._series = Series(home.connection)
        self._power = home.power
        self._events = Events(home.connection)
        self._hours = home.hours
        self._reader = home.reader
        self._costs = home.costs
        self._zone = home.zone
        self._cache = home.cache
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
        hours = self._events.marked(number, start, end, 24 * (DAYS + 1))
        return (one for one in self._events.voltages(number, hours) if start <= one.minute < end)

    def windows(self, meter: Meter, now: datetime) -> list[ObservedWindows]:
        """Return the off-peak windows of the last months, as the meter switched."""
        place = now.year * 12 + now.month - _MONTHS
        start = midnight(date(place // 12, place % 12 + 1, 1), self._zone)
        found = self._reader.off_peak_switches(meter, start, now)
        usual = usual_switches((HourSwitch(hour, low, supplier) for hour, low, supplier in found), self._zone)
        minutes = self._minutes(meter, {sample.hour: sample.supplier for one in usual for sample in one.samples})
        return windows(usual, minutes, self._zone)

    def _minutes(self, meter: Meter, hours: dict[datetime, int]) -> dict[datetime, datetime]:
        minutes: dict[datetime, datetime] = {}
        for part in meter.parts:
            minutes |= self._power.switch_minutes(part.number, hours)
        return minutes

    def off_peak_change(self, seen: Sequence[Night]) -> OffPeakChange | None:
        """Return the last change of the off-peak hours, after three nights that had the same new ones.

        It is no change that the contract became another one, with hours of its own.
        """
        return last_change(off_peak_intervals(seen), self._zone)

    def off_peak_against_contract(self, meter: Meter, seen: Sequence[Night], now: datetime) -> OffPeakChange | None:
        """Return how the off-peak hours of the last nights differ from those that the user wrote down (`old`)."""
        found = off_peak_intervals(seen)
        if not found or now - midnight(found[-1].nights[-1].day, self._zone) > _RECENT:
            return None
        last = found[-1].nights[-1].day
        lines = [line for line in self._costs.lines(meter) if line.start <= last and line.off_peak is not None]
        written = lines[-1].off_peak if lines else None
        if written is None:
            return None
        return against(found[-1], lines[-1].start, lambda day: times(written.at(day)))

    def off_peak_nights(self, meter: Meter, now: datetime) -> list[Night]:
        """Return the nights of the last year of which all switches are known, in order."""
        local = now.astimezone(self._zone)
        end = local.date() - timedelta(local.time() < STARTS)  # the night of this day is not over
        limits = [
            datetime.combine(end - timedelta(number), STARTS, self._zone).astimezone(UTC)
            for number in range(_NIGHTS, -1, -1)
        ]
        key, earlier = ("off_peak_nights", limits[-2]), limits[:-1]
        cached = self._cache.of(meter)
        known: list[Night] | None = cached.kept(key)
        if known is None:
            known = cached.keep(meter, key, earlier[-1], self._nights(meter, earlier))
        return [*known, *self._nights(meter, limits[-2:])]  # the last hours are not remembered for some hours

    def _nights(self, meter: Meter, limits: list[datetime]) -> list[Night]:
        complete = self._complete_nights(meter, limits)
        # A switch is seen where the hour before it was read, too.
        found = self._reader.off_peak_switches(meter, limits[0] - timedelta(hours=1), limits[-1])
        minutes = self._minutes(meter, {hour: supplier for hour, _, supplier in found})
        switches = (HourSwitch(hour, low, supplier) for hour, low, supplier in found)
        interval = self._hours.usual_interval([part.number for part in meter.parts], limits[0], limits[-1])
        late = 0 if interval is None else max(held_minutes(interval), _LATE)
        return nights(switches, minutes, complete, self._zone, late)

    def _complete_nights(self, meter: Meter, limits: list[datetime]) -> dict[date, str]:
        """Return the nights of 24 hours, each of them read, with one contract that follows the meter's own hours."""
        known = self._costs.contracts(meter, limits[0], limits[-1])
        complete = {}
        for (low, high), hours in zip(itertools.pairwise(limits), self._reader.running(meter, limits), strict=True):
            contract = {one.offer or "" for one in known if one.start < high and low < one.end}
            follows = all(name in BY_REGISTER and BY_REGISTER[name][0].follows_meter for name in hours)
            if len(contract) == 1 and follows and high - low == _A_DAY and sum(hours.values()) == 24:
                complete[low.astimezone(self._zone).date()] = contract.pop()
        return complete

    def forecast(self, now: datetime) -> DiskForecast | None:
        """Return the size of the tables, and how many years the disk lasts at the growth of the last months."""
        disk = self._upkeep.disk(now)
        if disk is None:
            return None
        months = disk.months[-3:]
        growth = sum(months) * 12 / len(months) if months else 0
        years = None if disk.free is None or growth < 1 else min(int(disk.free / growth), 99)
        return DiskForecast(disk, years)
