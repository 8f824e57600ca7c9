"""What services and files said of a time: Tempo days, market prices, temperatures. Times are aware and in UTC."""

from datetime import datetime

from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import utc

_EXISTS = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'outside'"


class OutsideRows:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def between(self, what: str, start: datetime, end: datetime) -> dict[str, dict[datetime, float]]:
        """Return the values that begin in [start, end), by source; nothing before the table was made."""
        found: dict[str, dict[datetime, float]] = {}
        if not self._connection.query(_EXISTS):
            return found
        rows = self._connection.query(
            "SELECT source, start, value FROM outside WHERE what = %s AND start >= %s AND start < %s"
            " ORDER BY source, start",
            (what, sql_time(start), sql_time(end)),
        )
        for source, moment, value in rows:
            found.setdefault(str(source), {})[utc(moment)] = float(value)
        return found


def newest_change(connection: Connection) -> int:
    """Return the number of the last request that brought rows; 0: there is none."""
    sql = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'requests'"
    if not connection.query(sql):
        return 0
    ((number,),) = connection.query("SELECT MAX(id) FROM requests WHERE kind = 'outside' AND state = 'done'")
    return int(number or 0)
