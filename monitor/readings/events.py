"""Finds overloads, voltages outside their limits, and gaps: minutes without a frame.

`Events` has the queries; the functions that make events of their rows are pure. Times are seconds since 1970, unless
they are a datetime.
"""

import itertools
import statistics
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from common.contract.usual_interval import LONGEST_INTERVAL, held_minutes
from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import full_hour
from monitor.readings.curves import FACTS, MinuteFacts
from monitor.readings.power import VOLTAGE_HIGH, VOLTAGE_LOW, VoltageMinute
from monitor.readings.rows import moment_of

_HOUR = 3600
_FULL = (1 << 60) - 1  # of the bits of an hour's minutes
_PHASES = (1, 2, 3)
_OUTSIDE = " OR ".join(
    f"voltage_{phase}_min < {VOLTAGE_LOW} OR voltage_{phase}_max > {VOLTAGE_HIGH}" for phase in _PHASES
)
_VOLTAGES = ", ".join(f"voltage_{phase}_min, voltage_{phase}_max" for phase in _PHASES)
_ONE_MINUTE = timedelta(minutes=1)
#: Of a gap in which nothing was counted: so long, and with so much power before, that the house had no current.
_OUTAGE_MINUTES, _OUTAGE_POWER = 10, 60  # VA
_MINUTE = 60
#: Minutes without a frame that make a gap: a single one may only be a slow line.
LEAST = 2
_MOST_HELD = held_minutes(LONGEST_INTERVAL)
_FEW = 3  # minutes from which no pace can be told


class Gap(NamedTuple):
    """Whole minutes without a frame."""

    start: int
    end: int


class Around(NamedTuple):
    """The readings of the minutes before and after a gap."""

    before: int | None  # Wh
    after: int | None
    power: int  # VA, the highest of the minute before; 0 if the registers may be behind
    injected: int  # Wh, between the two


