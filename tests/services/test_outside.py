"""Rows of `outside` that the page asks the storer to keep, on a real MariaDB."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.outside import WHATS
from common.database.mariadb import Database
from monitor.readings.outside import OutsideRows, newest_change
from storer.database.schema import migrate
from storer.requests.carry_out import carry_out_next
from tests.services.test_requests import House, house
from tests.support.servers import Database as Server
from tests.support.storing import client, query

__all__ = ["house"]
RTE = "www.services-rte.com"
DAYS = {"2026-11-29T05:00:00Z": 1, "2026-11-30T05:00:00Z": 2, "2026-12-01T05:00:00Z": 3}


def stored(database: Database, what: str = "tempo") -> dict[str, dict[datetime, float]]:
    with contextlib.closing(database.connect()) as connection:
        return OutsideRows(connection).between(what, datetime(2020, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC))


def change(database: Database) -> int:
    with contextlib.closing(database.connect()) as connection:
        return newest_change(connection)


def test_rows_are_added_replaced_and_left_as_they_are(house: House) -> None:
    before = change(house.database)
    rows = [[start, value] for start, value in DAYS.items()]
    assert house.done("outside", what="tempo", source=RTE, rows=rows) == {"new": 3, "changed": 0, "same": 0}
    first = change(house.database)
    rows[2][1] = 2
    found = house.done("outside", what="tempo", source=RTE, rows=[*rows, ["2026-12-02T05:00:00Z", 1]])
    assert found == {"new": 1, "changed": 1, "same": 2}
    assert before < first < change(house.database)
    assert stored(house.database) == {
        RTE: {datetime(2026, *day, 5, tzinfo=UTC): value for day, value in (((11, 29), 1), ((11, 30), 2), ((12, 1), 2),
                                                                           ((12, 2), 1))}
    }  # fmt: skip


def test_two_sources_of_the_same_time_stand_beside_each_other(house: House) -> None:
    for source, value in ((RTE, 3), ("www.api-couleur-tempo.fr", 2)):
        house.done("outside", what="tempo", source=source, rows=[["2026-12-01T05:00:00Z", value]])
    at = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert stored(house.database) == {RTE: {at: 3}, "www.api-couleur-tempo.fr": {at: 2}}


def test_chances_of_days_that_have_begun_are_forgotten(house: House) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [[f"{now + timedelta(hours=more):%Y-%m-%dT%H:%M:%SZ}", 0.67] for more in (-24, 0, 24)]
    house.done("outside", what="tempo_red", source="open-dpe.fr", rows=rows)
    assert list(stored(house.database, "tempo_red")["open-dpe.fr"]) == [now + timedelta(hours=24)]


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("tempo", [["2026-12-01T05:00:00Z", 4]]),
        ("tempo_red", [["2026-12-01T05:00:00Z", 1.5]]),
        ("spot", [["2026-12-01T05:01:00Z", 1]]),
        ("spot", [["2026-12-01T05:00:00Z", "61"]]),
        ("spot", [["tomorrow", 61]]),
        ("spot", {"2026-12-01T05:00:00Z": 61}),
        ("spot", [["2026-12-01T05:00:00Z", 61]] * 4001),
        ("spot", [["1999-12-01T05:00:00Z", 61]]),
        ("spot", [["2036-12-01T05:00:00Z", 61]]),
        ("moon", [["2026-12-01T05:00:00Z", 1]]),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(house: House, what: str, rows: object) -> None:
    assert house.problem("outside", what=what, source=RTE, rows=rows)
    assert all(stored(house.database, each) == {} for each in WHATS)


def test_a_request_that_is_repeated_after_a_kill_changes_nothing(house: House) -> None:
    number = house.ask("outside", what="tempo", source=RTE, rows=[["2026-12-01T05:00:00Z", 3]])
    assert carry_out_next(house.settings)
    query(house.database, f"UPDATE requests SET state = 'running' WHERE id = {number}", "SELECT 1")
    assert carry_out_next(house.settings)
    assert house.result(number) == {"new": 0, "changed": 0, "same": 1}


def test_temperatures_of_earlier_versions_are_moved_whenever_the_storer_was_killed(fresh_database: Server) -> None:
    database = client(fresh_database)
    migrate(database, 105)
    query(
        database,
        "INSERT INTO imported_temperatures VALUES (1, '2025-01-01', 48, 7), (1, '2025-01-02', -6, 8)",
        "SELECT 1",
    )
    query(database, "CREATE TABLE outside (what VARCHAR(16), start TIMESTAMP, value DOUBLE, source VARCHAR(64),"
                    " PRIMARY KEY (what, source, start))", "SELECT 1")  # fmt: skip
    query(database, "INSERT INTO outside VALUES ('temperature', '2025-01-01', 4.8, 'import 7')", "SELECT 1")
    migrate(database)
    assert query(database, "SELECT start, value, source FROM outside ORDER BY start") == [
        (datetime(2025, 1, 1), 4.8, "import 7"),  # noqa: DTZ001
        (datetime(2025, 1, 2), -0.6, "import 8"),  # noqa: DTZ001
    ]
    assert query(database, "SHOW TABLES LIKE 'imported_temperatures'") == []


def test_before_the_storer_has_made_the_table_nothing_is_known(fresh_database: Server) -> None:
    database = client(fresh_database)
    migrate(database, 105)
    assert (stored(database), change(database)) == ({}, 0)
