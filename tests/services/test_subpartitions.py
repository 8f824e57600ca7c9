"""Months divided by meter: for many meters, by one command, with everything else as before."""

import contextlib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigError
from storer.database import subpartitions as module
from storer.database.schema import make_partitions, partition_limits
from storer.database.sizes import read_sizes
from storer.database.subpartitions import LONGEST, count_subpartitions, subpartition
from tests.support.frames import simulated
from tests.support.programs import WITHIN, Service, run_command, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import NOW, client, exported, make_tables, query, store

KINDS = ("standard-single-phase-tempo", "historic-single-phase-hchp")


@pytest.fixture
def filled(fresh_database: Server) -> Server:
    database = make_tables(fresh_database)
    for kind in KINDS:
        store(database, simulated(kind, 300, every=timedelta(seconds=1)))
    return fresh_database


def divide(server: Server, count: int, **more: Any) -> list[str]:
    with contextlib.closing(client(server).connect(LONGEST)) as connection:  # as the command does
        return list(subpartition(connection, count, **more))


def parts(server: Server) -> int:
    with contextlib.closing(client(server).connect()) as connection:
        return count_subpartitions(connection)


def settings(server: Server, **more: Any) -> dict[str, Any]:
    access = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return {"database": {**access, "name": server.name}, **more}


def test_a_new_database_is_made_as_configured(fresh_database: Server, broker: Broker, tmp_path: Path) -> None:
    mqtt = {"host": broker.host, "port": broker.port, "topic": tmp_path.name}
    storage = {"subpartitions": 8}
    with Service("storer", tmp_path, settings(fresh_database, mqtt=mqtt, storage=storage)) as storer:
        storer.start().wait_for_log("Ready")
        assert parts(fresh_database) == 8
        assert storer.stop() == 0
        storer.start()
        wait_until(lambda: storer.count("Ready") == 2, WITHIN, "it has started again", [storer])
    assert not storer.lines("subpartitions", "WARNING")


def test_an_existing_database_is_divided_by_the_command_and_not_before(
    filled: Server, broker: Broker, tmp_path: Path
) -> None:
    before = exported(client(filled))
    mqtt = {"host": broker.host, "port": broker.port, "topic": tmp_path.name}
    with Service("storer", tmp_path, settings(filled, mqtt=mqtt, storage={"subpartitions": 8})) as storer:
        storer.start().wait_for_log("Ready")
        (line,) = storer.lines("storage.subpartitions")
        assert "teleinfo-storer migrate" in line
        assert parts(filled) == 1
        assert storer.stop() == 0
    checked = run_command("storer", "check", "--config", storer.config)
    assert "storage.subpartitions is 8" in checked.stdout
    assert run_command("storer", "migrate", "--config", storer.config).returncode == 0
    assert parts(filled) == 8
    assert exported(client(filled)) == before
    assert "storage.subpartitions" not in run_command("storer", "check", "--config", storer.config).stdout


def test_the_command_can_undo_it_and_refuses_too_many(filled: Server, tmp_path: Path) -> None:
    divide(filled, 8)
    before = exported(client(filled))

    def migrate(count: int) -> subprocess.CompletedProcess[str]:
        storage = {"subpartitions": count}
        config = Service("storer", tmp_path, settings(filled, storage=storage)).write_config()
        return run_command("storer", "migrate", "--config", config)

    refused = migrate(4096)
    assert refused.returncode == 2
    assert "4096 subpartitions" in refused.stderr
    for count in (8, 1):
        assert migrate(count).returncode == 0
        assert parts(filled) == count
        assert exported(client(filled)) == before


def test_without_the_key_a_divided_database_stays_as_it_is(filled: Server, tmp_path: Path) -> None:
    divide(filled, 4)
    config = Service("storer", tmp_path, settings(filled)).write_config()
    assert run_command("storer", "migrate", "--config", config).returncode == 0
    assert parts(filled) == 4


def test_where_few_months_are_kept_each_may_have_more_parts(filled: Server) -> None:
    with pytest.raises(ConfigError, match=r"retention\.frames"):
        divide(filled, 256)
    divide(filled, 256, months=2)
    assert parts(filled) == 256


def test_a_large_table_is_copied_only_when_asked_to(filled: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    query(client(filled), "ANALYZE TABLE frames")
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    with pytest.raises(ConfigError, match="--copy"):
        divide(filled, 4)
    assert parts(filled) == 1
    divide(filled, 4, copy=True)
    assert parts(filled) == 4


def test_coming_months_are_divided_too_and_late_frames_find_their_place(filled: Server) -> None:
    divide(filled, 4)
    later = datetime(NOW.year + 1, NOW.month, 1, tzinfo=UTC)
    database = client(filled)
    with contextlib.closing(database.connect()) as connection:
        made = make_partitions(connection, later)
        assert made
        assert set(made) <= partition_limits(connection).keys()
    assert parts(filled) == 4
    assert store(database, simulated(KINDS[0], 5, every=timedelta(seconds=1))) == 0  # they are there already


def test_the_size_of_a_month_is_that_of_its_parts(filled: Server) -> None:
    divide(filled, 4)
    filled.sql(f"USE {filled.name}; FLUSH TABLES frames FOR EXPORT; UNLOCK TABLES;")
    with contextlib.closing(client(filled).connect()) as connection:
        for local in (True, False):
            sizes = read_sizes(connection, local=local)
            months = {part for table, part in sizes.files if table == "frames"}
            assert months == partition_limits(connection).keys()
            assert sizes.of("frames") == sum(sizes.of("frames", month) for month in months) > 0
