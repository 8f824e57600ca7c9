"""Backup and restore against a real MariaDB."""

import contextlib
import dataclasses
import fcntl
import functools
import json
import os
import re
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database
from common.errors import BackupError, ConfigError, DatabaseError
from storer.backup import create as module
from storer.backup import tables as backup_tables
from storer.backup.create import backup
from storer.backup.format import Table, Values
from storer.backup.restore import restore
from storer.backup.verify import check
from storer.check.database import probe_database
from storer.database import schema
from storer.database.frame_store import FrameStore
from storer.database.rejected import Rejection
from storer.database.schema import migrate, migrations, newest_version
from tests.support.frames import ADDRESS, DAY, historic, simulated
from tests.support.programs import ENVIRONMENT, WITHIN
from tests.support.servers import Database as Server
from tests.support.storing import NOW, StorerCommand, client, exported, make_tables, more_steps, partition, query, store
from tests.support.wording import says

REJECTED = bytes(range(256)) + b"\\N\t\n'\"\x00"


@functools.cache
def several_kinds() -> list[Frame]:
    kinds = ["historic-single-phase-hchp", "historic-three-phase-tempo"]
    kinds += ["standard-single-phase-tempo", "standard-three-phase-producer"]
    start = DAY - timedelta(days=40)
    return [frame for kind in kinds for frame in simulated(kind, 30, every=timedelta(hours=5), start=start)]


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    """Tables with something of everything."""
    database = make_tables(fresh_database)
    store(database, several_kinds())
    oddity = historic(PAPP=0, OPTARIF="\\N\t'\"\n", UNKNOWN="é€😀\x00\n\"'\\%s`", BASE=2**32)
    store(database, [dataclasses.replace(oddity, dropped=0)])
    with contextlib.closing(FrameStore(database)) as tables:
        tables.write_tallies([Tally(meter=ADDRESS, hour=DAY, frames=7, reader="cellar")])
        tables.record_rejections([Rejection("teleinfo/é/frame", REJECTED, "it is a \\ and a '", NOW)])
    return database


@pytest.fixture
def empty(fresh_database: Server) -> Database:
    """Another database on the same server, with nothing in it."""
    fresh_database.sql(
        "DROP DATABASE IF EXISTS another; CREATE DATABASE another CHARACTER SET utf8mb4;"
        f"GRANT ALL ON another.* TO {fresh_database.user}@'%';"
    )
    return Database(dataclasses.replace(client(fresh_database)._config, name="another"))


@pytest.fixture
def storer(fresh_database: Server, tmp_path: Path) -> StorerCommand:
    return StorerCommand(tmp_path, fresh_database.port, fresh_database.password)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(query(database, f"SELECT * FROM {table}"), key=repr) for table in backup_tables.TABLES}


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def test_what_is_restored_is_what_was_saved(
    tables: Database, empty: Database, storer: StorerCommand, folder: Path
) -> None:
    result = storer("backup", folder)
    assert (result.returncode, result.stderr) == (0, "")
    (file,) = folder.iterdir()
    assert re.fullmatch(r"teleinfodb-\d{4}-\d\d-\d\dT\d{6}Z\.jsonl\.gz", file.name)
    assert file.stat().st_mode & 0o777 == 0o600
    assert one_line(result.stdout).startswith(f"{file}: saved and verified (meters 5, label sets ")
    result = storer("restore", file, "--into", "another")
    assert (result.returncode, result.stderr) == (0, "")
    assert ", frames 121, tallies 1, minutes 0, hours 0, " in one_line(result.stdout)
    assert ", rejected messages 1, imports 0), as of 20" in one_line(result.stdout)
    assert exported(empty) == exported(tables)
    assert rows(empty) == rows(tables)
    view = "SELECT * FROM teleinfoframes ORDER BY timestamp, meter_identifier"
    assert query(empty, view) == query(tables, view)


def test_every_table_is_saved(tables: Database) -> None:
    there = query(
        tables,
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT IN"
        " ('schema_version', 'backups', 'saved_months')",
    )
    assert {name for (name,) in there} == set(backup_tables.TABLES)


def noted(database: Database) -> list[tuple[object, ...]]:
    return query(database, "SELECT saved_rows FROM backups ORDER BY finished_at")


