"""Backups and restores against a real MariaDB: files of months, dumps, and what becomes of both."""

import contextlib
import dataclasses
import gzip
import io
import json
import re
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.retention import Retention
from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Connection, Database
from common.errors import BackupError, DatabaseError
from common.runtime.progress import NO_PROGRESS
from storer.backup import dump as dumps
from storer.backup.backup import Result, expired
from storer.backup.backup import backup as make_backup
from storer.backup.folder import Folder
from storer.backup.month_file import count_lines
from storer.backup.restore import release_month, restore, restore_month
from storer.backup.schedule import BackupScheduler
from storer.database.locks import take_lock
from storer.database.schema import migrate
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore
from storer.retention.forget import forget_meter
from storer.retention.months import Blocked, FrameRetention
from storer.rollups.scheduler import RollupScheduler
from storer.rollups.state import request_rebuild
from tests.services.test_retention import AUGUST, FRAMES, OCTOBER, ONE_MONTH, SEPTEMBER, roll_all, scheduler, tables
from tests.services.test_rollup_cases import METER, NOON, OTHER, Clock, rolled, standard, steady, write
from tests.support.servers import Database as Server
from tests.support.sources import series, write_source
from tests.support.storing import NOW, StorerCommand, client, exported, query

__all__ = ["scheduler", "tables"]  # fixtures

JULY, OF_AUGUST, OF_SEPTEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 8, 9))
MONTHS = ["teleinfodb-2026-08.month.gz", "teleinfodb-2026-09.month.gz", "teleinfodb-2026-10.month.gz"]
CHECKED = ("frames", "minutes", "source_minutes", *dumps.FIRST, *dumps.LAST)


