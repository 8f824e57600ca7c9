"""What becomes of the rows of sources: backup, restore, retention, export, rebuild."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.retention import Retention
from common.contract.source_minutes import SourceMinute
from common.contract.sources import SOURCES
from common.database.mariadb import Connection, Database
from common.runtime.progress import NO_PROGRESS
from storer.backup.month_file import count_lines
from storer.backup.restore import restore
from storer.retention.forget import delete_rows, delete_source
from storer.retention.months import Blocked
from storer.sources.aggregate import Minute
from storer.sources.tables import SourceTables
from tests.services.test_backup import backup, empty, folder, retain
from tests.services.test_retention import AUGUST, OCTOBER, run, scheduler, tables
from tests.support.servers import Database as Server
from tests.support.sources import read_source, series, write_source
from tests.support.storing import NOW, StorerCommand, query

__all__ = ["empty", "folder", "scheduler", "tables"]  # fixtures

DAY = timedelta(days=1)
YEAR_AGO = datetime(2025, 7, 15, 10, tzinfo=UTC)
ONE_YEAR = Retention(frames=1, minutes=1)


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: query(database, f"SELECT {columns} FROM {table} ORDER BY 1, 2")
        for table, columns in (
            ("sources", "id, name, kind, meter"), ("source_minutes", "*"), ("source_hours", "*"),
        )
    }  # fmt: skip


@pytest.fixture
def sunny(tables: Database) -> Database:
    """Frames of four months, and sources in some of these and in one of the year before."""
    write_source(tables, "roof", "production", series(AUGUST, range(1000, 1120)), meter="031961123456")
    write_source(tables, "garden", "temperature", {OCTOBER: SourceMinute(60, temperature=-25)})
    return tables


@pytest.mark.usefixtures("scheduler")
def test_a_backup_has_sources_in_the_files_of_their_months(sunny: Database, empty: Database, folder: Path) -> None:
    backup(sunny, folder)
    august, september = (count_lines(folder / f"teleinfodb-2026-{month}.month.gz") for month in ("08", "09"))
    assert (august["s"], september["s"]) == (2, 0)
    restore(empty, folder)
    assert rows(empty) == rows(sunny)


@pytest.mark.usefixtures("scheduler")
def test_late_minutes_of_a_closed_month_are_in_the_next_backup(sunny: Database, empty: Database, folder: Path) -> None:
    backup(sunny, folder)
    write_source(sunny, "roof", "production", series(AUGUST + 3 * DAY, range(2000, 2010)))
    backup(sunny, folder)
    restore(empty, folder)
    assert rows(empty) == rows(sunny)


@pytest.mark.usefixtures("scheduler")
def test_minutes_that_were_dropped_stay_in_the_file_of_their_month(
    sunny: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    backup(sunny, folder)
    before = rows(sunny)
    connection.execute("ALTER TABLE source_minutes DROP PARTITION p2026")
    write_source(sunny, "garden", "temperature", {AUGUST + DAY: SourceMinute(60, temperature=200)})
    backup(sunny, folder)
    restore(empty, folder)
    after = rows(empty)
    roof = [row for row in before["source_minutes"] if row[0] == 1]
    assert len(roof) == 2
    # That of October was not saved in between: its month did not change.
    assert [row for row in after["source_minutes"] if row[0] == 1] == roof
    assert len(after["source_hours"]) == 2 + 1 + 1


@pytest.fixture
def old(sunny: Database) -> Database:
    write_source(sunny, "roof", "production", series(YEAR_AGO, range(100)))
    return sunny


def minutes_before(database: Database, year: int) -> int:
    return sum(minute.year < year for minute in read_source(database, "roof"))


@pytest.mark.usefixtures("scheduler")
def test_minutes_are_dropped_with_those_of_the_meters_and_hours_stay(old: Database, connection: Connection) -> None:
    before = rows(old)["source_hours"]
    connection.execute("UPDATE source_hours SET energy_last = 0 WHERE source_id = 1 AND hour < '2026-01-01'")
    run(connection, Retention(frames=1))
    assert minutes_before(old, 2026) == 100
    with pytest.raises(Blocked, match="2025-07"):  # its hours were just made again: no file has them yet
        run(connection, ONE_YEAR)
    run(connection, ONE_YEAR)
    assert minutes_before(old, 2026) == 0
    assert len(read_source(old, "roof")) == 120
    assert rows(old)["source_hours"] == before  # made again from the minutes, before these went


@pytest.mark.usefixtures("scheduler")
def test_minutes_that_no_backup_has_are_not_dropped(old: Database, connection: Connection, folder: Path) -> None:
    backup(old, folder)
    write_source(old, "roof", "production", series(YEAR_AGO + DAY, range(200, 210)))
    with pytest.raises(Blocked, match="2025-07"):
        retain(connection, ONE_YEAR)
    assert minutes_before(old, 2026) == 110
    backup(old, folder)
    retain(connection, ONE_YEAR)
    assert minutes_before(old, 2026) == 0


def test_rows_are_exported_with_the_name_of_the_source(sunny: Database, fresh_database: Server, tmp_path: Path) -> None:
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)
    result = storer("export", "--rollup", "source_hours")
    assert result.returncode == 0, result.stderr
    found = [
        (row["hour"], row["source"], row["seconds"], row["energy_first"], row["energy_last"], row["temperature_mean"])
        for row in map(json.loads, result.stdout.splitlines())
    ]
    assert found == [
        ("2026-08-15T10:00:00Z", "roof", 3600, 1000, 1059, None),
        ("2026-08-15T11:00:00Z", "roof", 3600, 1060, 1119, None),
        ("2026-10-15T10:00:00Z", "garden", 60, None, None, -25),
    ]
    minutes = storer(
        "export", "--rollup", "source_minutes", "--from", "2026-08-15T10:58:00Z", "--to", "2026-08-15T11:02:00Z"
    )
    assert [tuple(json.loads(line).values()) for line in minutes.stdout.splitlines()] == [
        ("2026-08-15T10:58:00Z", "roof", 60, 1058, None, 60, 60, None),
        ("2026-08-15T10:59:00Z", "roof", 60, 1059, None, 60, 60, None),
        ("2026-08-15T11:00:00Z", "roof", 60, 1060, None, 60, 60, None),
        ("2026-08-15T11:01:00Z", "roof", 60, 1061, None, 60, 60, None),
    ]
    refused = storer("export", "--rollup", "source_minutes", "--meter", "031961123456")
    assert (refused.returncode, "--meter" in refused.stderr) == (2, True)


def test_rebuild_makes_the_hours_of_sources_again(
    sunny: Database, fresh_database: Server, connection: Connection, tmp_path: Path
) -> None:
    before = rows(sunny)
    connection.execute("UPDATE source_hours SET seconds = 1")
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)
    result = storer("rebuild")
    assert "3 hours of sources" in result.stdout, result.stderr
    assert rows(sunny) == before


@pytest.mark.usefixtures("scheduler")
def test_what_a_storer_writes_of_a_source_that_is_being_forgotten_does_not_stay(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not restarted: the source is still in its configuration."""
    storer = SourceTables("main", SOURCES.read([{"name": "plug", "kind": "device", "topic": "p", "power": ""}]))

    def write(minute: int) -> None:
        start = int(NOW.timestamp()) + 60 * minute
        with contextlib.closing(tables.connect()) as connection:
            storer.write(connection, {"plug": [Minute(start, 60, made=10, total=36_000, power_max=600)]})

    def delete_then_write(connection: Connection, table: str, *rest: Any) -> int:
        deleted = delete_rows(connection, table, *rest)
        if table == "source_hours":
            monkeypatch.undo()  # once
            write(1)
        return deleted

    write(0)
    monkeypatch.setattr("storer.retention.forget.delete_rows", delete_then_write)
    with contextlib.closing(tables.connect()) as connection:
        delete_source(connection, "plug", NO_PROGRESS)
    assert rows(tables) == {"sources": [], "source_minutes": [], "source_hours": []}
    write(2)
    assert [row[0] for row in rows(tables)["source_minutes"]] == [2]  # a new one, of another number
