"""After a restore with months missing: a counter that was reset in one of them gave no negative energy after it."""

from datetime import UTC, datetime

from common.contract.source_minutes import pack_hour, unpack_hour
from common.database.mariadb import Connection, sql_time
from storer.sources.hours import write_hours


def judge_holes(connection: Connection) -> None:
    """Make a step of what lies between two hours whose readings would give negative energy."""
    for (source,) in connection.query("SELECT id FROM sources"):
        before: int | None = None
        for hour, first, last, step in connection.query(
            "SELECT hour, energy_first, energy_last, step FROM source_hours"
            " WHERE source_id = %s AND energy_last IS NOT NULL ORDER BY hour",
            (source,),
        ):
            if before is not None and last - before < (step or 0):
                _add_step(connection, int(source), hour.replace(tzinfo=UTC), before, first, last)
            before = last


def _add_step(connection: Connection, source: int, hour: datetime, before: int, first: int, last: int) -> None:
    """Have the hour begin with its own first reading."""
    at = (source, sql_time(hour))
    rows = connection.query("SELECT minutes FROM source_minutes WHERE source_id = %s AND hour = %s", at)
    if not rows:
        step = last - before - max(0, last - first)
        connection.execute("UPDATE source_hours SET step = %s WHERE source_id = %s AND hour = %s", (step, *at))
        return
    minutes = unpack_hour(rows[0][0])
    number = next(number for number, row in minutes.items() if row.energy is not None)
    minutes[number] = minutes[number]._replace(step=first - before)
    connection.execute(
        "UPDATE source_minutes SET minutes = %s WHERE source_id = %s AND hour = %s", (pack_hour(minutes), *at)
    )
    write_hours(connection, source, {hour: minutes})
