"""What each released version has left is taken over by today's programs: see tests/released/make.py."""

import contextlib
import gzip
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.released.make import ALERTS, HERE, reader_settings, retained_by
from tests.services.test_monitor import Monitor
from tests.support.mqtt_client import listen
from tests.support.programs import WITHIN, Service, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import StorerCommand, client, exported, make_tables


@pytest.fixture(params=sorted(path.parent.name for path in HERE.glob("*/database.sql.gz")))
def released(request: pytest.FixtureRequest) -> Path:
    """What a version has left."""
    return HERE / str(request.param)


@pytest.fixture
def storer(fresh_database: Server, tmp_path: Path) -> StorerCommand:
    return StorerCommand(tmp_path, fresh_database.port, fresh_database.password)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own: the topics are those of a house."""
    (tmp_path / "broker").mkdir()
    with Broker(tmp_path / "broker") as broker:
        yield broker


def lines(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines()


def test_its_tables_are_migrated_and_say_the_same(
    released: Path, fresh_database: Server, storer: StorerCommand
) -> None:
    dump = gzip.decompress((released / "database.sql.gz").read_bytes()).decode()
    fresh_database.sql(f"USE {fresh_database.name};{dump}")
    database = client(fresh_database)
    migrated = storer("migrate")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert exported(database) == lines(released / "frames.jsonl.gz")
    for rollup in ("minutes", "hours", "source_minutes", "source_hours"):
        rows = storer("export", "--rollup", rollup).stdout.splitlines()
        for row, before in zip(rows, lines(released / f"{rollup}.jsonl.gz"), strict=True):
            assert json.loads(before).items() <= json.loads(row).items()  # later versions may add columns


@pytest.mark.usefixtures("fresh_database")
def test_its_backup_is_left_alone_and_named(released: Path, storer: StorerCommand) -> None:
    before = {file.name: file.read_bytes() for file in (released / "backup").iterdir()}
    restored = storer("restore", released / "backup")
    assert (restored.returncode, restored.stdout) == (1, "")
    assert "only commit 61720cba restores" in restored.stderr
    assert {file.name: file.read_bytes() for file in (released / "backup").iterdir()} == before


def settings_of(released: Path, folder: Path, broker: Broker) -> dict[str, Any]:
    """Return the configuration of a reader that has the journal and the spool of this version."""
    with tarfile.open(released / "reader.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return reader_settings(folder, {"host": broker.host, "port": broker.port})


def test_its_journal_and_spool_reach_the_database(
    released: Path, broker: Broker, fresh_database: Server, tmp_path: Path
) -> None:
    reader = settings_of(released, tmp_path, broker) | {"port": "/dev/there-is-no-such-port"}
    database = make_tables(fresh_database)
    login = {"host": fresh_database.host, "port": fresh_database.port, "password": fresh_database.password}
    with (
        Service("storer", tmp_path, {"mqtt": reader["mqtt"], "database": login}).start() as storing,
        Service("reader", tmp_path, reader).start() as reading,
    ):
        expected = lines(released / "pending.jsonl.gz")
        programs = [storing, reading]
        wait_until(lambda: len(exported(database)) >= len(expected), WITHIN, "all frames", programs)
        wait_until(lambda: not list((tmp_path / "spool").glob("spool.sqlite*")), WITHIN, "all are confirmed", programs)
        assert reading.stop() == 0
    assert exported(database) == expected
    assert not list((tmp_path / "spool").glob("*.unusable.*"))


def test_what_the_broker_retains_of_it_is_written_anew_or_cleared(
    released: Path, broker: Broker, fresh_database: Server, tmp_path: Path
) -> None:
    before: dict[str, str] = json.loads(gzip.decompress((released / "retained.json.gz").read_bytes()))
    reader = settings_of(released, tmp_path, broker)
    save_settings(make_tables(fresh_database), alerts=ALERTS)
    login = {"host": fresh_database.host, "port": fresh_database.port, "password": fresh_database.password}
    with listen(broker) as mqtt, contextlib.ExitStack() as stack:
        for topic, payload in before.items():
            mqtt.retain(topic, payload)
        assert retained_by(broker) == before
        count = len(mqtt.messages)
        programs = [
            stack.enter_context(Service("reader", tmp_path, reader).start()),
            stack.enter_context(Service("storer", tmp_path, {"mqtt": reader["mqtt"], "database": login}).start()),
            stack.enter_context(Monitor(fresh_database, tmp_path, name="cellar", mqtt=reader["mqtt"]).begin()),
        ]
        wait_until(
            lambda: before.keys() <= {topic for topic, _ in mqtt.messages[count:]}, WITHIN, f"{[*before]}", programs
        )
        now = retained_by(broker)
    # Home Assistant knows its entities by these: their histories go on.
    for topic in before:
        if topic.startswith("homeassistant/"):
            assert entities(before[topic]) <= entities(now[topic])


def entities(announcement: str) -> set[str]:
    return {part["uniq_id"] for part in json.loads(announcement)["cmps"].values() if "uniq_id" in part}
