"""A database that is restored: it goes back while the storer runs, or its restore is killed."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import Processes
from tests.support.meters import ADDRESSES
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import Program, wait_until
from tests.support.servers import HOST, Database, database_at, restore_data, save_data
from tests.support.storing import client, query

WITHIN = 120.0  # seconds, for what should take one or two
ANOTHER_HOST = "127.0.0.2"
FIRST, SECOND, THIRD = ADDRESSES


class Setup:
    """A storer, its database, a snapshot and a replica of it from before its first frame; frames are sent by hand."""

    def __init__(self, rig: Processes, mqtt: MqttClient) -> None:
        self.rig = rig
        self._mqtt = mqtt
        self._second = 0
        assert rig.command("storer", "migrate", config=rig.storer_config).returncode == 0
        self.snapshot = rig.folder / "snapshot"
        save_data(rig.database, self.snapshot)
        self.storer = rig.start_storer()
        wait_until(
            lambda: any(topic == "teleinfo/storer/rig/status" for topic, _ in mqtt.messages),
            WITHIN,
            "the storer is online",
            [self.storer],
        )
        self.replica = database_at(ANOTHER_HOST, rig.folder / "replica", rig.database.port, rig.database.password)

    def store(self, meter: str, message: str) -> dict[str, Any]:
        """Send a frame, and wait until the storer has confirmed it; return it."""
        self._second += 1
        timestamp = f"2024-01-10T10:00:{self._second:02}.000000Z"
        values = {"ADSC": meter, "EAST": 1000 + self._second, "SINSTS": self._second, "MSG1": message}
        frame = {"meter": meter, "timestamp": timestamp, "mode": "standard", "frame": values}
        self._mqtt.publish(f"teleinfo/{meter}/frame", json.dumps(frame).encode())
        wait_until(
            lambda: any(timestamp in word["timestamps"] for word in self._mqtt.on(f"teleinfo/{meter}/stored")),
            WITHIN,
            f"the frame of {timestamp} is confirmed as stored",
            [self.storer],
        )
        return frame

    def exported(self, database: Database) -> list[dict[str, Any]]:
        """What `export` returns from a database."""
        config = self.rig.folder / f"{database.folder.name}.yaml"
        host = HOST if database is self.rig.database else ANOTHER_HOST
        config.write_text(re.sub(r"host: \[[^]]*\]", f"host: {host}", self.rig.storer_config.read_text()))
        done = self.rig.command("storer", "export", config=config)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setup]:
    """A setup whose storer knows of these hosts."""
    with (
        Processes(tmp_path, port="simulate://standard-single-phase-base", database_hosts=request.param) as rig,
        listen(rig.broker) as mqtt,
    ):
        setup = Setup(rig, mqtt)
        try:
            yield setup
        finally:
            setup.replica.stop()


def a_restored_snapshot(setup: Setup) -> Database:
    restore_data(setup.rig.database, setup.snapshot)
    return setup.rig.database


def a_replica_that_lags(setup: Setup) -> Database:
    setup.rig.database.kill()
    restore_data(setup.replica, setup.snapshot)
    return setup.replica


@pytest.mark.parametrize(
    ("setup", "goes_back_to"),
    [((HOST,), a_restored_snapshot), ((HOST, ANOTHER_HOST), a_replica_that_lags)],
    ids=["a snapshot is restored", "a replica lags"],
    indirect=["setup"],
)
def test_a_frame_keeps_its_meter_and_its_labels_when_the_database_has_gone_back(
    setup: Setup, goes_back_to: Callable[[Setup], Database]
) -> None:
    before = [setup.store(FIRST, "one"), setup.store(SECOND, "two")]
    assert setup.exported(setup.rig.database) == before
    database = goes_back_to(setup)
    # Others take the numbers that the first ones had.
    after = [
        setup.store(THIRD, "three"),
        setup.store(FIRST, "one"),
        setup.store(SECOND, "two"),
        setup.store(THIRD, "two"),
    ]
    assert setup.exported(database) == after


MANY = 5_000  # frames: several transactions of a restore


def test_a_killed_restore_is_known_and_can_be_started_again(tmp_path: Path) -> None:
    with Processes(tmp_path, port="simulate://standard-single-phase-base") as rig:
        config, database = rig.storer_config, client(rig.database)
        assert rig.command("storer", "migrate", config=config).returncode == 0
        rig.sql(
            "INSERT INTO meters (id, identifier) VALUES (1, '031961123456');"
            """ INSERT INTO label_sets (id, digest, content) VALUES (1, REPEAT('x', 16), '{"mode":"historic"}');"""
            " INSERT INTO frames (timestamp, meter_id, label_set_id, power)"
            f" SELECT TIMESTAMP '2024-01-10 00:00:00' + INTERVAL seq SECOND, 1, 1, seq MOD 9000 FROM seq_1_to_{MANY}"
        )
        folder = tmp_path / "backups"
        folder.mkdir()
        assert rig.command("storer", "backup", str(folder), config=config).returncode == 0
        rig.database.create_database()
        assert rig.command("storer", "migrate", config=config).returncode == 0
        restore = Program("restore", "storer", "restore", str(folder), "--config", str(config), folder=tmp_path)
        restore.start()
        wait_until(lambda: query(database, "SHOW TABLES LIKE 'restoring'") != [], WITHIN, "the restore's mark")
        restore.kill()
        for word, code in (("run", 3), ("migrate", 3), ("audit", 3), ("check", 1)):
            done = rig.command("storer", word, config=config)
            assert done.returncode == code
            assert "part of a backup" in done.stdout + done.stderr
        assert rig.command("storer", "restore", str(folder), config=config).returncode == 0
        assert query(database, "SELECT COUNT(*), COUNT(DISTINCT timestamp) FROM frames") == [(MANY, MANY)]
        assert rig.command("storer", "migrate", config=config).returncode == 0
