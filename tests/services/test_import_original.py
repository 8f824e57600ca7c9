"""The original program's table: its hours are imported, and it stays as it is."""

from pathlib import Path

import pytest

from common.database.mariadb import Database
from tests.support.frames import ADDRESS, standard
from tests.support.servers import Database as Server
from tests.support.storing import StorerCommand, client, make_tables, query, store

TABLE = """
CREATE TABLE {} (
    timestamp TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00' PRIMARY KEY,
    meter_identifier CHAR(12) NOT NULL,
    subscription_type CHAR(4) NOT NULL DEFAULT 'BASE',
    subscription_power_in_a TINYINT UNSIGNED NOT NULL DEFAULT 30,
    total_base_index_in_wh INT UNSIGNED NOT NULL,
    current_pricing_period CHAR(4) NOT NULL DEFAULT 'TH..',
    instantaneous_intensity_in_a SMALLINT UNSIGNED NOT NULL DEFAULT 2,
    intensity_max_in_a SMALLINT UNSIGNED NOT NULL DEFAULT 35,
    power_consumption_in_va MEDIUMINT UNSIGNED NOT NULL DEFAULT 390,
    peak_off_peak_schedule CHAR(1) NOT NULL DEFAULT 'A',
    meter_state_code CHAR(6) NULL DEFAULT '000000'
)
"""
#: The night to winter time of 2023, as a server in Paris has it, and as one in UTC: both passes of 2 to 3 h are one.
IN_PARIS = (
    ("2023-10-28 21:59:59", 1000),
    ("2023-10-28 22:30:00", 1300),
    ("2023-10-28 22:59:59", 1500),
    ("2023-10-28 23:59:59", 1700),
    ("2023-10-29 00:20:00", 1750),
    ("2023-10-29 00:50:00", 1900),
    ("2023-10-29 02:59:59", 2300),
    ("2023-10-29 03:10:00", 2350),
    ("2023-10-29 04:10:00", 5),
)
IN_UTC = (
    ("2023-10-28 23:59:59", 1000),
    ("2023-10-29 00:30:00", 1300),
    ("2023-10-29 00:59:59", 1500),
    ("2023-10-29 01:59:59", 1700),
    ("2023-10-29 02:20:00", 1750),
    ("2023-10-29 02:50:00", 1900),
    ("2023-10-29 03:59:59", 2300),
    ("2023-10-29 04:10:00", 2350),
    ("2023-10-29 05:10:00", 5),
)
HOURS = [
    ("2023-10-28 22:00:00", 1, 500),
    ("2023-10-28 23:00:00", 1, 200),
    ("2023-10-29 02:00:00", 3, 600),
    ("2023-10-29 03:00:00", 1, 50),
]
IMPORTED = "SELECT CAST(hour AS CHAR), hours, wh FROM imported_hours WHERE register = 0 ORDER BY hour"
NAME = "teleinfoframes_original"


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database)


@pytest.fixture
def storer(fresh_database: Server, tmp_path: Path) -> StorerCommand:
    return StorerCommand(tmp_path, fresh_database.port, fresh_database.password)


def fill(server: Server, rows: tuple[tuple[str, int], ...], name: str = NAME) -> None:
    """Make the table, with rows of the meter, of another one, of none, and of no time."""
    others = [("2023-10-28 22:45:00", "021861999999", 9), ("2023-10-28 22:46:00", "", 9), ("0000-00-00", ADDRESS, 9)]
    values = ", ".join(map(str, [*((time, ADDRESS, index) for time, index in rows), *others]))
    insert = f"INSERT INTO {name} (timestamp, meter_identifier, total_base_index_in_wh) VALUES {values}"
    server.sql(f"USE {server.name}; SET sql_mode = ''; {TABLE.format(name)}; {insert};")


