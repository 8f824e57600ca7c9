"""Backups by month: what is saved once, what is saved again, and that any set of files is restored."""

import contextlib
import dataclasses
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Connection, Database
from common.errors import BackupError, ConfigError
from storer.backup.create import backup
from storer.backup.restore import restore
from storer.backup.tables import TABLES
from storer.backup.verify import check
from storer.database.schema import migrate
from storer.rollups.roller import Roller
from tests.services.test_backup import empty, folder
from tests.services.test_retention import (
    AUGUST,
    FRAMES,
    ONE_MONTH,
    SEPTEMBER,
    roll_all,
    roller,
    run,
    tables,
)
from tests.services.test_rollup_cases import Clock, rolled, standard, steady, write
from tests.support.rollups import HOUR
from tests.support.servers import Database as Server
from tests.support.storing import NOW, exported, partition, query

__all__ = ["empty", "folder", "roller", "tables"]  # fixtures

MONTHS = ["teleinfodb-2026-08.jsonl.gz", "teleinfodb-2026-09.jsonl.gz", "teleinfodb-2026-10.jsonl.gz"]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def written(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows; but not the version of the rollups, which a restore raises."""
    of_state = "id, up_to, rebuild_from, rebuild_to, holder, held_until, frames_from"
    columns = {table: of_state if table == "rollup_state" else "*" for table in TABLES}
    return {table: sorted(query(database, f"SELECT {columns[table]} FROM {table}"), key=repr) for table in TABLES}


def version(database: Database) -> int:
    ((found,),) = query(database, "SELECT version FROM rollup_state")
    return int(found)


def frames_in(file: Path) -> int:
    return check(file).tables["frames"].rows


@pytest.mark.usefixtures("roller")
def test_closed_months_are_saved_once_and_the_folder_restores_everything(
    tables: Database, empty: Database, folder: Path
) -> None:
    first, contents = backup(tables, folder, NOW)
    assert names(folder) == [*MONTHS, first.name]
    assert contents.tables["frames"].rows == 60
    assert [frames_in(folder / name) for name in MONTHS] == [360, 360, 360]
    assert check(folder / MONTHS[0]).tables["minutes"].rows == 120
    before = written(folder)
    second, _ = backup(tables, folder, NOW + timedelta(days=1))
    assert {name: moment for name, moment in written(folder).items() if name != second.name} == before
    restored = restore(empty, folder, NOW)
    assert restored.tables["frames"].rows == len(FRAMES)
    assert rows(empty) == rows(tables)
    assert exported(empty) == exported(tables)


def test_late_frames_into_a_closed_month_have_its_file_written_again(
    tables: Database, empty: Database, folder: Path, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    before = written(folder)
    write(tables, [standard(SEPTEMBER + timedelta(seconds=21), EAST=20_001)], NOW)
    # While its hour waits to be rolled up, the month is open.
    waiting, contents = backup(tables, folder, NOW + timedelta(days=1))
    assert written(folder).items() >= before.items()
    assert contents.tables["frames"].rows == 360 + 1 + 60
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    roller.run()
    backup(tables, folder, NOW + timedelta(days=2))
    changed = {name for name in before if written(folder)[name] != before[name]}
    assert changed == {MONTHS[1]}
    assert frames_in(folder / MONTHS[1]) == 361
    # The later of two files with the same month counts, in either order.
    restore(empty, copy, NOW)
    assert exported(empty) == exported(tables)
    query(empty, "DROP DATABASE another", "CREATE DATABASE another", "USE another", "SELECT 1")
    restore(empty, [copy / waiting.name, *(folder / name for name in MONTHS)], NOW)
    assert exported(empty) == exported(tables)


def test_the_cost_of_a_night_does_not_grow_with_the_months(
    tables: Database, folder: Path, roller: Roller, connection: Connection
) -> None:
    backup(tables, folder, NOW)
    _, few = backup(tables, folder, NOW + timedelta(days=1))
    write(tables, steady(AUGUST - 2000 * HOUR, 3, index=1), NOW)
    roll_all(roller)
    backup(tables, folder, NOW + timedelta(days=2))
    _, many = backup(tables, folder, NOW + timedelta(days=3))
    assert {name: sums.rows for name, sums in many.tables.items()} == {
        name: sums.rows for name, sums in few.tables.items()
    }


def test_a_month_without_rows_has_no_file_until_late_frames_come(
    tables: Database, empty: Database, folder: Path, roller: Roller
) -> None:
    write(tables, steady(datetime(2026, 1, 10, tzinfo=UTC), 3, index=1), NOW)
    roll_all(roller)
    backup(tables, folder, NOW)
    months = ["teleinfodb-2026-01.jsonl.gz", *MONTHS]
    assert names(folder)[:-1] == months
    write(tables, steady(datetime(2026, 4, 10, tzinfo=UTC), 3, index=50), NOW)
    backup(tables, folder, NOW + timedelta(days=1), keep=1)
    assert names(folder)[:-1] == months
    roll_all(roller)
    backup(tables, folder, NOW + timedelta(days=2), keep=1)
    assert names(folder)[:-1] == sorted(["teleinfodb-2026-04.jsonl.gz", *months])
    restore(empty, folder, NOW)
    assert rows(empty) == rows(tables)


def test_the_file_of_a_month_whose_frames_were_dropped_is_kept(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    everything, before = exported(tables), written(folder)
    run(connection, ONE_MONTH)
    roller.run()
    backup(tables, folder, NOW + timedelta(days=1))
    assert written(folder).items() >= before.items()
    restore(empty, folder, NOW)
    assert exported(empty) == everything
    rollups = ("minutes", "hours", "breaks")
    assert {name: rows(empty)[name] for name in rollups} == {name: rows(tables)[name] for name in rollups}


@pytest.mark.usefixtures("roller")
def test_any_set_of_files_is_restored(tables: Database, empty: Database, folder: Path) -> None:
    backup(tables, folder, NOW)
    with pytest.raises(BackupError, match="--partial"):
        restore(empty, [folder / MONTHS[2], folder / MONTHS[0]], NOW)
    restore(empty, [folder / MONTHS[2], folder / MONTHS[0]], NOW, partial=True)
    assert exported(empty) == [
        frame for frame, made in zip(exported(tables), FRAMES, strict=True) if made.timestamp.month in (8, 10)
    ]
    assert query(empty, "SELECT * FROM rollup_state") == []


@pytest.mark.usefixtures("roller")
def test_frames_that_only_an_older_file_has_are_rolled_up_again(
    tables: Database, empty: Database, folder: Path, fresh_database: Server
) -> None:
    before = rolled(tables)
    backup(tables, folder / "older.jsonl.gz", NOW)
    # The database was set back, and lost the second hour of September.
    for table, column in (("frames", "timestamp"), ("minutes", "minute"), ("hours", "hour")):
        fresh_database.sql(
            f"DELETE FROM teleinfodb.{table} WHERE {column} BETWEEN '2026-09-15 11:00' AND '2026-09-15 12:00'"
        )
    backup(tables, folder / "newer.jsonl.gz", NOW + timedelta(days=1))
    restore(empty, [folder / "older.jsonl.gz", folder / "newer.jsonl.gz"], NOW)
    assert exported(empty) == [frame.to_json() for frame in FRAMES]
    with contextlib.closing(empty.connect()) as connection:
        roll_all(Roller(connection, "one", now=Clock()))
    assert rolled(empty) == before


@pytest.mark.usefixtures("roller")
def test_a_single_file_has_everything(tables: Database, empty: Database, folder: Path) -> None:
    file, contents = backup(tables, folder / "all.jsonl.gz", NOW)
    assert contents.tables["frames"].rows == len(FRAMES)
    restore(empty, file, NOW)
    assert rows(empty) == rows(tables)
    assert version(empty) > version(tables)  # who remembers something of the database looks again


@pytest.mark.usefixtures("roller")
def test_only_older_files_of_nights_are_pruned(tables: Database, folder: Path) -> None:
    others = [
        "otherdb-2020-01-01T000000Z.jsonl.gz",
        "teleinfodb-2026-11-20T030000Z.jsonl.gz.bak",
        "teleinfodb-notes.txt",
    ]
    for name in others:
        (folder / name).touch()
    for day in range(4):
        backup(tables, folder, NOW + timedelta(days=day), keep=2)
    nights = ["teleinfodb-2026-11-26T120000Z.jsonl.gz", "teleinfodb-2026-11-27T120000Z.jsonl.gz"]
    assert names(folder) == sorted([*others, *MONTHS, *nights])


@pytest.mark.usefixtures("roller")
def test_a_damaged_file_of_a_month_is_written_again(tables: Database, folder: Path) -> None:
    backup(tables, folder, NOW)
    (folder / MONTHS[1]).write_bytes(b"")
    backup(tables, folder, NOW + timedelta(days=1))
    assert frames_in(folder / MONTHS[1]) == 360


@pytest.mark.usefixtures("roller")
def test_files_of_different_databases_are_not_mixed(
    tables: Database, empty: Database, folder: Path, fresh_database: Server
) -> None:
    backup(tables, folder, NOW)
    other = folder.parent / "other"
    other.mkdir()
    fresh_database.sql(
        "CREATE DATABASE IF NOT EXISTS third; GRANT ALL ON third.* TO teleinfo@'%'; DROP DATABASE third;"
        " CREATE DATABASE third CHARACTER SET utf8mb4;"
    )
    third = Database(dataclasses.replace(empty._config, name="third"))
    migrate(third)
    partition(third, NOW)
    write(third, steady(NOW - HOUR, 1, meter="031961000007"), NOW)
    file, _ = backup(third, other, NOW)
    with pytest.raises(BackupError, match="different databases"):
        restore(empty, [folder / MONTHS[0], file], NOW, partial=True)
    shutil.copy(file, folder)
    with pytest.raises(ConfigError, match="several databases"):
        restore(empty, folder, NOW)
    fresh_database.sql("DROP DATABASE third;")


def test_before_the_first_roll_up_everything_is_in_one_file(tables: Database, folder: Path) -> None:
    file, contents = backup(tables, folder, NOW.astimezone(UTC))
    assert names(folder) == [file.name]
    assert contents.tables["frames"].rows == len(FRAMES)
