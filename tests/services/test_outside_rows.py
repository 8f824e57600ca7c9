"""What the monitor reads of the table `outside`, in a real database."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from common.database.mariadb import Database
from monitor.readings.outside import OutsideRows, newest_change
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

AT = datetime(2026, 12, 2, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, AT)


def test_values_of_a_time_are_told_by_source_and_the_end_is_not_in_it(tables: Database) -> None:
    query(
        tables,
        "INSERT INTO outside (what, start, value, source) VALUES"
        " ('tempo', '2026-12-01 05:00:00', 1, 'rte'), ('tempo', '2026-12-02 05:00:00', 3, 'rte'),"
        " ('tempo', '2026-12-02 05:00:00', 2, 'other'), ('tempo', '2026-12-03 05:00:00', 1, 'rte'),"
        " ('spot', '2026-12-02 05:00:00', -4.5, 'market')",
    )
    with contextlib.closing(tables.connect()) as connection:
        rows = OutsideRows(connection)
        assert rows.between("tempo", AT, AT + DAY) == {"other": {AT: 2.0}, "rte": {AT: 3.0}}
        assert rows.between("spot", AT, AT + DAY) == {"market": {AT: -4.5}}
        assert rows.between("tempo", AT + 2 * DAY, AT + 3 * DAY) == {}


def test_before_the_tables_are_made_there_is_nothing(tables: Database) -> None:
    query(tables, "DROP TABLE outside")
    query(tables, "DROP TABLE requests")
    with contextlib.closing(tables.connect()) as connection:
        assert OutsideRows(connection).between("tempo", AT, AT + DAY) == {}
        assert newest_change(connection) == 0