@pytest.mark.parametrize(("rows", "zone"), [(IN_PARIS, []), (IN_UTC, ["--zone", "Europe/Paris"])])
def test_its_hours_are_imported_once_and_forgotten_and_the_table_stays(
    fresh_database: Server,
    tables: Database,
    storer: StorerCommand,
    rows: tuple[tuple[str, int], ...],
    zone: list[str],
) -> None:
    fill(fresh_database, rows)
    before = query(tables, f"CHECKSUM TABLE {NAME}")
    arguments = ("original", NAME, "--meter", ADDRESS, *zone)
    dry = storer("import", *arguments, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert query(tables, IMPORTED) == []

    result = storer("import", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert query(tables, IMPORTED) == HOURS
    assert "falls of an index: 1" in result.stdout
    assert "already imported: 4" in storer("import", *arguments).stdout
    assert query(tables, IMPORTED) == HOURS
    assert query(tables, f"CHECKSUM TABLE {NAME}") == before

    ((number,),) = query(tables, "SELECT id FROM imports WHERE kind = 'original'")
    assert storer("import", "--forget", str(number)).returncode == 0
    assert query(tables, IMPORTED) == []


def test_the_query_that_it_prints_has_its_rows_and_ours(
    fresh_database: Server, tables: Database, storer: StorerCommand
) -> None:
    fill(fresh_database, IN_PARIS)
    store(tables, [standard(ADSC=ADDRESS, EAST=7000)])
    printed = storer("import", "original", NAME, "--meter", ADDRESS, "--dry-run").stdout
    (line,) = (line for line in printed.splitlines() if "UNION ALL" in line)
    found = query(tables, line[line.index("SELECT") :])
    assert sorted(row[4] for row in found) == sorted([*(index for _, index in IN_PARIS), 9, 9, 9, 7000])
    assert {len(row) for row in found} == {11}


def test_it_may_be_in_another_database_that_the_account_may_read(
    fresh_database: Server, tables: Database, storer: StorerCommand
) -> None:
    ((account,),) = query(tables, "SELECT CURRENT_USER()")
    user, _, host = str(account).partition("@")
    fresh_database.sql("CREATE OR REPLACE DATABASE older")
    try:
        fill(fresh_database, IN_PARIS, "older.teleinfoframes")
        arguments = ("original", "older.teleinfoframes", "--meter", ADDRESS)
        refused = storer("import", *arguments)
        assert refused.returncode == 2
        assert "GRANT SELECT" in refused.stderr
        fresh_database.sql(f"GRANT SELECT ON older.teleinfoframes TO '{user}'@'{host}'")
        assert storer("import", *arguments).returncode == 0
        assert query(tables, IMPORTED) == HOURS
    finally:
        fresh_database.sql("DROP DATABASE older")


@pytest.mark.parametrize(
    ("name", "meter", "code", "message"),
    [
        ("meters", ADDRESS, 2, "no table meters"),
        ("a b; DROP", ADDRESS, 2, "no table a b; DROP"),
        ("frames", ADDRESS, 1, "no column meter_identifier, subscription_type"),
        (NAME, "061961999999", 2, f"but of 021861999999, {ADDRESS}: use --meter"),
    ],
)
def test_what_is_not_that_table_or_has_not_that_meter_is_refused(
    fresh_database: Server, tables: Database, storer: StorerCommand, name: str, meter: str, code: int, message: str
) -> None:
    fill(fresh_database, IN_PARIS)
    result = storer("import", "original", name, "--meter", meter)
    assert (result.returncode, result.stderr.count("\n")) == (code, 1)
    assert message in result.stderr
    assert query(tables, IMPORTED) == []


@pytest.mark.parametrize("name", ["migrate", "run"])
def test_with_the_name_of_our_view_it_is_refused_with_what_to_do(
    fresh_database: Server, storer: StorerCommand, name: str
) -> None:
    fill(fresh_database, IN_PARIS, "teleinfoframes")
    result = storer(name)
    assert result.returncode == 3
    assert f"RENAME TABLE teleinfoframes TO {NAME}" in result.stderr.splitlines()[-1]
    assert f"import original {NAME}" in result.stderr.splitlines()[-1]
    assert query(client(fresh_database), "SHOW TABLES LIKE 'frames'") == []


def test_another_table_with_the_name_of_our_view_is_not_said_to_be_it(
    fresh_database: Server, storer: StorerCommand
) -> None:
    fresh_database.sql(f"CREATE TABLE {fresh_database.name}.teleinfoframes (timestamp TIMESTAMP, watts INT)")
    result = storer("migrate")
    assert result.returncode == 3
    assert "is not the original program's" in result.stderr