class Events:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def marked(self, meter: int, start: datetime, end: datetime, most: int) -> list[int]:
        """Return the latest hours that touch [start, end) and have an overload or a voltage outside its limits."""
        sql = (
            "SELECT UNIX_TIMESTAMP(hour) FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s"  # noqa: S608
            f" AND (overload IS NOT NULL OR {_OUTSIDE}) ORDER BY hour DESC LIMIT %s"
        )
        first = full_hour(start)
        return [int(hour) for (hour,) in self._connection.query(sql, (meter, sql_time(first), sql_time(end), most))]

    def overloaded(self, meter: int, hours: Sequence[int]) -> list[MinuteFacts]:
        """Return the minutes of some hours with an overload, in order."""
        rows = self._of_hours(meter, hours, ", ".join(FACTS), "overload IS NOT NULL")
        return [MinuteFacts(*row) for row in rows]

    def voltages(self, meter: int, hours: Sequence[int]) -> list[VoltageMinute]:
        """Return the minutes of some hours with a voltage outside its limits, in order."""
        found = []
        for minute, *volts in self._of_hours(meter, hours, f"UNIX_TIMESTAMP(minute), {_VOLTAGES}", f"({_OUTSIDE})"):
            for phase, (low, high) in enumerate(zip(volts[::2], volts[1::2], strict=True), 1):
                if low is not None and (low < VOLTAGE_LOW or high > VOLTAGE_HIGH):
                    found.append(VoltageMinute(moment_of(minute), phase, low, high))
        return found

    def _of_hours(self, meter: int, hours: Sequence[int], columns: str, condition: str) -> Sequence[Sequence[int]]:
        if not hours:
            return []
        # One statement for all: each range is a part of the key.
        ranges = " OR ".join(["(minute >= %s AND minute < %s)"] * len(hours))
        limits = [sql_time(moment_of(moment)) for hour in hours for moment in (hour, hour + _HOUR)]
        sql = (
            f"SELECT {columns} FROM minutes WHERE meter_id = %s AND ({ranges}) AND {condition}"  # noqa: S608 - ours
            " ORDER BY minute"
        )
        return self._connection.query(sql, (meter, *limits))

    def minute_before(self, meter: int, moment: datetime) -> datetime | None:
        """Return the last minute with a frame in the last hour before that of a moment."""
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), minutes FROM hours WHERE meter_id = %s AND hour < %s AND minutes <> 0"
            " ORDER BY hour DESC LIMIT 1"
        )
        hour = full_hour(moment)
        rows = self._connection.query(sql, (meter, sql_time(hour)))
        return moment_of(int(rows[0][0]) + 60 * (int(rows[0][1]).bit_length() - 1)) if rows else None

    def hour_after(self, meter: int, moment: datetime) -> datetime | None:
        """Return the first hour that begins at or after a moment."""
        sql = "SELECT UNIX_TIMESTAMP(hour) FROM hours WHERE meter_id = %s AND hour >= %s ORDER BY hour LIMIT 1"
        rows = self._connection.query(sql, (meter, sql_time(moment)))
        return moment_of(int(rows[0][0])) if rows else None

    def gaps(self, meter: int, start: datetime, end: datetime) -> list[Gap]:
        """Return the minutes without a frame between the first and the last hour of [start, end) that have one."""
        low, high = sql_time(full_hour(start)), sql_time(end)
        sql = (
            "SELECT previous, hour FROM (SELECT UNIX_TIMESTAMP(hour) AS hour, LAG(UNIX_TIMESTAMP(hour)) OVER"
            " (ORDER BY hour) AS previous FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s) AS pairs"
            " WHERE hour > previous + 3600"
        )
        found = [
            Gap(int(previous) + _HOUR, int(hour)) for previous, hour in self._connection.query(sql, (meter, low, high))
        ]
        # By the index (meter_id, seconds, hour): nearly all hours of a good line are whole.
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), minutes FROM hours"
            " WHERE meter_id = %s AND seconds < 3600 AND hour >= %s AND hour < %s AND minutes <> %s"
        )
        for hour, bits in self._connection.query(sql, (meter, low, high, _FULL)):
            found += _gaps_of_hour(int(hour), int(bits))
        return joined(sorted(found))

    def around(self, meter: int, gaps: Sequence[Gap]) -> dict[Gap, Around]:
        """Return what was read around some gaps."""
        if not gaps:
            return {}
        rows = self._minutes(meter, [moment for gap in gaps for moment in (gap.start - 60, gap.end)])
        # What a decoded meter sent last may be minutes before the gap.
        held = [gap.start - 60 * n for gap in gaps if gap.start - 60 not in rows for n in range(2, _MOST_HELD + 2)]
        earlier = self._minutes(meter, held) if held else {}
        nothing = (None,) * 6
        found = {}
        for gap in gaps:
            reach = range(gap.start - 60 * (_MOST_HELD + 1), gap.start)
            last = max((moment for moment in earlier if moment in reach), default=0)
            _, before, power, _, injected_before, interval = rows.get(gap.start - 60) or earlier.get(last, nothing)
            after, _, _, injected_after, _, _ = rows.get(gap.end, nothing)
            known = injected_before is not None and injected_after is not None
            injected = injected_after - injected_before if known else 0
            found[gap] = Around(before, after, _known_power(power, interval), injected)
        return found

    def _minutes(self, meter: int, minutes: Sequence[int]) -> dict[int, Sequence[Any]]:
        """Return what some minutes read, by their start."""
        # As text: of a list of FROM_UNIXTIME(), MariaDB 11.8 finds the first only.
        wanted = [sql_time(moment_of(minute)) for minute in minutes]
        columns = "total_first, total_last, power_max, injected_first, injected_last, usual_interval"
        sql = (
            f"SELECT UNIX_TIMESTAMP(minute), {columns} FROM minutes"  # noqa: S608 - our own names
            f" WHERE meter_id = %s AND minute IN ({', '.join(['%s'] * len(wanted))})"
        )
        return {int(row[0]): row[1:] for row in self._connection.query(sql, (meter, *wanted))}


def _gaps_of_hour(hour: int, bits: int) -> list[Gap]:
    """Return the minutes of an hour without a frame; bit n of `bits`: minute n has one.

    >>> _gaps_of_hour(0, (1 << 60) - 1 - 0b1100)
    [Gap(start=120, end=240)]
    """
    found, start = [], None
    for minute in range(61):
        present = minute == 60 or bits >> minute & 1
        if not present and start is None:
            start = minute
        elif present and start is not None:
            found.append(Gap(hour + 60 * start, hour + 60 * minute))
            start = None
    return found


def joined(gaps: Sequence[Gap]) -> list[Gap]:
    """Join gaps, in order, that touch each other.

    >>> joined([Gap(0, 60), Gap(60, 90), Gap(100, 120)])
    [Gap(start=0, end=90), Gap(start=100, end=120)]
    """
    found: list[Gap] = []
    for gap in gaps:
        if found and found[-1].end == gap.start:
            found[-1] = Gap(found[-1].start, gap.end)
        else:
            found.append(gap)
    return found


@dataclass(frozen=True, slots=True)
class Overload:
    """An overload: when its power was highest, and for how long it was told of."""

    at: datetime
    seconds: int
    power: int | None  # VA


@dataclass(frozen=True, slots=True)
class BadVoltage:
    """A voltage outside its limits on one phase, and the worst of it."""

    start: datetime
    end: datetime
    volts: int
    phase: int


