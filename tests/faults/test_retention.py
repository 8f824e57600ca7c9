"""Retention while the storer or the database is killed: whatever is dropped in the end, no rollup changes."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, timedelta
from random import Random

import pytest

from common.database.mariadb import Database
from common.errors import DatabaseError
from storer.database.schema import make_earlier_partitions
from storer.retention.months import Blocked
from storer.rollups.scheduler import RollupScheduler
from tests.services.test_retention import AUGUST, FRAMES, SEPTEMBER, months, roll_all, run
from tests.services.test_rollup_cases import NOON, Clock, standard, write
from tests.support.programs import ENVIRONMENT
from tests.support.rollups import assert_as_expected
from tests.support.servers import UNSYNCED_DATABASE
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

# What the thread of the storer does, in a process that can be killed.
PROGRAM = """
import json, sys
from common.database.mariadb import Database, DatabaseConfig
from tests.services.test_retention import run
settings = json.loads(sys.argv[1])
connection = Database(DatabaseConfig(host=(settings.pop("host"),), **settings)).connect()
print("ready", flush=True)
run(connection)
"""


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("database"), options=UNSYNCED_DATABASE) as database:
        yield database


@pytest.fixture
def tables(database: Server) -> Database:
    tables = make_tables(database, NOON)
    with contextlib.closing(tables.connect()) as connection:
        make_earlier_partitions(connection, AUGUST)
        write(tables, FRAMES, NOON)
        roll_all(RollupScheduler(connection, "one", now=Clock()))
    return tables


def program(database: Server) -> "subprocess.Popen[str]":
    login = {"host": database.host, "port": database.port, "user": database.user, "password": database.password}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(login | {"name": database.name})],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def finish(tables: Database) -> None:
    """What the next storer does."""
    with contextlib.closing(tables.connect()) as connection:
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        with contextlib.suppress(Blocked):
            run(connection)
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        run(connection)
        assert months(connection) == ["p_earlier", "p202610", "p202611"]


@pytest.mark.parametrize("what", ["storer", "database"])
def test_kills_at_any_moment_while_frames_come_late_are_made_good(
    tables: Database, database: Server, what: str
) -> None:
    """What came before a month was closed counts in its rollups, what came after it changes none."""
    random, counted, killed = Random(what), list(FRAMES), 0
    late = [standard(month + timedelta(hours=n, seconds=1), EAST=n) for month in (AUGUST, SEPTEMBER) for n in range(4)]
    late += [standard(frame.timestamp + timedelta(seconds=7), EAST=3) for frame in FRAMES[5:700:120]]
    random.shuffle(late)
    for attempt, frame in enumerate(late):
        with contextlib.ExitStack() as stack:
            if attempt == 0:  # while somebody reads, nothing is dropped: this kill comes before the end
                reading = stack.enter_context(contextlib.closing(tables.connect()))
                reading.execute("START TRANSACTION")
                reading.query("SELECT 1 FROM frames LIMIT 1")
            process = stack.enter_context(program(database))
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            # Random moments of the work, not waits for something.
            time.sleep(random.uniform(0, 0.02 * attempt))
            write(tables, [frame], NOON)
            time.sleep(random.uniform(0, 0.02))
            if what == "storer":
                process.kill()
            else:
                database.kill()
                database.start()
        killed += process.returncode != 0
        ((closed,),) = query(tables, "SELECT frames_from FROM rollup_state")
        if closed is None or frame.timestamp >= closed.replace(tzinfo=UTC):
            counted.append(frame)
        with contextlib.closing(tables.connect()) as connection, contextlib.suppress(DatabaseError):
            roll_all(RollupScheduler(connection, "one", now=Clock()))
    assert killed
    finish(tables)
    assert_as_expected(tables, counted)
