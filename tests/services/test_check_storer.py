"""The storer's check at a real database and a real broker, with what goes wrong there provoked."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from common.check.findings import Report
from common.contract.frame import Frame
from common.contract.labels import Mode
from common.database.mariadb import Database as DatabaseClient
from common.database.mariadb import DatabaseConfig
from common.machine.host import Host
from storer.check.command import check
from storer.check.database import diagnose_database, probe_database
from tests.support.mqtt_client import log_in
from tests.support.servers import PASSWORD, Broker, Database, account, careful_broker, free_port
from tests.support.storing import make_tables, store

METER = "031961123456"


@pytest.fixture(scope="module")
def household(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with careful_broker(tmp_path_factory.mktemp("household")) as broker:
        yield broker


@pytest.fixture
def limited(fresh_database: Database) -> Iterator[DatabaseConfig]:
    """An account that may only read and insert."""
    sql = fresh_database.sql
    sql(f"CREATE USER limited@'%' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT, INSERT ON teleinfodb.* TO limited@'%'")
    yield replace(settings(fresh_database), user="limited", password=PASSWORD)
    sql("DROP USER limited@'%'")


@pytest.mark.parametrize("password", ["%#: \"'\\ ${x}", "clé à 5 €"])
def test_an_account_may_have_any_password(fresh_database: Database, password: str) -> None:
    literal = password.replace("\\", "\\\\").replace("'", "''")
    fresh_database.sql(f"CREATE USER odd@'%' IDENTIFIED BY '{literal}'; GRANT SELECT ON teleinfodb.* TO odd@'%'")
    try:
        connection = DatabaseClient(replace(settings(fresh_database), user="odd", password=password)).connect()
        connection.close()
    finally:
        fresh_database.sql("DROP USER odd@'%'")


def settings(server: Database) -> DatabaseConfig:
    return DatabaseConfig(
        host=(server.host,), port=server.port, user=server.user, password=server.password, name=server.name
    )


def frames(count: int, last: datetime) -> list[Frame]:
    return [
        Frame(
            meter=METER,
            timestamp=last - timedelta(seconds=ago),
            mode=Mode.HISTORIC,
            values={"ADCO": METER, "BASE": 1_000_000 - ago, "PAPP": 750},
        )
        for ago in range(count)
    ]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"password": "wrong"}, {1045}),
        # A user that does not exist is refused as one of the others would be, so that nobody learns which ones exist.
        ({"user": "nobody"}, {1045, 1698}),
        ({"name": "elsewhere"}, {1044}),
        ({"port": 1}, {2003}),
    ],
)
def test_why_the_server_refuses_the_connection_is_known(
    fresh_database: Database, changes: dict[str, object], codes: set[int]
) -> None:
    assert probe_database(replace(settings(fresh_database), **changes)).code in codes  # type: ignore[arg-type]


def test_a_missing_database_is_known(fresh_database: Database) -> None:
    fresh_database.sql("DROP DATABASE teleinfodb")
    facts = probe_database(settings(fresh_database))
    assert facts.code == 1049
    assert "CREATE DATABASE teleinfodb" in diagnose_database(facts)[0].fix


def test_an_empty_database_is_no_problem(fresh_database: Database) -> None:
    facts = probe_database(settings(fresh_database))
    assert facts.schema is None
    assert facts.missing_rights == ()
    assert facts.account == "'teleinfo'@'%'"
    assert facts.free
    assert facts.flush == 2  # what these tests run with, and no household should


def test_missing_rights_are_named_in_the_statement_that_gives_them(
    fresh_database: Database, limited: DatabaseConfig
) -> None:
    finding = next(found for found in diagnose_database(probe_database(limited)) if "lacks" in found.what)
    statement = finding.fix.partition(": ")[2]
    assert statement.startswith("GRANT UPDATE, DELETE, CREATE, ALTER, DROP, CREATE VIEW ON teleinfodb.* TO")
    fresh_database.sql(statement)
    assert probe_database(limited).missing_rights == ()


def test_rights_by_a_pattern_count(fresh_database: Database) -> None:
    fresh_database.sql(
        f"CREATE USER patterned@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON `teleinfo%`.* TO patterned@'%'"
    )
    try:
        patterned = replace(settings(fresh_database), user="patterned", password=PASSWORD)
        assert probe_database(patterned).missing_rights == ()
    finally:
        fresh_database.sql("DROP USER patterned@'%'")


# -- the command -------------------------------------------------------------------------------------------------------


def examine(tmp_path: Path, broker: Broker, server: Database, **mqtt: object) -> tuple[int, str]:
    file = tmp_path / "storer.yaml"
    reach = {"host": broker.host, "port": broker.port, "username": "storer", "password": PASSWORD} | mqtt
    database = {"host": server.host, "port": server.port, "password": server.password}
    file.write_text(yaml.safe_dump({"mqtt": reach, "database": database}))
    stream = io.StringIO()
    code = check(file, Report(stream), Host(tmp_path / "machine"), seconds=1)
    return code, stream.getvalue()


def test_everything_is_checked(household: Broker, fresh_database: Database, tmp_path: Path) -> None:
    store(make_tables(fresh_database), frames(10, datetime.now(UTC)))
    status = json.dumps({"status": "online", "wait": 0.0})
    with log_in(account(household, "everybody")) as others:
        others.retain("teleinfo/storer/main/status", status)
        others.retain("teleinfo/reader/cellar/status", "online")
        others.retain(f"teleinfo/{METER}/frame", "{}")  # retained, so that it is there when we come
        _, text = examine(tmp_path, household, fresh_database)
        for topic in ("teleinfo/storer/main/status", "teleinfo/reader/cellar/status", f"teleinfo/{METER}/frame"):
            others.retain(topic, "")
    assert "ok Storer: main is running and connected" in text
    assert "ok Readers: cellar is online" in text
    assert f"ok Readers: frames arrive: {METER}" in text
    assert "all 4 topics may be published" in text
    assert "the tables of teleinfodb are up to date" in text
    assert "can read mqtt.password" in text


def test_a_missing_right_to_read_frames_is_found_by_a_meter_that_is_online(
    programs: None, fresh_database: Database, tmp_path: Path
) -> None:
    no_frames = "\ntopic read teleinfo/+/link\ntopic write teleinfo/+/stored\n"
    with (
        careful_broker(tmp_path / "no_frames", storer=no_frames) as broker,
        log_in(account(broker, "everybody")) as others,
    ):
        others.retain(f"teleinfo/{METER}/link", "online")
        code, text = examine(tmp_path, broker, fresh_database)
    assert code == 1
    assert "storer to read teleinfo/+/frame" in text
    assert "publish on teleinfo/storer/main/health, teleinfo/rejected, teleinfo/storer/main/status" in text


def test_a_broker_that_is_away_does_not_hide_the_database(
    household: Broker, fresh_database: Database, tmp_path: Path
) -> None:
    code, text = examine(tmp_path, household, fresh_database, port=free_port())
    assert code == 1
    assert "ok Database: MariaDB" in text
    assert "problem Broker: nothing listens" in text
