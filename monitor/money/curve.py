"""The curve of a stretch of time, with what happened in it."""

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.base.calendar import full_hour, offsets
from monitor.money.home import Home
from monitor.readings.curves import (
    CHANNELS,
    FRAMES,
    HOURS,
    MINUTES,
    Grid,
    MinuteFacts,
    Second,
    Series,
    choose_grid,
    covered,
    hold,
    reaches,
    runs,
    spread,
)
from monitor.readings.events import MinuteGap, Overload, gaps, joined_overloads, pace
from monitor.readings.hours import Meter
from monitor.readings.index_deltas import naming
from monitor.readings.power import Peak
from monitor.readings.rows import moment_of

#: Up to here, minutes are read for what happened; a longer curve has only its columns.
_MINUTES_OF = timedelta(days=2, hours=2)
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Happened:
    """What minutes tell of a stretch of time."""

    registers: Sequence[tuple[datetime, datetime, str]]
    gaps: Sequence[tuple[MinuteGap, str]]  # with why nothing came: outage, meter or unknown
    overloads: Sequence[Overload]
    volts: tuple[int, int] | None
    peak: Peak | None
    decoded: bool  # in some of it the meter arrived decoded: peaks and overloads are not measurable then
    covered: int  # seconds
    until: datetime | None  # nothing is missing up to then: the end of the last minute with a frame, at least


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve: columns on a grid, and what happened; without the latter if it is long."""

    grid: Grid
    columns: Mapping[str, Sequence[int | None]]
    happened: Happened | None
    offsets: Sequence[tuple[datetime, int]]  # seconds by which the local time is ahead of UTC, from when on


class SeriesAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._hours = home.hours
        self._power = home.power
        self._series = Series(home.connection)
        self._reader = home.reader
        self._zone = home.zone

    def curve(
        self,
        meter: Meter,
        start: datetime,
        end: datetime,
        points: int,
        source: str | None,
        channels: Collection[str],
        now: datetime,
    ) -> Curve | None:
        """Return the curve of [start, end); None if nothing is known of that time.

        Raises:
            ValueError: such a curve has too many points.
        """
        choose_grid(start, end, points, source)  # refuses a question before it is read for
        minutes = self._minutes(meter, start, end) if end - start <= _MINUTES_OF else None
        grid = choose_grid(start, end, points, source, pace(minutes or ()))
        columns = self._columns(meter, grid, channels, minutes or (), now)
        if columns is None and source is None and grid.source == FRAMES:
            # Frames may be kept for some months only.
            grid = choose_grid(start, end, points, MINUTES)
            columns = self._columns(meter, grid, channels, minutes or (), now)
        if columns is None and source is None and grid.source != HOURS:
            grid = choose_grid(start, end, points, HOURS)
            columns = self._columns(meter, grid, channels, minutes or (), now)
        if columns is None:
            if not self._known(meter, start, end, now):
                return None
            grid = choose_grid(start, end, points, source)
            columns = {name: [None] * grid.count for name in CHANNELS["power"] if "power" in channels}
        happened = None
        if minutes is not None:
            of_hours = not minutes and grid.source == HOURS
            happened = (
                self._happened_of_hours(meter, start, end)
                if of_hours
                else self._happened(meter, start, end, minutes, now)
            )
        return Curve(grid, columns, happened, offsets(self._zone, start, end))

    def powers(self, meter: Meter, start: datetime, end: datetime) -> list[Second]:
        """Return the powers of the frames in [start, end), a short time, in order."""
        return sorted(one for part in meter.parts for one in self._series.powers(part.number, start, end))

    def _minutes(self, meter: Meter, start: datetime, end: datetime) -> list[MinuteFacts]:
        found = [minute for part in meter.parts for minute in self._series.minutes(part.number, start, end)]
        return sorted(found, key=lambda minute: minute.at)

    def _known(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> bool:
        """Tell whether the meter was there before and at the range, so that all of it is a gap."""
        return meter.first is not None and meter.first < start and start < min(end, now)

    def _columns(
        self, meter: Meter, grid: Grid, channels: Collection[str], minutes: Sequence[MinuteFacts], now: datetime
    ) -> Mapping[str, Sequence[int | None]] | None:
        numbers = [part.number for part in meter.parts]
        interval = None
        if grid.source != HOURS:
            interval = self._hours.usual_interval(numbers, full_hour(grid.start) - timedelta(hours=1), grid.end)
        # What was read before it may hold at its beginning.
        lead = max(reaches([interval], grid.source, grid.step))
        grid = replace(grid, start=grid.start - timedelta(seconds=lead * grid.step), count=grid.count + lead)
        cells = self._series.cells(grid.source, numbers, grid.start, grid.end, grid.step, channels)
        if not cells.places:
            return None
        intervals = spread(cells.places, cells.intervals, grid.count)
        if grid.source == FRAMES:
            intervals = _intervals(grid, minutes, interval)
        over = math.ceil((now - grid.start).total_seconds() / grid.step)
        reach = reaches(intervals[: max(over, 0)], grid.source, grid.step)
        columns = {}
        for name, values in cells.columns.items():
            # A meter of one phase has no column for others.
            if name in {"mean", "min", "max"} or any(value is not None for value in values):
                column = spread(cells.places, values, grid.count)
                columns[name] = hold(column, reach)[lead:]
        return columns

    def _happened(
        self, meter: Meter, start: datetime, end: datetime, minutes: Sequence[MinuteFacts], now: datetime
    ) -> Happened:
        name = naming(self._reader.contract_spans(meter, start, end), end)
        # The register of a reading runs until the next one.
        until = {minute.at: min(minute.held_to, int(now.timestamp())) for minute in minutes}
        until |= {one.at: min(one.held_to, after.at) for one, after in itertools.pairwise(minutes) if after.at > one.at}
        # Contracts begin at whole hours: minutes of one hour on one register have one name.
        named = [
            (at, register)
            for (supplier, hour), part in itertools.groupby(minutes, lambda one: (one.supplier, one.at // _HOUR))
            if (register := name(supplier, hour * _HOUR)) is not None
            for minute in part
            for at in range(minute.at, until[minute.at], _MINUTE)
        ]
        # The index of another meter goes on from nowhere, as after a break.
        broken = {part.first for part in meter.parts[1:] if part.first is not None}
        for part in meter.parts:
            broken |= {one.hour for one in self._hours.breaks(part.number, start - timedelta(hours=1), end)}
        earlier = [part for part in meter.parts if part.first is not None and part.first < start]
        last = [minute for part in earlier if (minute := self._series.minute_before(part.number, start)) is not None]
        before = max(last, key=lambda minute: minute.at, default=None)
        found = gaps(minutes, before, start, min(end, now), broken)
        middles = {gap: moment_of(int((gap.start + (gap.end - gap.start) / 2).timestamp()) // 60 * 60) for gap in found}
        silent = [middles[gap] for gap in found if not gap.outage]
        heard = {moment for part in meter.parts for moment in self._series.siblings_heard(part.number, silent)}
        volts = [
            ends
            for part in meter.parts
            if (ends := self._series.voltages(MINUTES, part.number, start, end)) is not None
        ]
        return Happened(
            registers=[(moment_of(low), moment_of(high), register) for low, high, register in runs(named, _MINUTE)],
            gaps=[(gap, "outage" if gap.outage else "meter" if middles[gap] in heard else "unknown") for gap in found],
            overloads=joined_overloads(minutes),
            volts=(min(low for low, _ in volts), max(high for _, high in volts)) if volts else None,
            peak=_peak(minutes),
            decoded=any(minute.usual_interval is not None for minute in minutes),
            covered=covered([*([before] if before else ()), *minutes], start, min(end, now)),
            until=moment_of(minutes[-1].held_to) if minutes else None,
        )

    def _happened_of_hours(self, meter: Meter, start: datetime, end: datetime) -> Happened:
        """Return what hours tell of a stretch of time of which minutes are no longer kept."""
        name = naming(self._reader.contract_spans(meter, start, end), end)
        found = [row for part in meter.parts for row in self._hours.rows(part.number, start, end)]
        rows = sorted(found, key=lambda row: row.hour)
        hours = [(int(row.hour.timestamp()), row.supplier) for row in rows]
        named = [(hour, register) for hour, supplier in hours if (register := name(supplier, hour)) is not None]
        return Happened(
            registers=[(moment_of(low), moment_of(high), register) for low, high, register in runs(named, _HOUR)],
            gaps=[],
            overloads=[],
            volts=None,
            peak=max(
                (peak for part in meter.parts for peak in self._power.peaks(part.number, start, end, 1)),
                key=lambda peak: peak.power,
                default=None,
            ),
            decoded=self._hours.is_decoded(meter, start, end),
            covered=sum(row.seconds for row in rows),
            until=None,
        )


def _intervals(grid: Grid, minutes: Sequence[MinuteFacts], other: int | None) -> list[int | None]:
    """Return the usual interval in each cell of frames; `other`: that of frames that are in no minute yet."""
    known = {minute.at: minute.usual_interval for minute in minutes}
    first = int(grid.start.timestamp())
    return [known.get((first + place * grid.step) // _MINUTE * _MINUTE, other) for place in range(grid.count)]


def _peak(minutes: Sequence[MinuteFacts]) -> Peak | None:
    highest = max((minute for minute in minutes if minute.power_max is not None), key=_power, default=None)
    if highest is None or highest.power_max is None:
        return None
    return Peak(moment_of(highest.at + (highest.power_max_second or 0)), highest.power_max, None)


def _power(minute: MinuteFacts) -> int:
    return minute.power_max or 0
