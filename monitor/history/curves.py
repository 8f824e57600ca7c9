"""Queries of curves in `hours`, as columns of whole numbers: times are seconds since 1970, which are read faster."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.database import Connection, sql_time

_WHOLE = 3540  # seconds covered


class Drawn(NamedTuple):
    """What was drawn in an hour."""

    hour: int  # its start, seconds since 1970
    wh: int


class Night(NamedTuple):
    """The least that was drawn in a whole hour of the local hours 0 to 5 of a day."""

    day: int  # since 1970
    wh: int


class Curves:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def drawn(self, meter: int, start: datetime, end: datetime) -> list[Drawn]:
        """Return the hours in [start, end) of which it is known what was drawn, in order."""
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), drawn_wh FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND drawn_wh IS NOT NULL ORDER BY hour"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Drawn(int(hour), int(wh)) for hour, wh in rows]

    def nights(
        self, meter: int, start: datetime, end: datetime, offsets: Sequence[tuple[datetime, int]]
    ) -> list[Night]:
        """Return the nights in [start, end), in order.

        An hour counts when it is covered and follows the hour before it without a gap of more than a minute: what was
        drawn in a gap is counted in the hour after it.

        Args:
            meter: its number.
            start: the beginning.
            end: the end, exclusive.
            offsets: from when on the local time is how many seconds ahead of UTC; the first is at or before `start`.
        """
        limits = ", ".join(str(int(moment.timestamp())) for moment, _ in offsets)
        ahead = ", ".join(str(seconds) for _, seconds in offsets)
        local = f"(UNIX_TIMESTAMP(h.hour) + ELT(INTERVAL(UNIX_TIMESTAMP(h.hour), {limits}), {ahead}))"
        sql = (
            f"SELECT CAST({local} AS SIGNED) DIV 86400 AS day, MIN(h.drawn_wh) FROM hours AS h"  # noqa: S608 - numbers
            " LEFT JOIN hours AS p ON p.meter_id = h.meter_id AND p.hour = h.hour - INTERVAL 1 HOUR"
            " WHERE h.meter_id = %s AND h.hour >= %s AND h.hour < %s AND h.drawn_wh IS NOT NULL"
            f" AND {local} MOD 86400 < 21600 AND h.seconds >= {_WHOLE}"
            " AND h.first_at <= p.last_at + INTERVAL 1 MINUTE GROUP BY day ORDER BY day"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Night(int(day), int(wh)) for day, wh in rows]
