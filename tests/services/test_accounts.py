"""The accounts and settings in mariadb/, to which docs/database.md leads, are enough, and not more than enough."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.contract.retention import Retention
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database, DatabaseConfig
from common.errors import DatabaseError, PermanentError
from storer.backup.backup import backup
from storer.backup.restore import restore
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore
from storer.requests.table import clean
from tests.support.frames import ADDRESS, DAY, standard
from tests.support.servers import Database as Server
from tests.support.storing import NOW, exported, make_tables, partition, query, store

ROOT = Path(__file__).resolve().parent.parent.parent
STORER = (ROOT / "mariadb" / "storer.sql").read_text()
READING = {
    name: (ROOT / "mariadb" / file).read_text()
    for name, file in (("grafana", "people.sql"), ("teleinfo-monitor", "monitor.sql"))
}
SETTINGS = (ROOT / "mariadb" / "small-machine.cnf").read_text()
RIGHTS = re.findall(r"^GRANT (.*) ON", STORER, re.MULTILINE)[0].split(", ")


@pytest.fixture
def nothing(database: Server) -> Iterator[Server]:
    """The server without the storer's database and account."""
    database.sql(f"DROP DATABASE IF EXISTS {database.name}; DROP USER IF EXISTS teleinfo@'%'")
    yield database
    database.sql("DROP USER IF EXISTS teleinfo@'%', grafana@'%', 'teleinfo-monitor'@'%'")
    database.create_database()


def admit(server: Server, sql: str, user: str, password: str = "it's long") -> Database:
    """Run the statements as docs/database.md says, and return the server as that account sees it."""
    server.sql(sql.replace("'localhost'", "'%'").replace("change-me", password.replace("'", "''")))
    return Database(DatabaseConfig(host=(server.host,), port=server.port, user=user, password=password))


def do_all(database: Database, folder: Path) -> None:
    """What a storer does in its life."""
    make_tables_of(database)
    assert store(database, [standard(EAST=1, SINSTS=2)]) == 1
    assert store(database, [standard(EAST=1, SINSTS=2)]) == 0
    with contextlib.closing(FrameStore(database)) as tables:
        tables.write_tallies([Tally(meter=ADDRESS, hour=DAY, frames=7, reader="cellar")] * 2)
        tables.record_rejections([Rejection("topic", b"?", "why", NOW)] * 2)
    with contextlib.closing(database.connect()) as connection:
        clean(connection, NOW)
    partition(database, NOW + timedelta(days=31))
    assert backup(database, folder, Retention()).dump is not None


def make_tables_of(database: Database) -> None:
    from storer.database.schema import migrate, migrations

    migrate(database)
    partition(database, NOW)
    with contextlib.closing(database.connect()) as connection:
        # Each step may have to be done once more, after a kill in the middle of it.
        for step in migrations():
            for statement in step.statements():
                connection.execute(statement)


def test_the_storers_account_is_enough(nothing: Server, tmp_path: Path) -> None:
    database = admit(nothing, STORER, "teleinfo")
    do_all(database, tmp_path)
    frames = exported(database)
    # What a person does to bring a backup back, with the same account.
    query(database, "DROP DATABASE teleinfodb", "CREATE DATABASE teleinfodb CHARACTER SET utf8mb4", "SELECT 1")
    restore(database, tmp_path)
    assert exported(database) == frames


@pytest.mark.parametrize("right", RIGHTS)
def test_the_storers_account_has_no_right_that_it_does_not_need(right: str, nothing: Server, tmp_path: Path) -> None:
    rest = ", ".join(other for other in RIGHTS if other != right)
    database = admit(nothing, STORER.replace(", ".join(RIGHTS), rest), "teleinfo")
    with pytest.raises(PermanentError):
        do_all(database, tmp_path)


@pytest.mark.parametrize("again", [1, 2])
def test_the_statements_may_be_run_again(nothing: Server, again: int) -> None:
    """With the second password: that is how one is changed."""
    for password in ("first", "second")[:again]:
        database = admit(nothing, STORER, "teleinfo", password)
        assert query(database, "SELECT CURRENT_USER()") == [("teleinfo@%",)]


@pytest.mark.parametrize("name", READING)
def test_who_reads_reads_all_and_changes_nothing_of_the_storer(nothing: Server, name: str) -> None:
    storer = admit(nothing, STORER, "teleinfo")
    make_tables_of(storer)
    store(storer, [standard(EAST=8735124, SINSTS=2)])
    people = admit(nothing, READING[name], name)
    assert query(people, "SELECT total_base_index_in_wh FROM teleinfoframes") == [(8735124,)]
    assert exported(people) == exported(storer)
    for statement in (
        "INSERT INTO meters (identifier) VALUES ('x')",
        "UPDATE frames SET power = 0",
        "DELETE FROM frames",
        "DROP TABLE frames",
        "TRUNCATE TABLE frames",
        "ALTER TABLE frames DROP PARTITION p202611",
        "CREATE TABLE teleinfodb.mine (a INT)",
        "CREATE VIEW teleinfodb.mine AS SELECT 1",
        "LOCK TABLES frames WRITE",
        "SET GLOBAL max_connections = 1",
        "SELECT * FROM mysql.global_priv",
        "SELECT 1 INTO OUTFILE '/tmp/teleinfo-never'",
    ):
        with pytest.raises(DatabaseError, match=r"denied|1044|1142|1227"):
            query(people, statement, "SELECT 1")


