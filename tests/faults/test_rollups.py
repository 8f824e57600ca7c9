"""Rollups: kills in the midst of a rebuild, and many more made-up histories than the everyday tests have."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Database, sql_time
from tests.services.test_rollup_storer import database_without_rollups, past, rebuild_arguments
from tests.services.test_rollups import check_history, check_loop, check_rebuilt
from tests.services.test_storer import StorerSetup
from tests.support.mqtt_client import listen
from tests.support.programs import ENVIRONMENT, WITHIN, command_line, wait_until
from tests.support.rollups import NIGHT, assert_as_expected
from tests.support.servers import UNSYNCED_DATABASE, Broker, waiting_for_rows
from tests.support.servers import Database as Server
from tests.support.storing import client, make_tables, query


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("database"), options=UNSYNCED_DATABASE) as database:
        yield database


@pytest.fixture
def tables(database: Server) -> Database:
    database.create_database()
    return make_tables(database, NIGHT)


@pytest.fixture
def setup(database: Server, tmp_path: Path) -> Iterator[StorerSetup]:
    database.create_database()
    with (
        Broker(tmp_path / "broker") as broker,
        listen(broker) as mqtt,
        StorerSetup(broker, database, mqtt, tmp_path) as setup,
    ):
        yield setup


@pytest.mark.parametrize("seed", range(100, 106))
def test_rollups_equal_a_sum_over_all_frames_in_any_order(database: Server, tables: Database, seed: int) -> None:
    check_history(database, tables, seed)


@pytest.mark.parametrize("seed", range(100, 106))
def test_two_storers_that_are_killed_and_have_clocks_of_their_own_miss_nothing(tables: Database, seed: int) -> None:
    check_loop(tables, seed)


@pytest.mark.parametrize("seed", range(100, 106))
def test_readers_whose_clocks_are_set_back_leave_what_a_rebuild_makes(tables: Database, seed: int) -> None:
    check_rebuilt(tables, seed)


@contextlib.contextmanager
def stuck_at(setup: StorerSetup, hour: datetime) -> Iterator[None]:
    """Hold a row of `hours`, so that a roll-up of this hour waits."""
    with contextlib.closing(client(setup.server).connect()) as connection:
        connection.execute("START TRANSACTION")
        connection.execute(
            "INSERT INTO hours (meter_id, hour, frames, seconds, minutes) VALUES (1, %s, 0, 0, 0)", (sql_time(hour),)
        )
        yield


def wait_until_stuck(setup: StorerSetup) -> None:
    wait_until(lambda: waiting_for_rows(setup.server) > 0, WITHIN, "a roll-up that waits")


@pytest.mark.parametrize("victim", ["storer", "rebuild", "database"])
def test_a_kill_in_the_midst_of_a_rebuild_loses_nothing(setup: StorerSetup, tmp_path: Path, victim: str) -> None:
    frames = past(12)
    database_without_rollups(setup.server, frames)
    middle = min(frame.timestamp for frame in frames).replace(minute=0, second=0, microsecond=0) + timedelta(hours=7)
    with stuck_at(setup, middle):
        if victim == "rebuild":
            process = subprocess.Popen(command_line("storer", *rebuild_arguments(setup, tmp_path)), env=ENVIRONMENT)
            with process:
                wait_until_stuck(setup)
                process.kill()
        else:
            setup.start_online()
            wait_until_stuck(setup)
            if victim == "database":
                setup.server.kill()
                setup.server.start()
            setup.stop(how=signal.SIGKILL)
    up_to, rebuild_from = query(client(setup.server), "SELECT up_to, rebuild_from FROM rollup_state")[0]
    assert rebuild_from.replace(tzinfo=UTC) <= middle < up_to.replace(tzinfo=UTC)
    # Of the storer that starts, or nobody's: else it would wait for the end of the lease.
    query(client(setup.server), "UPDATE rollup_state SET held_until = NOW()", "SELECT 1")
    setup.start_online()
    setup.wait_for_log("Rollups are rebuilt")
    assert setup.stop() == 0
    assert_as_expected(client(setup.server), frames)