def joined_overloads(minutes: Iterable[MinuteFacts]) -> list[Overload]:
    """Join minutes with an overload, in order, that follow each other."""
    found: list[Overload] = []
    end = 0
    for minute in minutes:
        if not minute.overload:
            continue
        # Frames that told of it, in the time that the minute's frames cover.
        seconds = max(round(minute.overload * minute.seconds / max(minute.frames, 1)), 1)
        one = Overload(moment_of(minute.at + (minute.power_max_second or 0)), seconds, minute.power_max)
        if found and minute.at == end:
            higher = max(found[-1], one, key=lambda overload: overload.power or 0)
            found[-1] = Overload(higher.at, found[-1].seconds + seconds, higher.power)
        else:
            found.append(one)
        end = minute.at + 60
    return found


def bad_voltages(minutes: Sequence[VoltageMinute]) -> list[BadVoltage]:
    """Join minutes with a voltage outside its limits, a phase apart."""
    found: list[BadVoltage] = []
    for phase in sorted({one.phase for one in minutes}):
        of_phase: list[BadVoltage] = []
        for one in minutes:
            if one.phase != phase:
                continue
            worst = one.high if one.high > VOLTAGE_HIGH else one.low
            if of_phase and of_phase[-1].end == one.minute:
                last = of_phase.pop()
                worst = max(last.volts, worst, key=lambda volts: abs(volts - 230))
                of_phase.append(BadVoltage(last.start, one.minute + _ONE_MINUTE, worst, phase))
            else:
                of_phase.append(BadVoltage(one.minute, one.minute + _ONE_MINUTE, worst, phase))
        found += of_phase
    return sorted(found, key=lambda event: (event.start, event.phase))


def _known_power(power: int | None, interval: int | None) -> int:
    """Return the power before a gap; of a decoded meter 0: its registers may be steps of 100 Wh behind."""
    return power or 0 if interval is None else 0


def is_outage(wh: int | None, injected: int, power_before: int | None, minutes: int) -> bool:
    """Tell whether the house had no current in a gap: the meter counted nothing though power was drawn before it."""
    return wh == 0 and injected == 0 and (power_before or 0) >= _OUTAGE_POWER and minutes >= _OUTAGE_MINUTES


@dataclass(frozen=True, slots=True)
class MinuteGap:
    """From the end of the last minute with a frame to the next one that has one."""

    start: datetime
    end: datetime
    wh: int | None  # what the reading after it is higher by; None: not known, or there is none yet
    outage: bool  # the meter counted nothing, so the house had no current


def pace(minutes: Sequence[MinuteFacts]) -> float:
    """Return how many seconds usually lie between frames, 1 if nobody can tell; or if each holds until the next."""
    if len(minutes) < _FEW or minutes[-1].usual_interval is not None:
        return 1
    apart = statistics.median(after.at - before.at for before, after in itertools.pairwise(minutes))
    return apart if apart > _MINUTE else _MINUTE / statistics.median(minute.frames for minute in minutes)


def gaps(
    minutes: Sequence[MinuteFacts],
    before: MinuteFacts | None,
    start: datetime,
    end: datetime,
    broken: Collection[datetime] = (),
) -> list[MinuteGap]:
    """Return the gaps of a range, cut to it.

    Args:
        minutes: those of the range, in order.
        before: the last one before it; None: the meter was not known yet, so its absence is no gap.
        start: of the range.
        end: of the range, or now, if that is earlier.
        broken: hours in which a register changed without energy.
    """
    found = []
    last = before
    # Where frames come each five minutes, four without one are no gap.
    least = LEAST * max(pace(minutes), _MINUTE) - _MINUTE
    for minute in minutes:
        if last is not None and minute.at - last.held_to > least:
            found.append(_gap(last, minute, start, broken))
        last = minute
    # The rollups follow some minutes behind.
    if last is not None and end.timestamp() - last.held_to > 5 * _MINUTE:
        gap_start = max(moment_of(last.held_to), start)
        if gap_start < end:
            found.append(MinuteGap(gap_start, end, None, outage=False))
    return found


def _gap(last: MinuteFacts, minute: MinuteFacts, start: datetime, broken: Collection[datetime]) -> MinuteGap:
    begin, end = moment_of(last.held_to), moment_of(minute.at)
    wh = None
    if last.total_last is not None and minute.total_first is not None:
        wh = minute.total_first - last.total_last
        if wh < 0 or end.replace(minute=0) in broken:
            wh = None
    injected = 0
    if last.injected_last is not None and minute.injected_first is not None:
        injected = minute.injected_first - last.injected_last
    power = _known_power(last.power_max, last.usual_interval)
    outage = is_outage(wh, injected, power, (end - begin) // timedelta(minutes=1))
    return MinuteGap(max(begin, start), end, wh, outage)
