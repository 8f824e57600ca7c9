"""What of Enedis is stored: whether anything is, and which days of a meter have no energy, to be asked for."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.requests import FETCHED
from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import midnight

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_MONTHS = 36  # that Enedis keeps


def has_fetched(connection: Connection) -> bool:
    """Tell whether anything is there that was fetched: it may have been taken back."""
    return bool(connection.query("SELECT 1 FROM imports WHERE kind = %s LIMIT 1", (FETCHED,)))


def missing_days(connection: Connection, meters: Sequence[int], today: date, zone: ZoneInfo) -> list[tuple[date, date]]:
    """Return the local days before today that are not whole, [first, end), of the months that Enedis keeps.

    Between a meter's first and last reading its registers count everything. `meters` are the numbers of those that the
    home has had; of none, everything is missing.
    """
    first = date(today.year - _MONTHS // 12, today.month, min(today.day, 28))
    days = [first + number * _DAY for number in range((today - first).days)]
    if not meters:
        return _ranges(days)
    since = midnight(first, zone)
    spans = [
        (one.replace(tzinfo=UTC), last.replace(tzinfo=UTC) + _HOUR)
        for one, last in connection.query(
            "SELECT MIN(hour), MAX(hour) FROM hours WHERE meter_id IN %s AND last_at IS NOT NULL GROUP BY meter_id",
            (tuple(meters),),
        )
    ]
    imported: set[datetime] = set()
    rows = connection.query(
        "SELECT hour, hours FROM imported_hours WHERE meter_id IN %s AND hour >= %s AND register < 11",
        (tuple(meters), sql_time(since)),
    )
    for hour, hours in rows:
        end = hour.replace(tzinfo=UTC)
        imported.update(end - number * _HOUR for number in range(int(hours)))
    return _ranges(day for day in days if not _is_whole(day, zone, spans, imported))


def _is_whole(day: date, zone: ZoneInfo, spans: Iterable[tuple[datetime, datetime]], imported: set[datetime]) -> bool:
    begin, end = midnight(day, zone).astimezone(UTC), midnight(day + _DAY, zone).astimezone(UTC)
    hours = [begin + number * _HOUR for number in range(round((end - begin) / _HOUR))]
    return all(hour in imported or any(first <= hour < last for first, last in spans) for hour in hours)


def _ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] == day:
            found[-1] = found[-1][0], day + _DAY
        else:
            found.append((day, day + _DAY))
    return found
