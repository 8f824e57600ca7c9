"""A program whose tables a newer one has migrated says so in a line, and leaves them alone."""

from pathlib import Path

import pytest

from common.database.mariadb import Database
from monitor.__main__ import main
from storer.database.schema import newest_version
from tests.services.test_monitor import Monitor
from tests.support.frames import historic
from tests.support.programs import run_here
from tests.support.servers import Database as Server
from tests.support.storing import StorerCommand, exported, make_tables, query, store
from tests.support.wording import says

LINE = f"teleinfo-...: ...version 9999...{newest_version()}: update ..."


@pytest.fixture
def newer(fresh_database: Server) -> Database:
    """Tables with a frame, of tomorrow."""
    database = make_tables(fresh_database)
    store(database, [historic(BASE=1)])
    query(database, "INSERT INTO schema_version (version, name) VALUES (9999, 'of tomorrow')", "SELECT 1")
    return database


def test_the_storer(newer: Database, fresh_database: Server, tmp_path: Path) -> None:
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)
    commands = (
        "run",
        "migrate",
        "export",
        "export --rollup hours",
        "audit",
        "rebuild",
        "import --list",
        "forget-meter 1",
    )
    for command in commands:
        result = storer(*command.split())
        assert (result.returncode, result.stdout) == (3, ""), command
        assert says(result.stderr.splitlines()[-1], LINE)
    assert len(exported(newer)) == 1


def test_the_commands_of_the_monitor(newer: Database, fresh_database: Server, tmp_path: Path) -> None:
    config = Monitor(fresh_database, tmp_path).write_config()
    for command in ("report", "compare", "power"):
        result = run_here(main, command, "--config", config, LC_ALL="C")
        assert (result.returncode, result.stdout) == (3, ""), command
        assert says(result.stderr.strip(), LINE)
    found = run_here(main, "check", "--config", config, LC_ALL="C")
    assert found.returncode == 1
    assert any(
        says(line, "...problem Database: ...version 9999...update...→...docs/installation.md...")
        for line in found.stdout.splitlines()
    )


def test_the_page(newer: Database, fresh_database: Server, tmp_path: Path) -> None:
    with Monitor(fresh_database, tmp_path).begin() as monitor:
        answer = monitor.browser.get("/api/v1/energy?by=day")
        assert answer.status == 503
        assert "teleinfo-monitor check" in answer.json["detail"]
        assert monitor.count("version 9999") == 1
        assert monitor.browser.get("/").status == 200
