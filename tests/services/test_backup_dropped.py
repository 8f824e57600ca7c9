"""Backups once frames were dropped, or files are lost: nothing that exists nowhere else is written over."""

import contextlib
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Connection, Database
from common.errors import BackupError
from storer.backup.create import backup
from storer.backup.restore import restore
from storer.backup.verify import check
from storer.database.frame_store import FrameStore
from storer.imports.model import Period
from storer.imports.writer import forget, list_imports
from storer.imports.writer import write as write_import
from storer.keeping.retention import Blocked
from storer.rollups.roller import Roller
from storer.rollups.state import request_rebuild
from tests.services.test_backup import empty, folder, one_line, storer
from tests.services.test_backup_months import MONTHS, frames_in, names
from tests.services.test_retention import (
    AUGUST,
    FRAMES,
    SEPTEMBER,
    roll_all,
    roller,
    run,
    tables,
)
from tests.services.test_rollup_cases import NOON, Clock, standard, write
from tests.support.rollups import HOUR
from tests.support.servers import Database as Server
from tests.support.storing import NOW, StorerCommand, client, exported, make_tables, query

__all__ = ["empty", "folder", "roller", "storer", "tables"]  # fixtures

DAY = timedelta(days=1)
LATE = standard(AUGUST + timedelta(seconds=1), EAST=1)
DROP_AUGUST = "ALTER TABLE frames DROP PARTITION p202608"


def texts(frames: Iterable[Frame]) -> list[bytes]:
    return [frame.to_json() for frame in sorted(frames, key=lambda frame: frame.timestamp)]


def imported(database: Database) -> list[tuple[object, ...]]:
    return query(database, "SELECT hour, wh FROM imported_hours ORDER BY hour")


def bring(connection: Connection, wh: int, end: datetime = AUGUST - DAY) -> int:
    """Import an hour before the first frame, of August by default."""
    content = f"{wh} Wh".encode().ljust(32, b"\0")
    return write_import(connection, 1, "enedis", f"{wh}.csv", content, [Period(end, 1, 0, wh)])


