"""The rollups of running storers: beside the frames, at their first start, and while something is killed."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.contract.retention import Retention
from storer.backup.backup import backup
from storer.backup.restore import restore
from tests.services.test_storer import StorerSetup
from tests.support.frames import simulated
from tests.support.mqtt_client import listen
from tests.support.programs import WITHIN, run_command, wait_until
from tests.support.rollups import assert_as_expected
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import client, make_tables, query, store

KINDS = ("standard-single-phase-tempo", "historic-single-phase-hchp")


@pytest.fixture
def setup(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[StorerSetup]:
    with listen(broker) as mqtt, StorerSetup(broker, fresh_database, mqtt, tmp_path) as setup:
        yield setup


def past(hours: int) -> list[Frame]:
    """Frames of two meters, the last of them some hours ago."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    every = 300
    count = hours * 3600 // every
    start = now - timedelta(hours=hours + 5)
    return [
        frame
        for number, kind in enumerate(KINDS)
        for frame in simulated(kind, count, every=timedelta(seconds=every), start=start, seed=number)
    ]


def database_without_rollups(server: Server, frames: list[Frame]) -> None:
    """Make a database that has frames only: its rollups were emptied."""
    database = make_tables(server, datetime.now(UTC))
    store(database, frames)
    tables = ("minutes", "hours", "breaks", "late_hours", "rollup_state", "imported_hours")
    server.sql(f"USE {server.name}; " + " ".join(f"TRUNCATE TABLE {table};" for table in tables))


def report(setup: StorerSetup) -> dict[str, int]:
    messages = setup.mqtt.on(f"{setup.base}/storer/{setup.id}/health")
    return dict(messages[-1]["rollups"]) if messages else {}


def rebuild_arguments(setup: StorerSetup, folder: Path, *more: str) -> list[str]:
    file = folder / "rebuild.yaml"
    file.write_text(json.dumps(setup.settings))
    return ["rebuild", "--config", str(file), *more]


def rebuild(setup: StorerSetup, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    done = run_command("storer", *rebuild_arguments(setup, folder, *more))
    assert done.returncode == 0, done.stderr
    return done


def test_a_storer_that_starts_on_frames_alone_rolls_up_the_past_in_the_background(setup: StorerSetup) -> None:
    frames = past(12)
    database_without_rollups(setup.server, frames)
    setup.start_online()
    setup.wait_for_log("Rollups are rebuilt")
    assert setup.stop() == 0
    assert_as_expected(client(setup.server), frames)
    assert setup.count("Traceback") == 0
    assert query(client(setup.server), "SELECT holder FROM rollup_state") == [(None,)]  # the next one need not wait


def test_frames_are_stored_while_the_rollups_fail_and_that_is_said(setup: StorerSetup) -> None:
    make_tables(setup.server, datetime.now(UTC))
    setup.server.sql(f"DROP TABLE {setup.server.name}.minutes;")
    store(client(setup.server), past(2))
    setup.start_online()
    setup.wait_for_log("frames are stored all the same")
    now = datetime.now(UTC).replace(microsecond=0)
    frames = list(simulated(KINDS[0], 20, every=timedelta(seconds=1), start=now, seed=7))
    setup.publish(frames)
    setup.wait_until_confirmed(frames)
    setup.stop_offline()
    assert report(setup)["errors"] >= 1


def test_rebuild_mends_only_what_it_is_told_to(setup: StorerSetup, tmp_path: Path) -> None:
    frames = past(12)
    database_without_rollups(setup.server, frames)
    rebuild(setup, tmp_path)
    first = min(frame.timestamp for frame in frames).replace(minute=0, second=0, microsecond=0)
    begin, end = first + timedelta(hours=4), first + timedelta(hours=8)
    database = client(setup.server)
    query(database, "UPDATE hours SET power_max = 1, drawn_wh = 0", "SELECT 1")
    done = rebuild(setup, tmp_path, "--from", begin.isoformat(), "--to", end.isoformat())
    assert done.stdout.startswith("4 hours rebuilt")
    damaged = query(database, "SELECT COUNT(*) FROM hours WHERE power_max = 1 AND drawn_wh = 0")
    assert damaged == [(2 * (12 - 4),)]


def test_rebuild_takes_over_from_a_storer_that_runs_and_leaves_it_the_rest(setup: StorerSetup, tmp_path: Path) -> None:
    frames = past(6)
    database_without_rollups(setup.server, frames)
    setup.start_online()
    setup.wait_for_log("Rollups are rebuilt")
    database = client(setup.server)
    query(database, "UPDATE hours SET power_max = 1", "SELECT 1")
    done = rebuild(setup, tmp_path)
    hours = len({frame.timestamp.replace(minute=0, second=0, microsecond=0) for frame in frames})
    assert done.stdout == f"{hours} hours rebuilt from {len(frames)} frames\n"
    assert done.stderr == ""
    assert_as_expected(database, frames)
    assert setup.stop() == 0


def test_a_restored_database_is_rolled_up_again(setup: StorerSetup, tmp_path: Path) -> None:
    """Also where a storer ran before the backup was restored: what comes from it is older than its rollups."""
    frames = past(6)
    database = make_tables(setup.server, datetime.now(UTC))
    store(database, frames)
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(database, folder, Retention())
    setup.server.create_database()
    setup.start_online()
    wait_until(lambda: query(database, "SELECT COUNT(*) FROM rollup_state") == [(1,)], WITHIN, "a roll-up")
    assert setup.stop() == 0
    restore(database, folder)
    setup.start_online()
    setup.wait_for_log("Rollups are rebuilt")
    assert setup.stop() == 0
    assert_as_expected(database, frames)