#: What the page writes: settings, and what it asks the storer for.
OF_THE_PAGE = {"settings", "requests", "request_pieces"}


def changes(table: str, column: str) -> dict[str, str]:
    """Return a statement for each way to change a table; none changes anything where it is allowed."""
    return {
        "INSERT": f"INSERT INTO {table} SELECT * FROM {table} WHERE 0",
        "UPDATE": f"UPDATE {table} SET {column} = {column} WHERE 0",
        "DELETE": f"DELETE FROM {table} WHERE 0",
        "ALTER": f"ALTER TABLE {table} COMMENT ''",
        "DROP": f"DROP TABLE {table}",
        "TRUNCATE": f"TRUNCATE TABLE {table}",
    }


def allowed(connection: Connection, statements: dict[str, str]) -> set[str]:
    found = set()
    for name, statement in statements.items():
        with contextlib.suppress(DatabaseError):
            connection.execute(statement)
            found.add(name)
    return found


def tables_of(server: Server) -> dict[str, str]:
    """Return all tables and views of a server, with a column of each; without what no account can write."""
    rows = server.sql(
        "SELECT CONCAT('`', table_schema, '`.`', table_name, '`'), MIN(column_name) FROM information_schema.columns"
        " WHERE table_schema NOT IN ('information_schema', 'performance_schema')"
        " AND generation_expression IS NULL GROUP BY 1"
    )
    return dict(line.split("\t") for line in rows.splitlines())


@pytest.mark.parametrize("first", ["tables", "account"])
def test_the_monitor_writes_what_the_page_writes_and_nothing_else_of_the_server(nothing: Server, first: str) -> None:
    storer = admit(nothing, STORER, "teleinfo")
    if first == "tables":
        make_tables_of(storer)
    monitor = admit(nothing, READING["teleinfo-monitor"], "teleinfo-monitor")
    if first == "account":
        make_tables_of(storer)
    tables = tables_of(nothing)
    of_page = {f"`teleinfodb`.`{name}`" for name in OF_THE_PAGE}
    assert of_page < tables.keys()
    with contextlib.closing(monitor.connect()) as connection:
        may = {table: allowed(connection, changes(table, column)) for table, column in tables.items()}
    assert {table for table, rights in may.items() if rights} == of_page
    assert all(may[table] == {"INSERT", "UPDATE", "DELETE"} for table in of_page)


def test_people_read_all_tables_but_the_files_that_wait_for_their_import(nothing: Server) -> None:
    # An account of an earlier version could read every table of the database.
    nothing.sql("CREATE DATABASE teleinfodb; CREATE USER grafana@'%'; GRANT SELECT ON teleinfodb.* TO grafana@'%'")
    people = admit(nothing, READING["grafana"], "grafana")
    make_tables_of(admit(nothing, STORER, "teleinfo"))
    tables = [name for name in tables_of(nothing) if name.startswith("`teleinfodb`.")]
    with contextlib.closing(people.connect()) as connection:
        unread = [name for name in tables if not allowed(connection, {"SELECT": f"SELECT 1 FROM {name} LIMIT 1"})]
    assert unread == ["`teleinfodb`.`request_pieces`"]
    granted = re.findall(r"^GRANT SELECT, CREATE ON (\w+)\.(\w+)", READING["grafana"], re.MULTILINE)
    assert not {f"`{database}`.`{table}`" for database, table in granted} - {*tables}  # they could be made by people


def settings() -> dict[str, str]:
    pairs = re.findall(r"^(\w+) = (\S+)", SETTINGS, re.MULTILINE)
    return dict(pairs)


def test_the_settings_for_a_small_machine_work(programs: None, tmp_path: Path) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings().items()]
    with Server(tmp_path / "server", options=options) as server:
        database = make_tables(server)
        store(database, [standard(EAST=1)])
        values = dict(query(database, "SHOW GLOBAL VARIABLES"))
        log = server.log.read_text()
    units = {"K": 1 << 10, "M": 1 << 20}
    for name, value in settings().items():
        expected = str(int(value[:-1]) * units[value[-1]]) if value[-1] in units else value.upper()
        assert values[name].upper() == expected, name
    assert values["innodb_flush_log_at_trx_commit"] == "1"
    # What is said of an account is of the server's making, not of the settings.
    assert [line for line in log.splitlines() if "[Warning]" in line and "proxies_priv" not in line] == []
    assert "[ERROR]" not in log
