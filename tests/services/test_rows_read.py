"""How many rows the database reads for an answer."""

import contextlib
from datetime import UTC, datetime, timedelta

from monitor.readings.hours import Hours
from storer.database.meters import add_meters
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

HOURS = 40_000
FIRST = datetime(2020, 1, 1, 1, tzinfo=UTC)


def test_the_ends_of_a_meter_are_found_without_the_hours_between_and_of_others(fresh_database: Server) -> None:
    with contextlib.closing(make_tables(fresh_database, FIRST).connect()) as connection:
        add_meters(connection, ["031961000001", "031961000002"])
        connection.execute(
            "INSERT INTO hours (meter_id, hour, frames, seconds, minutes, first_at, last_at)"
            " SELECT id, '2020-01-01' + INTERVAL seq HOUR, 1, 3600, 1, '2020-01-01', '2020-01-01'"
            f" FROM meters JOIN seq_1_to_{HOURS}"
        )
        connection.query("ANALYZE TABLE hours")
        connection.execute("FLUSH STATUS")
        found = Hours(connection).meters()
        read = connection.query("SHOW SESSION STATUS LIKE 'Handler_read%%'")
    last = FIRST + (HOURS - 1) * timedelta(hours=1)
    assert [(meter.first, meter.last) for meter in found] == [(FIRST, last)] * 2
    assert sum(int(count) for _, count in read) < 50