@pytest.fixture
def empty(fresh_database: Server) -> Database:
    """Another database on the same server, with nothing in it."""
    fresh_database.sql(
        "DROP DATABASE IF EXISTS another; CREATE DATABASE another CHARACTER SET utf8mb4;"
        f"GRANT ALL ON another.* TO {fresh_database.user}@'%';"
    )
    return Database(dataclasses.replace(client(fresh_database)._config, name="another"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def backup(database: Database, folder: Path, retention: Retention | None = None) -> Result:
    return make_backup(database, folder, retention or Retention())


def cleared(database: Database) -> Database:
    query(database, "DROP DATABASE another", "CREATE DATABASE another", "USE another", "SELECT 1")
    return database


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.month.gz"))


def lines(file: Path) -> list[bytes]:
    return gzip.open(file).read().splitlines()


def retain(connection: Connection, policy: Retention = ONE_MONTH, now: datetime = NOON) -> None:
    for _ in FrameRetention(connection, "one", policy).run(now):
        pass


def flip(file: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def clear(file: Path) -> None:
    file.write_bytes(b"")


DAMAGES = pytest.mark.parametrize("damage", [flip, cut, clear, Path.unlink])
Damage = Callable[[Path], None]


@pytest.mark.usefixtures("scheduler")
def test_what_is_restored_has_the_checksums_of_what_was_saved(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    with contextlib.closing(FrameStore(tables)) as store:
        store.record_rejections([Rejection("teleinfo/é/frame", bytes(range(256)) + b"\\N'\"", "a \\ and a '", NOW)])
    write_source(tables, "roof", "production", series(AUGUST, range(1000, 1120)))
    write_source(tables, "garden", "temperature", {OCTOBER: SourceMinute(60, temperature=-25)})
    query(
        tables,
        """INSERT INTO settings (section, value) VALUES ('notes', '[{"at": "2026-10-03", "text": "été"}]')""",
        "INSERT INTO requests (kind, arguments, state) VALUES ('backup', '{}', 'done')",
        "SELECT 1",
    )
    result = backup(tables, folder)
    assert (files(folder), result.problems) == (MONTHS, [])
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    # 2 hours, a frame each 20 s, and 2 hours of a source.
    assert count_lines(folder / MONTHS[0]) == {"f": 360, "m": 120, "s": 2}
    restore(empty, folder)
    of_state = "SELECT id, up_to, frames_from, dropped_to FROM rollup_state"
    assert query(empty, of_state) == query(tables, of_state)
    for table in CHECKED:
        if table not in ("rollup_state", "late_hours"):
            checksum = f"CHECKSUM TABLE {table}"
            assert query(empty, checksum)[0][1] == query(tables, checksum)[0][1], table
    assert exported(empty) == exported(tables)
    before = rolled(empty)
    with contextlib.closing(empty.connect()) as other:
        roll_all(RollupScheduler(other, "one", now=Clock()))
    assert rolled(empty) == before == rolled(tables)
    checksum = "CHECKSUM TABLE late_hours"  # they waited to be rolled up again
    assert query(empty, checksum)[0][1] == query(tables, checksum)[0][1]


def test_frames_that_come_and_are_rolled_up_while_a_dump_is_made_do_not_make_it_contradict_itself(
    tables: Database, empty: Database, folder: Path, scheduler: RollupScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tables, folder)
    before, run = exported(tables), dumps._run_dump
    numbers = iter(range(1, 20))

    def run_among_others(*arguments: Any) -> None:
        for number in (next(numbers), next(numbers)):
            for start in (AUGUST, OCTOBER, NOON - timedelta(minutes=2)):
                at, meter = start + timedelta(seconds=number), (METER, OTHER)[number > 6]
                write(tables, [standard(at, meter, EAST=50_000 + number, MSG1=f"NUMBER {number}")], NOON)
            scheduler.run()
            if number % 2:
                run(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(dumps, "_run_dump", run_among_others)
        assert backup(tables, folder).problems == []
    assert next(numbers) == 2 * 6 + 1
    restore(empty, folder)
    assert set(before) <= set(exported(empty)) < set(exported(tables))
    with contextlib.closing(empty.connect()) as other:
        again = RollupScheduler(other, "one", now=Clock())
        roll_all(again)
        frames = query(
            empty,
            "SELECT COUNT(*) FROM frames JOIN meters ON id = meter_id JOIN label_sets AS l ON l.id = label_set_id",
        )
        for table in ("minutes", "hours"):
            assert query(empty, f"SELECT SUM(frames) FROM {table}") == frames, table
        assert frames == [(len(exported(empty)),)]
        as_restored = rolled(empty)
        request_rebuild(other)
        roll_all(again)
        assert rolled(empty) == as_restored


@pytest.mark.usefixtures("scheduler")
def test_closed_months_are_written_once_and_one_of_them_is_read_a_night(tables: Database, folder: Path) -> None:
    assert len(backup(tables, folder).written) == 3
    read = []
    for _ in range(4):
        result = backup(tables, folder)
        assert result.written == []
        read += [file.name for file in result.read]
    assert read == [*MONTHS, MONTHS[0]]


def test_late_frames_into_a_closed_month_have_its_file_written_again(
    tables: Database, empty: Database, folder: Path, scheduler: RollupScheduler
) -> None:
    backup(tables, folder)
    write(tables, [standard(SEPTEMBER + timedelta(seconds=21), EAST=20_001)], NOON)
    assert backup(tables, folder).written == []  # its hour waits to be rolled up: the month is open
    restore(empty, folder)
    assert exported(empty) == exported(tables)  # the dump has it
    scheduler.run()
    assert [file.name for file in backup(tables, folder).written] == [MONTHS[1]]
    assert count_lines(folder / MONTHS[1])["f"] == 361


def test_a_dump_into_another_folder_has_what_is_open_again_and_misses_no_file_of_it(
    tables: Database, empty: Database, folder: Path, tmp_path: Path, scheduler: RollupScheduler
) -> None:
    backup(tables, folder)
    write(tables, [standard(SEPTEMBER + timedelta(seconds=21), EAST=20_001)], NOON)
    (another := tmp_path / "another").mkdir()
    backup(tables, another)
    assert files(another) == [MONTHS[0], MONTHS[2]]
    restore(empty, another)
    assert exported(empty) == exported(tables)


def test_frames_that_come_for_a_dropped_month_join_those_of_its_file(
    tables: Database, empty: Database, folder: Path, scheduler: RollupScheduler, connection: Connection
) -> None:
    backup(tables, folder)
    before = exported(tables)
    retain(connection)
    assert len(exported(tables)) == len(before) - 720
    write(tables, [standard(SEPTEMBER + timedelta(seconds=21), EAST=20_001, MSG1="ANOTHER")], NOON)
    scheduler.run()
    roll_all(scheduler)
    backup(tables, folder)
    restore(empty, folder)
    assert len(exported(empty)) == len(before) + 1
    assert set(before) < set(exported(empty))


@DAMAGES
@pytest.mark.usefixtures("scheduler")
def test_a_file_that_went_bad_is_written_again_while_the_database_has_its_rows(
    tables: Database, empty: Database, folder: Path, damage: Damage
) -> None:
    backup(tables, folder)
    damage(folder / MONTHS[1])
    for _ in range(3):
        assert backup(tables, folder).problems == []
    restore(empty, folder)
    assert exported(empty) == exported(tables)


@DAMAGES
def test_a_bad_file_whose_month_was_dropped_is_said_each_night_and_nothing_more_of_it_is_dropped(
    tables: Database,
    fresh_database: Server,
    empty: Database,
    folder: Path,
    connection: Connection,
    scheduler: RollupScheduler,
    damage: Damage,
) -> None:
    backup(tables, folder)
    retain(connection)
    damage(folder / MONTHS[0])
    results = [backup(tables, folder) for _ in range(4)]
    assert all(MONTHS[0] in result.problems[0] for result in results[-2:])
    storer = StorerCommand(folder.parent, fresh_database.port, fresh_database.password)
    config = Path(storer.line("backup")[-1])
    config.write_text(json.dumps(json.loads(config.read_text()) | {"backup": {"folder": str(folder)}}))
    of_the_night = BackupScheduler(tables, "one", folder, config, threading.Event())
    of_the_night._failed = "before"
    of_the_night._back_up(timedelta(hours=12))
    assert re.search(f"{MONTHS[0]}.*no more all of its rows", of_the_night.report()["failed"])
    with pytest.raises(BackupError, match=MONTHS[0]):
        restore(empty, folder)
    restore(empty, folder, partial=True)
    assert len(exported(empty)) == len(FRAMES) - 360


@DAMAGES
def test_retention_drops_no_month_whose_file_went_bad(
    tables: Database, folder: Path, connection: Connection, scheduler: RollupScheduler, damage: Damage
) -> None:
    """The file is read before its month is dropped, not trusted because it was whole once."""
    backup(tables, folder)
    damage(folder / MONTHS[0])
    connection.execute("UPDATE saved_months SET read_at = read_at - INTERVAL 36 DAY")
    with pytest.raises(Blocked, match="2026-08"):
        retain(connection)
    assert len(exported(tables)) == len(FRAMES)
    backup(tables, folder, ONE_MONTH)  # written again, since the rows are there
    retain(connection)
    assert count_lines(folder / MONTHS[0])["f"] == 360


@pytest.mark.usefixtures("scheduler")
def test_the_months_that_retention_takes_next_are_read_first(
    tables: Database, folder: Path, connection: Connection
) -> None:
    backup(tables, folder)
    connection.execute("UPDATE saved_months SET read_at = read_at - INTERVAL 30 DAY")
    connection.execute("UPDATE saved_months SET read_at = read_at - INTERVAL 30 DAY WHERE month = '2026-10-01'")
    policy = Retention(frames=2)
    assert [file.name for file in backup(tables, folder, policy).read][:2] == MONTHS[:2]


@pytest.mark.usefixtures("scheduler")
def test_no_file_made_after_a_meter_was_forgotten_has_it(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    write(tables, [*steady(AUGUST + timedelta(hours=3), 1, OTHER)], NOON)
    roll_all(RollupScheduler(connection, "one", now=Clock()))
    backup(tables, folder)
    retain(connection)
    assert any(OTHER.encode() in line for line in lines(folder / MONTHS[0]))
    copy = folder / MONTHS[0]
    before = copy.read_bytes()
    assert forget_meter(tables, OTHER, lambda _: OTHER, NO_PROGRESS, io.StringIO()) == 0
    made = backup(tables, folder)
    assert made.dump is not None
    assert not any(OTHER.encode() in line for file in (copy, made.dump) for line in lines(file))
    write(tables, [standard(NOON, OTHER, EAST=1)], NOON)  # somebody sends with its address again
    backup(tables, folder)
    copy.write_bytes(before)  # as it was
    restore(empty, folder)
    assert len([frame for frame in exported(empty) if OTHER.encode() in frame]) == 1


@pytest.mark.usefixtures("scheduler")
@pytest.mark.parametrize("dropped", [False, True])
def test_a_file_that_went_bad_after_a_meter_was_forgotten_is_written_again_unless_its_month_was_dropped(
    dropped: bool, tables: Database, folder: Path, connection: Connection
) -> None:
    write(tables, [*steady(AUGUST + timedelta(hours=3), 1, OTHER)], NOON)
    roll_all(RollupScheduler(connection, "one", now=Clock()))
    backup(tables, folder)
    if dropped:
        retain(connection)
    assert forget_meter(tables, OTHER, lambda _: OTHER, NO_PROGRESS, io.StringIO()) == 0
    flip(folder / MONTHS[0])
    assert bool(backup(tables, folder).problems) is dropped
    if not dropped:
        assert not any(OTHER.encode() in line for line in lines(folder / MONTHS[0]))


@pytest.mark.usefixtures("scheduler")
def test_one_backup_is_made_at_a_time_and_nothing_is_dropped_or_forgotten_meanwhile(
    tables: Database, folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tables, folder)
    for wait in ("backup.backup._ANOTHER", "retention.months._WAIT", "retention.forget._WAIT"):
        monkeypatch.setattr(f"storer.{wait}", 0)
    with contextlib.closing(tables.connect()) as other:
        assert take_lock(other, "backup")
        with pytest.raises(BackupError, match="another backup"):
            backup(tables, folder)
        with pytest.raises(Blocked, match="a backup is being made"):
            retain(connection)
        with pytest.raises(DatabaseError, match="a backup is being made"):
            forget_meter(tables, METER, lambda _: METER, NO_PROGRESS, io.StringIO())
    assert len(exported(tables)) == len(FRAMES)
    retain(connection)
    assert len(exported(tables)) == len(FRAMES) - 720


@pytest.mark.usefixtures("scheduler")
def test_what_was_waiting_to_be_done_when_a_dump_was_made_is_not_done_after_its_restore(
    tables: Database, empty: Database, folder: Path
) -> None:
    query(
        tables,
        "INSERT INTO requests (id, kind, arguments, state, not_before) VALUES"
        " (1, 'backup', '{}', 'done', NOW()), (2, 'forget-meter', '{}', 'waiting', NOW()),"
        " (3, 'import', '{}', 'waiting', NULL), (4, 'backup', '{}', 'running', NOW())",
        "INSERT INTO request_pieces VALUES (3, 0, 'a file')",
        "SELECT 1",
    )
    backup(tables, folder)
    restore(empty, folder)
    states = query(empty, "SELECT id, state FROM requests ORDER BY id")
    assert states == [(1, "done"), (2, "cancelled"), (3, "cancelled"), (4, "cancelled")]
    assert query(empty, "SELECT COUNT(*) FROM request_pieces") == [(0,)]


@pytest.mark.usefixtures("scheduler")
def test_the_dump_before_is_taken_where_the_newest_is_damaged(tables: Database, empty: Database, folder: Path) -> None:
    backup(tables, folder)
    (first,) = Folder(folder).dumps().values()
    second = first.with_name("teleinfodb-2099-01-01T000000Z.sql.gz")
    second.write_bytes(first.read_bytes())
    cut(second)
    found = restore(empty, folder)
    assert (found.dump, len(found.notes)) == (first, 1)
    assert exported(empty) == exported(tables)


@pytest.mark.usefixtures("scheduler")
def test_an_interrupted_restore_is_refused_by_a_storer_and_begins_anew(
    tables: Database, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tables, folder)

    def fail(*_: object) -> int:
        raise DatabaseError("cut")

    with monkeypatch.context() as patch:
        patch.setattr("storer.backup.restore.load_month", fail)
        with pytest.raises(DatabaseError, match="only part"):
            restore(empty, folder)
    with pytest.raises(DatabaseError, match="only part of a backup"):
        backup(empty, folder.parent)
    restore(empty, folder)
    assert exported(empty) == exported(tables)
    with pytest.raises(DatabaseError, match="already"):
        restore(empty, folder)


@pytest.mark.usefixtures("scheduler")
def test_a_folder_of_another_database_is_left_alone(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    backup(tables, folder)
    connection.execute("TRUNCATE TABLE backups")  # as in a database that was made anew
    connection.execute("UPDATE schema_version SET applied_at = UTC_TIMESTAMP(6) + INTERVAL 2 SECOND")
    with pytest.raises(BackupError, match="another database"):
        backup(tables, folder)


def test_a_month_that_is_put_back_stays_until_it_is_released(
    tables: Database, folder: Path, scheduler: RollupScheduler, connection: Connection
) -> None:
    before = exported(tables)
    backup(tables, folder)
    retain(connection)
    assert restore_month(tables, folder, OF_AUGUST) == 360 + 120
    assert set(exported(tables)) == {frame for frame in before if b'"2026-09' not in frame}
    later = NOON + timedelta(days=30)  # when October, with which August is in one partition now, is too old
    write(tables, [standard(later, EAST=90_000)], later)
    roll_all(RollupScheduler(connection, "one", now=Clock(later + timedelta(hours=1))))
    backup(tables, folder)
    held = exported(tables)
    retain(connection, now=later)
    assert exported(tables) == held
    release_month(tables, OF_AUGUST)
    retain(connection, now=later)
    assert len(exported(tables)) == 60 + 1


@pytest.mark.usefixtures("scheduler")
def test_a_partition_that_is_made_meanwhile_has_the_dump_begin_again(
    tables: Database, folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    run = dumps._run_dump

    def fail_once(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise dumps._Changed("1412")
        run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(dumps, "_run_dump", fail_once)
    assert backup(tables, folder).problems == []
    assert len(calls) == 2 + 6


def test_files_of_before_are_left_alone_and_named(tables: Database, folder: Path) -> None:
    earlier = folder / "teleinfodb-2026-10.jsonl.gz"
    earlier.write_bytes(b"as it was")
    assert "1 file of an earlier version" in backup(tables, folder).notes[0]
    assert earlier.read_bytes() == b"as it was"


def test_dumps_of_seven_days_four_weeks_and_twelve_months_stay() -> None:
    taken = [datetime(2025, 1, 1, 3, tzinfo=UTC) + timedelta(days=day) for day in range(500)]  # to 15 May 2026
    kept = sorted(set(taken) - set(expired(taken)))
    assert [f"{one:%m-%d}" for one in kept] == [
        *("06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31", "02-28", "03-31"),
        *("04-26", "04-30", "05-03", "05-09", "05-10", "05-11", "05-12", "05-13", "05-14", "05-15"),
    ]


def test_any_password_is_in_a_file_that_only_we_can_read_and_on_no_command_line(
    fresh_database: Server, empty: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = """a "b' \\n # ; é%s"""
    quoted = password.replace("\\", "\\\\").replace("'", "''")
    fresh_database.sql(
        f"CREATE OR REPLACE USER dump@'%' IDENTIFIED BY '{quoted}';GRANT ALL ON {fresh_database.name}.* TO dump@'%';"
    )
    database = Database(dataclasses.replace(client(fresh_database)._config, user="dump", password=password))
    migrate(database)
    commands: list[str] = []
    popen = subprocess.Popen

    def start(command: list[str], **arguments: Any) -> "subprocess.Popen[bytes]":
        file = Path(command[1].removeprefix("--defaults-file="))
        assert file.stat().st_mode & 0o777 == 0o600
        commands.extend(command)
        return popen(command, **arguments)

    monkeypatch.setattr(subprocess, "Popen", start)
    backup(database, folder)
    restore(empty, folder)
    assert len([word for word in commands if word.endswith(("mariadb-dump", "mariadb"))]) == 6 + 1
    assert not any(secret in word for word in commands for secret in (password, str(empty._config.password)))


def test_the_commands_make_a_backup_and_put_it_back(
    tables: Database, fresh_database: Server, empty: Database, folder: Path, tmp_path: Path, scheduler: RollupScheduler
) -> None:
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)
    assert storer("backup").returncode == 2
    made = storer("backup", folder)
    assert (made.returncode, made.stderr) == (0, "")
    assert "written: 3" in made.stdout
    checked = storer("restore", folder, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "has frames already" in storer("restore", folder).stderr
    other = StorerCommand(tmp_path, fresh_database.port, fresh_database.password, "another")
    assert other("restore", folder).returncode == 0
    assert exported(empty) == exported(tables)
    assert storer("restore", folder, "--month", "2026-08").returncode == 0
    assert storer("restore", folder, "--release", "2026-08").returncode == 0
    flip(folder / MONTHS[0])
    assert storer("restore", folder, "--check").returncode == 1
