"""Queries of curves in `hours`, as columns of whole numbers: times are seconds since 1970, which are read faster."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import hour_rows

#: Hours whose energy was drawn in them: covered, and no gap of more than a minute before them.
_CERTAIN = (
    "FROM hours AS h LEFT JOIN hours AS p ON p.meter_id = h.meter_id AND p.hour = h.hour - INTERVAL 1 HOUR"
    " WHERE h.meter_id = %s AND h.hour >= %s AND h.hour < %s AND h.drawn_wh IS NOT NULL AND h.seconds >= 3540"
    " AND h.first_at <= p.last_at + INTERVAL 1 MINUTE"
)


class Night(NamedTuple):
    """The least that was drawn in a whole hour of the local hours 0 to 5 of a day."""

    day: int  # since 1970
    wh: int


class WeekHour(NamedTuple):
    """What was drawn in so many hours with one place in the week."""

    place: int  # hours since Monday 00:00, local
    wh: int
    hours: int


class Curves:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def drawn(self, meter: int, start: datetime, end: datetime) -> dict[int, int]:
        """Return what was drawn in the hours of [start, end) of which that is known, by their starts, in order."""
        rows = hour_rows(
            self._connection,
            ["drawn_wh"],
            "FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s AND drawn_wh IS NOT NULL",
            (meter, sql_time(start), sql_time(end)),
        )
        return dict(rows)

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
        local = _local(offsets)
        sql = (
            f"SELECT {local} DIV 86400 AS day, MIN(h.drawn_wh) {_CERTAIN} AND {local} MOD 86400 < 21600"
            " GROUP BY day ORDER BY day"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Night(int(day), int(wh)) for day, wh in rows]

    def week(
        self, meter: int, start: datetime, end: datetime, offsets: Sequence[tuple[datetime, int]]
    ) -> list[WeekHour]:
        """Return what was drawn in the hours of the week; hours count, and `offsets` are, as in `nights`."""
        local = _local(offsets)
        sql = (
            # 1 January 1970 was a Thursday.
            f"SELECT ({local} DIV 3600 + 72) MOD 168 AS place, SUM(h.drawn_wh), COUNT(*) {_CERTAIN}"
            " GROUP BY place ORDER BY place"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [WeekHour(int(place), int(wh), int(count)) for place, wh, count in rows]


def _local(offsets: Sequence[tuple[datetime, int]]) -> str:
    """Return SQL for the local seconds of an hour since 1970."""
    limits = ", ".join(str(int(moment.timestamp())) for moment, _ in offsets)
    ahead = ", ".join(str(seconds) for _, seconds in offsets)
    return f"(UNIX_TIMESTAMP(h.hour) + CAST(ELT(INTERVAL(UNIX_TIMESTAMP(h.hour), {limits}), {ahead}) AS SIGNED))"