def test_the_last_ten_backups_are_noted_with_their_rows(tables: Database, storer: StorerCommand, folder: Path) -> None:
    result = storer("backup", folder)
    assert result.stderr == ""
    saved = sum(map(int, re.findall(r"[a-z] (\d+)[,)]", result.stdout)))
    assert noted(tables) == [(saved,)]
    for number in range(10):
        query(tables, f"INSERT INTO meters (id, identifier) VALUES ({number + 100}, 'x{number}')", "SELECT 1")
        backup(tables, folder, NOW + timedelta(seconds=number))
    assert noted(tables) == [(saved + more,) for more in range(1, 11)]
    ((recent,),) = query(tables, "SELECT COUNT(*) FROM backups WHERE finished_at > UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    assert recent == 10


def test_an_account_that_may_only_read_makes_backups_that_are_not_noted(
    tables: Database, fresh_database: Server, folder: Path
) -> None:
    login = "'onlooker'@'%'"
    fresh_database.sql(
        f"CREATE OR REPLACE USER {login} IDENTIFIED BY 'x'; GRANT SELECT, SHOW VIEW ON teleinfodb.* TO {login}"
    )
    settings = dataclasses.replace(tables._config, user="onlooker", password="x")
    file, contents = backup(Database(settings), folder, NOW)
    assert check(file).rows == contents.rows
    assert contents.warnings == []
    assert noted(tables) == []


def test_a_backup_that_cannot_be_noted_is_a_backup_and_says_so(
    tables: Database, fresh_database: Server, folder: Path
) -> None:
    fresh_database.sql("SET GLOBAL read_only = 1")
    try:
        file, contents = backup(tables, folder, NOW)
    finally:
        fresh_database.sql("SET GLOBAL read_only = 0")
    assert file.is_file()
    (warning,) = contents.warnings
    assert "not noted" in warning


def test_anybody_can_read_it_without_our_program(tables: Database, folder: Path) -> None:
    file, _ = backup(tables, folder, NOW)
    result = subprocess.run(["gzip", "-dc", str(file)], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert all(isinstance(json.loads(line), list | dict) for line in result.stdout.splitlines())


def test_a_large_table_is_saved_a_range_at_a_time(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges of a few rows; some of which share the first column of the key."""
    monkeypatch.setattr(backup_tables, "_RANGE", 2)
    frames = list(simulated("historic-single-phase-base", 7, every=timedelta(seconds=1)))
    for meter in ("a", "b", "c", "d"):
        store(tables, [dataclasses.replace(frame, meter=meter) for frame in frames])
    file, contents = backup(tables, folder, NOW)
    assert contents.tables["frames"].rows == 121 + 28
    restore(empty, file, NOW)
    assert rows(empty) == rows(tables)


def test_old_months_have_their_partitions_again(tables: Database, empty: Database, folder: Path) -> None:
    store(tables, [dataclasses.replace(historic(BASE=1), timestamp=DAY - timedelta(days=450))])
    file, _ = backup(tables, folder, NOW)
    restore(empty, file, NOW)
    partitions = query(
        empty,
        "SELECT partition_name, table_rows > 0 FROM information_schema.partitions WHERE table_schema = DATABASE()"
        " AND table_name = 'frames' ORDER BY partition_ordinal_position",
    )
    months = [f"p{year}{month:02}" for year in (2025, 2026, 2027) for month in range(1, 13)][7:26]
    assert [name for name, _ in partitions] == ["p_earlier", *months, "p_later"]
    assert [name for name, full in partitions if full] == ["p202508", "p202610", "p202611"]
    assert partition(empty, NOW + timedelta(days=31)) == ["p202703"]


def test_a_database_before_its_first_frame_can_be_saved(fresh_database: Server, empty: Database, folder: Path) -> None:
    file, contents = backup(make_tables(fresh_database), folder, NOW)
    assert {totals.rows for totals in contents.tables.values()} == {0}
    assert restore(empty, file, NOW).tables == contents.tables


def meanwhile(monkeypatch: pytest.MonkeyPatch, table: str, action: Callable[[], object], times: int = 1) -> None:
    """Do something after the lines of a table were read, as often as that, each time once."""
    left = [None] * times

    def lines(connection: Connection, shape: Table, part: backup_tables.Range) -> Iterator[bytes]:
        yield from backup_tables.lines(connection, shape, part)
        if shape.name == table and left:
            left.pop()
            action()

    monkeypatch.setattr(module, "lines", lines)


def test_what_comes_while_it_runs_is_stored_and_waits_for_the_next(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the frames, others come, before and behind; and the storer makes partitions."""
    before, made = exported(tables), []
    maker = threading.Thread(target=lambda: made.extend(partition(tables, NOW + timedelta(days=31))), daemon=True)

    def come() -> None:
        frame = dataclasses.replace(historic(BASE=1, PAPP=5), meter="new")
        late = dataclasses.replace(frame, timestamp=DAY - timedelta(days=100))
        assert store(tables, [frame, late]) == 2
        maker.start()

    monkeypatch.setattr(backup_tables, "_RANGE", 10)
    monkeypatch.setattr(module, "_ATTEMPTS", 1)
    meanwhile(monkeypatch, "frames", come)
    file, _ = backup(tables, folder, NOW)
    maker.join(WITHIN)
    assert made == ["p202703"]
    assert len(exported(tables)) == len(before) + 2
    restore(empty, file, NOW)
    assert exported(empty) == before


def test_a_table_that_changes_meanwhile_makes_it_begin_again(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = "ALTER TABLE tallies ADD COLUMN IF NOT EXISTS extra INT UNSIGNED NULL, FORCE"
    with contextlib.closing(tables.connect()) as other:
        meanwhile(monkeypatch, "frames", lambda: other.execute(change))
        file, _ = backup(tables, folder, NOW)
        assert check(file).tables["frames"].rows == 121
        meanwhile(monkeypatch, "frames", lambda: other.execute(change), times=3)
        with pytest.raises(DatabaseError, match="1412"):
            backup(tables, folder, NOW + timedelta(seconds=1))
    assert list(folder.iterdir()) == [file]


def test_the_storer_may_be_gone_and_another_error_leaves_no_file(
    tables: Database, folder: Path, database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, "label_sets", database.kill)
    try:
        with pytest.raises(DatabaseError):
            backup(tables, folder, NOW)
    finally:
        database.start()
    assert list(folder.iterdir()) == []


def test_what_the_server_does_not_confirm_is_no_backup(
    tables: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row too few, or another value: the sums of the server know."""

    def lossy(connection: Connection, table: Table, part: backup_tables.Range) -> Iterator[bytes]:
        for block in backup_tables.lines(connection, table, part):
            yield block.replace(b"null", b"0", 1) if table.name == "frames" else block

    def short(connection: Connection, table: Table, part: backup_tables.Range) -> Iterator[bytes]:
        for block in backup_tables.lines(connection, table, part):
            yield block[block.index(b"\n") + 1 :] if table.name == "frames" else block

    for wrong in (lossy, short):
        monkeypatch.setattr(module, "lines", wrong)
        with pytest.raises(BackupError, match=r"frames: 12[01] rows.* sums .* 121 rows"):
            backup(tables, folder, NOW)
    assert list(folder.iterdir()) == []
    assert noted(tables) == []


def test_a_full_disk_leaves_no_file_and_says_so(tables: Database, storer: StorerCommand, folder: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    (folder / "teleinfodb-2026-01-01T000000Z.jsonl.gz").write_bytes(b"old")
    command = storer.line("backup", folder, "--keep", "1")
    result = subprocess.run(command, env=ENVIRONMENT, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert says(one_line(result.stderr), "...jsonl.gz...cannot be written...")
    assert [file.name for file in folder.iterdir()] == ["teleinfodb-2026-01-01T000000Z.jsonl.gz"]


def test_the_one_just_made_stays_even_if_the_clock_is_years_behind(tables: Database, folder: Path) -> None:
    for years in range(3):
        file, _ = backup(tables, folder, NOW.replace(year=2026 - years), keep=2)
        assert file.exists()
    assert sorted(file.name[11:15] for file in folder.iterdir()) == ["2024", "2026"]


def test_the_next_backup_deletes_the_file_of_a_killed_one(tables: Database, folder: Path) -> None:
    left, running = folder / ".x.jsonl.gz.part", folder / ".y.jsonl.gz.part"
    left.touch()
    with running.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        file, _ = backup(tables, folder, NOW)
        assert sorted(folder.iterdir()) == [running, file]


def test_an_unusable_target_is_refused(tables: Database, folder: Path) -> None:
    (folder / "there").touch()
    for target, keep in ((folder / "there", None), (folder / "no" / "file", None), (folder / "new", 3)):
        with pytest.raises(ConfigError):
            backup(tables, target, NOW, keep)
    assert [file.name for file in folder.iterdir()] == ["there"]


def test_a_folder_in_another_users_home_is_refused(tables: Database, tmp_path: Path) -> None:
    home, before = tmp_path / "home", os.geteuid()
    (home / "backups").mkdir(parents=True)
    home.chmod(0)
    os.seteuid(before or 65534)  # root may look everywhere
    try:
        with pytest.raises(ConfigError, match="Permission denied"):
            backup(tables, home / "backups", NOW)
    finally:
        os.seteuid(before)
        home.chmod(0o700)


def test_a_database_with_frames_is_refused(tables: Database, folder: Path) -> None:
    file, _ = backup(tables, folder, NOW)
    before = exported(tables)
    with pytest.raises(DatabaseError, match=r"frames .*--into"):
        restore(tables, file, NOW)
    assert exported(tables) == before


def test_tables_without_rows_count_as_empty(
    tables: Database, empty: Database, fresh_database: Server, folder: Path
) -> None:
    """As they are if a storer was started and has received nothing."""
    file, _ = backup(tables, folder, NOW)
    before = exported(tables)
    fresh_database.create_database()
    restore(make_tables(fresh_database), file, NOW)
    assert exported(tables) == before


def test_a_storer_that_writes_during_a_restore_is_detected(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = backup(tables, folder, NOW)
    from storer.backup import restore as target

    def insert(connection: Connection, table: Table, rows: list[Values]) -> None:
        backup_tables.insert(connection, table, rows)
        if table.name == "frames":
            connection.execute("UPDATE frames SET power = 77 LIMIT 1")

    monkeypatch.setattr(target, "insert", insert)
    with pytest.raises(BackupError, match="frames: 121 rows"):
        restore(empty, file, NOW)


def test_tables_of_an_earlier_version_are_restored_and_migrated(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are where a program is updated before a backup of the older one is restored."""
    file, contents = backup(tables, folder, NOW)
    assert contents.header.schema == newest_version()
    every = [*migrations(), *more_steps()]
    monkeypatch.setattr(schema, "migrations", lambda: every)
    restore(empty, file, NOW)
    assert exported(empty) == exported(tables)
    assert migrate(empty) == []
    assert query(empty, "SELECT * FROM of_103") == [(103, 104)]


NEWER = "INSERT INTO schema_version (version, name) VALUES (9999, 'of tomorrow')"


def test_tables_that_are_newer_than_the_program_are_neither_saved_nor_filled(
    tables: Database, fresh_database: Server, folder: Path
) -> None:
    newer = "INSERT INTO schema_version (version, name) VALUES (9999, 'of tomorrow')"
    file, _ = backup(tables, folder / "backup", NOW)
    query(tables, newer, "SELECT 1")
    with pytest.raises(DatabaseError, match=f"9999.*{newest_version()}"):
        backup(tables, folder, NOW)
    assert list(folder.iterdir()) == [file]
    fresh_database.create_database()
    query(make_tables(fresh_database), newer, "SELECT 1")
    with pytest.raises(DatabaseError, match=f"9999.*{newest_version()}"):
        restore(tables, file, NOW)
    assert exported(tables) == []


def test_a_file_that_is_not_a_backup_is_refused_before_the_database_is_used(
    storer: StorerCommand, folder: Path
) -> None:
    (folder / "text").write_text("CREATE TABLE frames")
    (folder / "nothing").touch()
    for name in ("text", "nothing", "missing"):
        for option in (["--check"], ["--into", "nowhere"]):
            result = storer("restore", folder / name, *option)
            assert (result.returncode, result.stdout) == (1, "")
            assert one_line(result.stderr).startswith(f"teleinfo-storer: {folder / name}: ")


def test_rows_damaged_before_are_saved_with_a_warning(tables: Database, storer: StorerCommand, folder: Path) -> None:
    query(tables, "UPDATE frames SET label_set_id = 99999 ORDER BY timestamp LIMIT 2", "SELECT 1")
    query(tables, "UPDATE label_sets SET content = '[]' WHERE id = 1", "SELECT 1")
    result = storer("backup", folder)
    assert result.returncode == 0
    assert [line.partition(": warning: ")[0] for line in result.stderr.splitlines()] == ["teleinfo-storer"] * 3
    assert len(list(folder.iterdir())) == 1


@pytest.fixture
def interrupted(tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file whose restore into `empty` broke off after some of its frames."""
    from storer.backup import restore as target

    class Killed(Exception):
        pass

    def insert(connection: Connection, table: Table, rows: list[Values]) -> None:
        if table.name == "frames":
            backup_tables.insert(connection, table, rows[:50])
            connection.execute("COMMIT")
            raise Killed
        backup_tables.insert(connection, table, rows)

    file, _ = backup(tables, folder, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(target, "insert", insert)
        with pytest.raises(Killed):
            restore(empty, file, NOW)
    assert 0 < len(exported(empty)) < len(exported(tables))
    return file


def test_a_restore_that_was_interrupted_is_known_to_all(
    empty: Database, interrupted: Path, fresh_database: Server, tmp_path: Path
) -> None:
    assert "only part of a backup" in probe_database(empty._config).refused
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password, "another")
    for word in ("run", "migrate", "audit", "backup", "rebuild"):
        result = storer(word, *([interrupted.parent] if word == "backup" else []))
        assert (word, result.returncode, result.stdout) == (word, 3, "")
        assert says(result.stderr.splitlines()[-1], "...only part of a backup...restore...")


def test_two_restores_at_once_are_refused(empty: Database, interrupted: Path) -> None:
    """A database that is being restored looks like one whose restore was interrupted."""
    before = exported(empty)
    with contextlib.closing(empty.connect()) as first:
        first.query("SELECT GET_LOCK('teleinfo-storer restore another', 0)")
        with pytest.raises(DatabaseError, match="another"):
            restore(empty, interrupted, NOW)
    assert exported(empty) == before


def test_a_restore_that_was_interrupted_is_started_again(tables: Database, empty: Database, interrupted: Path) -> None:
    restore(empty, interrupted, NOW)
    assert rows(empty) == rows(tables)
    assert migrate(empty) == []