@pytest.mark.usefixtures("roller")
def test_what_is_imported_into_a_dropped_month_is_saved_and_what_is_forgotten_there_stays_away(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    wrong = bring(connection, 2_952_000)
    backup(tables, folder, NOW)
    run(connection)
    forget(connection, wrong)
    bring(connection, 16_400)
    backup(tables, folder, NOW + DAY)
    assert frames_in(folder / MONTHS[0]) == 360
    restore(empty, folder, NOW)
    assert exported(empty) == texts(FRAMES)
    assert imported(empty) == [((AUGUST - DAY - HOUR).replace(tzinfo=None), 16_400)]
    with contextlib.closing(empty.connect()) as restored:
        (one,) = list_imports(restored)
        assert (one.file, one.rows, one.wh) == ("16400.csv", 1, 16_400)
        assert forget(restored, one.id) == 1


@pytest.mark.usefixtures("roller")
def test_what_was_imported_into_months_before_all_others_and_forgotten_stays_away(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    wrong = bring(connection, 2_952_000, AUGUST - 60 * DAY)
    backup(tables, folder, NOW)
    forget(connection, wrong)
    backup(tables, folder, NOW + DAY)
    restore(empty, folder, NOW)
    assert imported(empty) == []
    assert exported(empty) == texts(FRAMES)


def test_the_only_months_with_files_may_be_of_imports_that_are_forgotten(
    fresh_database: Server, empty: Database, folder: Path
) -> None:
    database = make_tables(fresh_database)
    write(database, FRAMES[-60:], NOON)  # of this month
    with contextlib.closing(database.connect()) as connection:
        roll_all(Roller(connection, "one", now=Clock()))
        wrong = bring(connection, 2_952_000)
        backup(database, folder, NOW)
        forget(connection, wrong)
    backup(database, folder, NOW + DAY)
    restore(empty, folder, NOW)
    assert imported(empty) == []
    assert exported(empty) == texts(FRAMES[-60:])


def test_a_database_that_was_emptied_writes_no_file_of_imports_again(fresh_database: Server, folder: Path) -> None:
    def begin() -> Database:
        database = make_tables(fresh_database)
        write(database, FRAMES[-60:], NOON)
        with contextlib.closing(database.connect()) as connection:
            roll_all(Roller(connection, "one", now=Clock()))
        return database

    with contextlib.closing(begin().connect()) as connection:
        bring(connection, 16_400)
    backup(client(fresh_database), folder, NOON - 2 * HOUR)
    fresh_database.create_database()
    with pytest.raises(BackupError, match="emptied"):
        backup(begin(), folder, NOON)


@pytest.mark.usefixtures("roller")
def test_a_file_of_a_month_before_all_others_keeps_what_was_not_imported(
    tables: Database, empty: Database, folder: Path
) -> None:
    backup(tables, folder, NOW)
    others = folder / "others"
    others.mkdir()
    for name in MONTHS:
        shutil.move(folder / name, others / name.replace("teleinfodb", "another"))
    august, *rest = sorted(others.iterdir())
    restore(empty, [*rest, *folder.glob("*.gz")], NOW, partial=True)
    backup(empty, others, NOW + DAY)
    assert check(august).tables["hours"].rows == 2


@pytest.mark.parametrize("dropped_by", ["hand", "retention"])
def test_a_late_frame_joins_those_that_only_the_file_has(
    dropped_by: str, tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    if dropped_by == "hand":
        connection.execute(DROP_AUGUST)
    else:
        run(connection)
    write(tables, [LATE], NOW)
    roller.run()
    backup(tables, folder, NOW + DAY)
    assert frames_in(folder / MONTHS[0]) == 361
    restore(empty, folder, NOW)
    assert exported(empty) == texts([*FRAMES, LATE])


def test_a_frame_of_before_all_months_is_dropped_only_when_it_is_saved(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    """As of a reader whose clock was years behind."""
    backup(tables, folder, NOW)
    run(connection)
    old = standard(AUGUST - 400 * DAY, EAST=1)
    write(tables, [old], NOON)
    roller.run()
    with pytest.raises(Blocked, match="backup"):
        run(connection)
    backup(tables, folder, NOW + DAY)
    run(connection)
    restore(empty, folder, NOW)
    assert exported(empty) == texts([*FRAMES, old])


def test_a_file_that_was_moved_is_not_made_again_without_its_frames(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    run(connection)
    other_disk = folder.parent / "other"
    other_disk.mkdir()
    shutil.move(folder / MONTHS[0], other_disk)
    write(tables, [LATE], NOW)
    roller.run()
    for day in (1, 2):  # it stays said, and known
        newest, contents = backup(tables, folder, NOW + day * DAY)
        (problem,) = contents.problems
        assert "2026-08" in problem
        assert "360" in problem
        assert MONTHS[0] not in names(folder)
        assert contents.tables["frames"].rows == 61
        assert contents.tables["hours"].rows == 3
    with pytest.raises(BackupError, match=r"2026-08 .*360 frames.*--partial"):
        restore(empty, folder, NOW)
    restore(empty, [folder, *other_disk.iterdir()], NOW)
    assert exported(empty) == texts([*FRAMES, LATE])
    shutil.copy(other_disk / MONTHS[0], folder)
    _, contents = backup(tables, folder, NOW + 3 * DAY)
    assert contents.problems == []
    assert frames_in(folder / MONTHS[0]) == 361
    assert newest.exists()


def test_a_damaged_file_of_a_dropped_month_is_kept_and_the_rest_is_saved(
    tables: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    run(connection)
    whole = (folder / MONTHS[0]).read_bytes()
    damaged = whole[:-200] + b"\0" + whole[-199:]
    (folder / MONTHS[0]).write_bytes(damaged)
    write(tables, [LATE], NOW)
    roller.run()
    _, contents = backup(tables, folder, NOW + DAY)
    (problem,) = contents.problems
    assert "damaged" in problem
    assert (folder / MONTHS[0]).read_bytes() == damaged
    assert contents.tables["hours"].rows == 3


def test_late_frames_are_not_dropped_before_they_are_in_a_backup(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    write(tables, [LATE], NOW)
    roller.run()
    with pytest.raises(Blocked, match=r"2026-08 .*backup"):
        run(connection)
    assert exported(tables) == texts([*FRAMES, LATE])
    backup(tables, folder, NOW + DAY)
    run(connection)
    assert len(exported(tables)) == 360 + 60
    restore(empty, folder, NOW)
    assert exported(empty) == texts([*FRAMES, LATE])
    for table in ("hours", "minutes", "breaks", "late_hours", "label_sets"):
        sql = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert query(empty, sql) == query(tables, sql)


def test_months_that_were_still_open_at_the_first_backup_are_not_dropped_before_the_next(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    request_rebuild(connection)
    backup(tables, folder, NOW)
    assert not any(name in names(folder) for name in MONTHS)
    roll_all(roller)
    with pytest.raises(Blocked, match=r"2026-08 .*backup"):
        run(connection)
    backup(tables, folder, NOW + DAY)
    run(connection)
    backup(tables, folder, NOW + 2 * DAY)
    restore(empty, folder, NOW)
    assert exported(empty) == texts(FRAMES)


@pytest.mark.usefixtures("roller")
def test_after_a_restore_nothing_is_dropped_before_the_next_backup(
    tables: Database, empty: Database, folder: Path
) -> None:
    backup(tables, folder, NOW)
    restore(empty, folder, NOW)
    with contextlib.closing(empty.connect()) as connection:
        with pytest.raises(Blocked, match=r"2026-08 .*backup"):
            run(connection)
        assert exported(empty) == texts(FRAMES)
        backup(empty, folder, NOW + DAY)
        run(connection)
        assert len(exported(empty)) == 360 + 60


@pytest.mark.usefixtures("roller")
def test_where_backups_were_given_up_retention_does_not_wait_for_one(
    tables: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    backup(tables, folder, NOW)
    connection.execute("UPDATE saved_months SET saved_at = saved_at - INTERVAL 36 DAY")
    write(tables, [LATE], NOW)
    roller.run()
    run(connection)
    assert len(exported(tables)) == 360 + 60


@pytest.mark.usefixtures("roller")
def test_a_poorer_file_of_a_month_is_not_taken_for_it(
    tables: Database, empty: Database, fresh_database: Server, folder: Path
) -> None:
    first, _ = backup(tables, folder, NOW)
    other = folder.parent / "other"
    other.mkdir()
    fresh_database.sql("DELETE FROM teleinfodb.frames WHERE timestamp < '2026-08-15 10:30:00'")
    backup(tables, other, NOW + DAY)
    shutil.copy(folder / MONTHS[0], other / "richer.jsonl.gz")
    shutil.copy(other / MONTHS[0], folder)
    with pytest.raises(BackupError, match=r"2026-08 \(360 frames, 270 in these files\)"):
        restore(empty, folder, NOW)
    # Of two files of one month the frames of both count, in either order.
    for files in ([folder, other / "richer.jsonl.gz"], [other / "richer.jsonl.gz", folder]):
        query(empty, "DROP DATABASE another", "CREATE DATABASE another", "USE another", "SELECT 1")
        restore(empty, files, NOW)
        assert exported(empty) == texts(FRAMES)
    assert first.exists()


@pytest.mark.usefixtures("roller")
@pytest.mark.parametrize("lost", [[MONTHS[1]], MONTHS[:2], MONTHS])
def test_a_missing_month_is_an_error_and_without_it_energy_is_the_difference_of_the_readings(
    lost: list[str], tables: Database, empty: Database, folder: Path
) -> None:
    backup(tables, folder, NOW)
    for name in lost:
        (folder / name).unlink()
    with pytest.raises(BackupError, match="--partial") as error:
        restore(empty, folder, NOW)
    assert all(f"{name[11:18]} (360 frames" in str(error.value) for name in lost)
    assert query(empty, "SHOW TABLES") == []
    restored = restore(empty, folder, NOW, partial=True)
    assert any("2026-09 (360 frames" in warning for warning in restored.warnings)
    assert len(exported(empty)) == 60 + 360 * (3 - len(lost))
    ((energy, first, last),) = query(
        empty, "SELECT SUM(drawn_wh), MIN(total_first), MAX(total_last) FROM hours ORDER BY hour"
    )
    ((broken,),) = query(empty, "SELECT COALESCE(SUM(step), 0) FROM breaks WHERE register = 0")
    assert energy == last - first - broken
    before = query(empty, "SELECT hour, drawn_wh FROM hours ORDER BY hour")
    with contextlib.closing(empty.connect()) as connection:
        request_rebuild(connection)
        roll_all(Roller(connection, "again", now=lambda: NOON))
    assert query(empty, "SELECT hour, drawn_wh FROM hours ORDER BY hour") == before


@pytest.mark.usefixtures("roller")
def test_a_label_set_that_came_back_under_another_number_is_the_same(
    tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    """As when retention has dropped its frames, the unused set was deleted, and the meter says the same again."""
    unusual = standard(AUGUST + timedelta(minutes=30, seconds=1), EAST=1, MSG1="A MESSAGE")
    write(tables, [unusual], NOW)
    roll_all(roller)
    backup(tables, folder, NOW)
    run(connection)
    assert connection.execute("DELETE FROM label_sets WHERE content LIKE '%A MESSAGE%'") == 1
    later = timedelta(minutes=30, seconds=2)
    again = [standard(moment + later, EAST=2, MSG1="A MESSAGE") for moment in (AUGUST, NOON - HOUR)]
    with contextlib.closing(FrameStore(tables)) as store:  # which has never seen the first one
        store.write(again)
    roll_all(roller)
    backup(tables, folder, NOW + DAY)
    assert frames_in(folder / MONTHS[0]) == 362
    restore(empty, folder, NOW)
    assert exported(empty) == texts([*FRAMES, unusual, *again])


@pytest.mark.usefixtures("roller")
def test_an_empty_database_does_not_take_over_the_folder_of_another(
    tables: Database, fresh_database: Server, folder: Path
) -> None:
    """As after a disk was replaced: the nightly backup comes before anybody has restored."""
    backup(tables, folder, NOW)
    before = names(folder)
    fresh_database.create_database()
    new = make_tables(fresh_database)
    write(new, [standard(datetime(2026, 12, 1, tzinfo=UTC), EAST=5)], NOW)
    with pytest.raises(BackupError, match="another folder"):
        backup(new, folder, NOW + DAY)
    assert names(folder) == before


@pytest.mark.usefixtures("roller")
def test_a_newer_backup_of_an_empty_database_does_not_hide_the_one_before(
    tables: Database, empty: Database, fresh_database: Server, folder: Path
) -> None:
    """As on a new machine, which makes a backup of its own before the files of the old one are there."""
    old, _ = backup(tables, folder, NOW)
    months = [folder / name for name in MONTHS]
    fresh_database.create_database()
    new_machine = folder.parent / "new"
    new_machine.mkdir()
    newer, _ = backup(make_tables(fresh_database), new_machine, NOW + DAY)
    with pytest.raises(BackupError, match="2026-08, 2026-09, 2026-10"):
        restore(empty, [newer, *months], NOW)
    for file in (old, *months):
        shutil.copy(file, new_machine)
    restore(empty, new_machine, NOW)
    assert exported(empty) == texts(FRAMES)


@pytest.mark.usefixtures("roller")
def test_frames_of_the_database_and_of_the_file_are_never_mixed_up(
    tables: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    """A number that means another label set than in the file: of another database, or of one that was set back."""
    backup(tables, folder, NOW)
    before = (folder / MONTHS[1]).read_bytes()
    connection.execute("UPDATE label_sets SET digest = UNHEX(MD5(id))")
    write(tables, [standard(SEPTEMBER + timedelta(seconds=1), EAST=20_000, MSG1="ANOTHER")], NOW)
    roller.run()
    _, contents = backup(tables, folder, NOW + DAY)
    assert any("label set" in problem and "2026-09" in problem for problem in contents.problems)
    assert (folder / MONTHS[1]).read_bytes() == before
    assert contents.tables["frames"].rows >= 361


@pytest.mark.usefixtures("roller")
def test_minutes_that_were_dropped_stay_in_the_file_of_their_month(
    tables: Database, empty: Database, folder: Path, connection: Connection
) -> None:
    backup(tables, folder, NOW)
    before = query(tables, "SELECT * FROM minutes WHERE minute < '2026-09-01' ORDER BY minute")
    assert len(before) == 120
    connection.execute("ALTER TABLE minutes DROP PARTITION p2026")
    bring(connection, 16_400)
    backup(tables, folder, NOW + DAY)
    restore(empty, folder, NOW)
    assert query(empty, "SELECT * FROM minutes WHERE minute < '2026-09-01' ORDER BY minute") == before
    assert [wh for _, wh in imported(empty)] == [16_400]


@pytest.mark.usefixtures("roller")
def test_the_commands_say_in_a_line_what_is_missing(
    tables: Database, empty: Database, folder: Path, connection: Connection, storer: StorerCommand
) -> None:
    backup(tables, folder, NOW)
    run(connection)
    (folder / MONTHS[0]).unlink()
    for arguments in (["--check"], ["--into", "another"]):
        result = storer("restore", folder, *arguments)
        assert result.returncode == 1
        assert "2026-08 (360 frames): add them, or" in one_line(result.stderr)
    for arguments in (["--check"], ["--into", "another"]):
        result = storer("restore", folder, "--partial", *arguments)
        assert result.returncode == 0
        assert "only a part: " in one_line(result.stderr)
    result = storer("backup", folder)
    assert result.returncode == 1
    assert f"{MONTHS[0]}: is missing, and of its 360 frames the database has 0" in one_line(result.stderr)
    assert ": saved and verified (" in one_line(result.stdout)
    # The page goes on saying when the last one was that lacked nothing.
    assert len(query(tables, "SELECT * FROM backups")) == 1
