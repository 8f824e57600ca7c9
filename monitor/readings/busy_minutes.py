"""Queries of minutes for the power that a house needs. Times are seconds since 1970."""

from collections.abc import Sequence
from datetime import datetime

from common.contract.power import highest_phase_power_sql
from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import number_rows

_HOUR = 3600


class BusyMinutes:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def measured(self, meters: Sequence[int], start: datetime, end: datetime) -> dict[int, int]:
        """Return how many seconds of each hour of [start, end) have a power, of hours that have any.

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

    def above(
        self, meters: Sequence[int], start: datetime, end: datetime, phases: int, power: float
    ) -> list[tuple[int, int, int, tuple[int, ...]]]:
        """Return the minutes of [start, end) in which a phase was above a power (VA), in order.

        Each has its start, the seconds that are measured, and in VA the mean of all phases and the highest of each.
        Where the power of a phase is not known, that of all takes its place, which is not less.
        """
        of_phases = [f"COALESCE({_possible(number)}, power_max)" for number in range(1, phases + 1)]
        columns = ["power_max"] if phases == 1 else of_phases
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(minute)", "seconds", "power_mean", *columns],
            f"FROM minutes WHERE meter_id IN ({_numbers(meters)}) AND minute >= %s AND minute < %s"
            f" AND ({' OR '.join(f'{column} > %s' for column in columns)}) ORDER BY minute",
            (sql_time(start), sql_time(end), *[power] * phases),
        )
        return [(at, seconds, mean, tuple(highest)) for at, seconds, mean, *highest in rows]


def _possible(phase: int) -> str:
    """Return the highest power of a phase, at most what its current makes possible."""
    power, volts, amperes = (f"{name}_{phase}_max" for name in ("power", "voltage", "current"))
    return f"CAST(LEAST({power}, COALESCE({highest_phase_power_sql(volts, amperes)}, {power})) AS UNSIGNED)"


def _numbers(meters: Sequence[int]) -> str:
    return ", ".join(map(str, meters))
