"""Late frames, roll-ups, retention, drops by hand, imports, moved files, backups, in any order.

After each backup, all frames that were ever in the database at one are restored, and the rest as it is now.
"""

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Connection, Database
from storer.backup.create import backup
from storer.backup.restore import restore
from storer.database.schema import partition_limits
from storer.imports.model import Period
from storer.imports.writer import forget, list_imports
from storer.imports.writer import write as write_import
from storer.keeping.retention import Blocked
from storer.rollups.roller import Roller
from tests.services.conftest import connection
from tests.services.test_backup import empty, folder
from tests.services.test_backup_months import MONTHS, rows
from tests.services.test_retention import AUGUST, OCTOBER, SEPTEMBER, roll_all, roller, run, tables
from tests.services.test_rollup_cases import METER, OTHER, standard, write
from tests.support.servers import UNSYNCED_DATABASE
from tests.support.servers import Database as Server
from tests.support.storing import NOW, exported, query

__all__ = ["connection", "empty", "folder", "roller", "tables"]  # fixtures

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: Their numbers are those of the database that they are in; or they say what is going on there.
NOT_COMPARED = ("frames", "label_sets", "minutes", "rollup_state")


@pytest.fixture
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("database"), options=UNSYNCED_DATABASE) as database:
        yield database


class House:
    """A database, the folder of its backups, and another disk, to which files of months are moved."""

    def __init__(self, tables: Database, folder: Path, connection: Connection, roller: Roller, seed: int) -> None:
        self.saved: set[bytes] = set()
        self.other = folder.parent / "other"
        self.other.mkdir()
        self._database, self._folder, self._connection, self._roller = tables, folder, connection, roller
        self._random = random.Random(seed)
        self._step = 0
        self._whole = False
        self._things: list[Callable[[], None]] = [
            self._late,
            self._late,
            lambda: roll_all(self._roller),
            self._retain,
            self._drop,
            self._import,
            self._forget,
            self.back_up,
            lambda: self._move(self._folder, self.other),
            lambda: self._move(self.other, self._folder),
        ]

    def do_something(self) -> None:
        self._step += 1
        self._random.choice(self._things)()

    def back_up(self) -> None:
        self._step += 1
        _, contents = backup(self._database, self._folder, NOW + self._step * HOUR)
        self._whole = not contents.problems
        self.saved |= set(exported(self._database))

    def _late(self) -> None:
        at = self._random.choice([AUGUST, SEPTEMBER, OCTOBER]) + timedelta(seconds=7 + 20 * self._step)
        meter, text = self._random.choice([METER, OTHER]), f"NUMBER {self._random.randrange(3)}"
        write(self._database, [standard(at, meter, EAST=self._random.randrange(50_000), MSG1=text)], NOW)

    def _retain(self) -> None:
        with contextlib.suppress(Blocked):
            run(self._connection)

    def _drop(self) -> None:
        """Drop the oldest month by hand, right after a backup that could save all that is closed."""
        roll_all(self._roller)
        self.back_up()
        name = min(name for name in partition_limits(self._connection) if name != "p_earlier")
        if name < "p202611" and self._whole and (self._folder / f"teleinfodb-2026-{name[-2:]}.jsonl.gz").exists():
            self._connection.execute(f"ALTER TABLE frames DROP PARTITION {name}")

    def _import(self) -> None:
        end = self._random.choice([AUGUST, SEPTEMBER]) - DAY - self._step * HOUR
        content = str(self._step).encode().ljust(32, b"\0")
        write_import(self._connection, 1, "enedis", f"{self._step}.csv", content, [Period(end, 1, 0, self._step)])

    def _forget(self) -> None:
        if found := list_imports(self._connection):
            forget(self._connection, self._random.choice(found).id)

    def _move(self, source: Path, target: Path) -> None:
        name = self._random.choice(MONTHS[:2])
        if (source / name).exists() and not (target / name).exists():
            shutil.move(source / name, target)


@pytest.mark.parametrize("seed", [3, 4, 6])
def test_whatever_happens_nothing_that_was_saved_is_lost(
    seed: int, tables: Database, empty: Database, folder: Path, connection: Connection, roller: Roller
) -> None:
    house = House(tables, folder, connection, roller, seed)
    for _ in range(3):
        for _ in range(8):
            house.do_something()
        house.back_up()
        query(empty, "DROP DATABASE another", "CREATE DATABASE another", "USE another", "SELECT 1")
        restore(empty, [folder, *house.other.iterdir()], NOW)
        restored = exported(empty)
        assert set(restored) == house.saved
        assert len(restored) == len(house.saved)
        found, expected = rows(empty), rows(tables)
        for table in found.keys() - {*NOT_COMPARED}:
            assert found[table] == expected[table]
