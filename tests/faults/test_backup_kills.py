"""A backup that is killed anywhere: no file is half written, none has less than before, and the next one is whole."""

import shutil
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Connection, Database
from storer.backup.folder import Folder, read_whole
from storer.backup.month_file import count_lines
from storer.backup.restore import check, restore
from storer.rollups.scheduler import RollupScheduler
from tests.faults.test_backup_orders import database
from tests.services.conftest import connection, fresh_database
from tests.services.test_backup import MONTHS, backup, empty, folder, retain
from tests.services.test_retention import AUGUST, FRAMES, scheduler, tables
from tests.services.test_rollup_cases import NOON, standard, write
from tests.support.programs import run_command
from tests.support.servers import Database as Server
from tests.support.storing import StorerCommand, exported

__all__ = ["connection", "database", "empty", "folder", "fresh_database", "scheduler", "tables"]  # fixtures


def is_killed(point: int, server: Server, folder: Path) -> bool:
    """Make a backup; return whether it was killed, and not all done before."""
    storer = StorerCommand(folder.parent, server.port, server.password)
    done = run_command("tests.support.dying_backup", str(point), *storer.line("backup", folder)[4:])
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    for file in (*Folder(folder).months().values(), *Folder(folder).dumps().values()):
        read_whole(file)
    return done.returncode != 0


@pytest.mark.usefixtures("scheduler")
def test_the_first_backup_is_killed(
    tables: Database, fresh_database: Server, empty: Database, folder: Path, connection: Connection
) -> None:
    point = 0
    while is_killed(point, fresh_database, folder):
        assert backup(tables, folder).problems == []
        found = check(Folder(folder))
        assert (sum(found.months.values()), found.missing) == (3 * (360 + 120), [])
        assert list(folder.glob("*.part")) == []
        if point == 9:  # a dump is half written, and months are whole
            restore(empty, folder)
            assert len(exported(empty)) == len(FRAMES)
        shutil.rmtree(folder)
        folder.mkdir()
        for table in ("backups", "saved_months"):
            connection.execute(f"TRUNCATE TABLE {table}")
        point += 1
    assert point >= 2 * (len(MONTHS) + 1) + 6


def test_a_backup_is_killed_that_adds_late_frames_to_a_month_that_was_dropped(
    tables: Database, fresh_database: Server, folder: Path, connection: Connection, scheduler: RollupScheduler
) -> None:
    backup(tables, folder)
    retain(connection)
    point, file = 0, folder / MONTHS[0]
    while True:
        write(tables, [standard(AUGUST + timedelta(seconds=point + 1), EAST=50_000)], NOON)
        scheduler.run()
        killed = is_killed(point, fresh_database, folder)
        assert count_lines(file)["f"] - (360 + point) in (0, 1)
        assert backup(tables, folder).problems == []
        assert count_lines(file)["f"] == 360 + point + 1
        if not killed:
            break
        point += 1
    assert point >= 4 + 6
