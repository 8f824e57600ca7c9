"""Late frames, roll-ups, retention, imports, forgotten meters, damaged files, backups, in any order.

After each backup that says nothing of a problem, all frames that were ever in the database are restored, but those of
meters that were forgotten since; and the rest as it is now. `BACKUP_ORDERS` says how many orders are tried.
"""

import contextlib
import io
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Connection, Database
from common.runtime.progress import NO_PROGRESS
from storer.backup.restore import restore
from storer.imports.model import Period
from storer.imports.writer import forget, list_imports
from storer.imports.writer import write as write_import
from storer.retention.forget import forget_meter
from storer.retention.months import Blocked
from storer.rollups.scheduler import RollupScheduler
from tests.services.conftest import connection, fresh_database
from tests.services.test_backup import backup, clear, cleared, cut, empty, flip, folder, retain
from tests.services.test_retention import AUGUST, OCTOBER, ONE_MONTH, SEPTEMBER, roll_all, scheduler, tables
from tests.services.test_rollup_cases import METER, NOON, OTHER, standard, write
from tests.support.servers import UNSYNCED_DATABASE
from tests.support.servers import Database as Server
from tests.support.storing import exported, query

__all__ = ["connection", "empty", "folder", "fresh_database", "scheduler", "tables"]  # fixtures

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ORDERS = int(os.environ.get("BACKUP_ORDERS", "3"))
DAMAGES: list[Callable[[Path], None]] = [flip, cut, clear, Path.unlink]
COMPARED = ("tallies", "hours", "breaks", "imported_hours", "imports")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("database"), options=UNSYNCED_DATABASE) as database:
        yield database


class House:
    """A database, and the folder of its backups."""

    def __init__(
        self, tables: Database, folder: Path, connection: Connection, scheduler: RollupScheduler, seed: int
    ) -> None:
        self.known: set[bytes] = set()
        self._damaged: set[Path] = set()
        self._database, self._folder, self._connection, self._scheduler = tables, folder, connection, scheduler
        self._random = random.Random(seed)
        self._step = 0
        self._things: list[Callable[[], object]] = [
            self._late,
            self._late,
            lambda: roll_all(self._scheduler),
            self._retain,
            self._import,
            self._forget_import,
            self._forget_meter,
            self._damage,
            self.back_up,
        ]

    def do_something(self) -> None:
        self._step += 1
        self.known |= set(exported(self._database))
        self._random.choice(self._things)()

    def back_up(self) -> list[str]:
        self.known |= set(exported(self._database))
        return backup(self._database, self._folder, ONE_MONTH).problems

    def _late(self) -> None:
        at = self._random.choice([AUGUST, SEPTEMBER, OCTOBER]) + timedelta(seconds=7 + 20 * self._step)
        meter, text = self._random.choice([METER, OTHER]), f"NUMBER {self._random.randrange(3)}"
        write(self._database, [standard(at, meter, EAST=self._random.randrange(50_000), MSG1=text)], NOON)

    def _retain(self) -> None:
        with contextlib.suppress(Blocked):
            retain(self._connection)

    def _import(self) -> None:
        end = self._random.choice([AUGUST, SEPTEMBER]) - DAY - self._step * HOUR
        content = str(self._step).encode().ljust(32, b"\0")
        write_import(self._connection, 1, "enedis", f"{self._step}.csv", content, [Period(end, 1, 0, self._step)])

    def _forget_import(self) -> None:
        if found := list_imports(self._connection):
            forget(self._connection, self._random.choice(found).id)

    def _forget_meter(self) -> None:
        if self._connection.query("SELECT 1 FROM meters WHERE identifier = %s", (OTHER,)):
            forget_meter(self._database, OTHER, lambda _: OTHER, NO_PROGRESS, io.StringIO())
            self.known = {frame for frame in self.known if OTHER.encode() not in frame}

    def _damage(self) -> None:
        """Damage the file of a month of which nothing was dropped; it is read, or found, within the next nights."""
        files = sorted(self._folder.glob("*.month.gz"))
        if files and self._connection.query(
            "SELECT 1 FROM rollup_state WHERE dropped_to IS NULL AND frames_from IS NULL"
        ):
            self._random.choice(DAMAGES)(self._random.choice(files))
            for _ in range(3):
                self.back_up()


@pytest.mark.parametrize("seed", range(ORDERS))
def test_whatever_happens_nothing_that_was_saved_is_lost(
    seed: int, tables: Database, empty: Database, folder: Path, connection: Connection, scheduler: RollupScheduler
) -> None:
    house = House(tables, folder, connection, scheduler, seed)
    for _ in range(2):
        for _ in range(8):
            house.do_something()
        roll_all(scheduler)
        assert house.back_up() == []
        restore(cleared(empty), folder)
        restored = exported(empty)
        assert set(restored) == house.known
        assert len(restored) == len(house.known)
        for table in COMPARED:
            order = f"SELECT * FROM {table}"
            assert sorted(query(empty, order), key=repr) == sorted(query(tables, order), key=repr), table
