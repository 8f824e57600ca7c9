"""Queries of the apparent power by the second, for the rule of the breaker. Times are seconds since 1970."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from common.database.mariadb import Connection, sql_time
from monitor.readings.grid_curves import moment_of
from monitor.readings.number_rows import number_rows

_HOUR = 3600
_AT_ONCE = 6 * _HOUR  # of frames
_MOST_RANGES = 100  # of one statement


class Seconds:
    """Reads one connection's database; not for several threads at once.

    `phases` is 1 for the power of all phases, 3 for that of each.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def measured(self, meters: Sequence[int], start: datetime, end: datetime) -> dict[int, int]:
        """Return how many seconds of each hour of [start, end) have a power in `minutes`, of hours that have any.

        In an hour in which one meter of a house replaced another, they add up.
        """
        rows = number_rows(
            self._connection,
            [f"UNIX_TIMESTAMP(minute) DIV {_HOUR} * {_HOUR}", "SUM(seconds)"],
            f"FROM minutes WHERE meter_id IN ({_numbers(meters)}) AND minute >= %s AND minute < %s"
            f" AND power_max IS NOT NULL GROUP BY UNIX_TIMESTAMP(minute) DIV {_HOUR}",
            (sql_time(start), sql_time(end)),
        )
        return {hour: min(seconds, _HOUR) for hour, seconds in rows}

    def busy_minutes(
        self, meters: Sequence[int], start: datetime, end: datetime, phases: int, above: int
    ) -> list[tuple[int, int, tuple[int, ...]]]:
        """Return the minutes of [start, end) in which a phase was above a power, in order.

        Each has its start, the seconds that are measured, and the highest power of each phase. Where that of a phase
        is not known, that of all takes its place, which is not less.
        """
        of_phases = [f"COALESCE({_possible(number, '_max')}, power_max)" for number in range(1, phases + 1)]
        columns = ["power_max"] if phases == 1 else of_phases
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(minute)", "seconds", *columns],
            f"FROM minutes WHERE meter_id IN ({_numbers(meters)}) AND minute >= %s AND minute < %s"
            f" AND ({' OR '.join(f'{column} > %s' for column in columns)}) ORDER BY minute",
            (sql_time(start), sql_time(end), *[above] * phases),
        )
        return [(at, seconds, tuple(highest)) for at, seconds, *highest in rows]

    def powers(
        self, meters: Sequence[int], stretches: Sequence[tuple[int, int]], phases: int
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the readings of the frames in some stretches, in order: the second, and the power of each phase."""
        columns = ["power"] if phases == 1 else [_possible(number) for number in range(1, phases + 1)]
        values = ", ',', ".join(["FLOOR(UNIX_TIMESTAMP(timestamp))", *columns])
        known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        for part in _batches(stretches):
            ranges = " OR ".join(["(timestamp >= %s AND timestamp < %s)"] * len(part))
            # A text a minute: PyMySQL takes most of its time for each row.
            rows = self._connection.query(
                f"SELECT GROUP_CONCAT('[', {values}, ']' ORDER BY timestamp) FROM frames"  # noqa: S608 - our own names
                f" WHERE meter_id IN ({_numbers(meters)}) AND ({ranges}) AND {known}"
                " GROUP BY UNIX_TIMESTAMP(timestamp) DIV 60 ORDER BY UNIX_TIMESTAMP(timestamp) DIV 60",
                [sql_time(moment_of(limit)) for stretch in part for limit in stretch],
            )
            for at, *powers in json.loads(f"[{','.join([text for (text,) in rows])}]"):
                yield at, tuple(powers)


def _possible(phase: int, suffix: str = "") -> str:
    """Return the power of a phase, at most what its current makes possible.

    The first three-phase Linkys send wrong values for single phases, such as 48370 VA. A current is rounded to 1 A.
    """
    power, volts, amperes = (f"{name}_{phase}{suffix}" for name in ("power", "voltage", "current"))
    return f"CAST(LEAST({power}, COALESCE(1.1 * {volts} * ({amperes} + 2), {power})) AS UNSIGNED)"


def _batches(stretches: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield stretches, the long ones in pieces, together so many as are read at once."""
    part: list[tuple[int, int]] = []
    room = _AT_ONCE
    for low, high in stretches:
        for begin in range(low, high, _AT_ONCE):
            piece = begin, min(begin + _AT_ONCE, high)
            if part and (len(part) == _MOST_RANGES or piece[1] - piece[0] > room):
                yield part
                part, room = [], _AT_ONCE
            part.append(piece)
            room -= piece[1] - piece[0]
    if part:
        yield part


def _numbers(meters: Sequence[int]) -> str:
    return ", ".join(map(str, meters))
