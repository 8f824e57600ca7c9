"""What the page asks, carried out once, with a real database and a real broker."""

import contextlib
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.source_minutes import SourceMinute
from common.contract.topics import Topics, device_topic
from common.database.mariadb import Database
from common.mqtt.events import Message
from common.settings import config
from storer.config.options import StorerConfig
from storer.database.locks import take_lock
from storer.requests import carry_out, table
from storer.requests.carry_out import carry_out_next
from tests.services.test_retained import connect
from tests.support.frames import ADDRESS, standard
from tests.support.imports import content
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.sources import write_source
from tests.support.storing import NOW, exported, make_tables, query, save_section, store

OTHER = "031961999999"
ROWS = "SELECT COUNT(*), SUM(wh) FROM imported_hours"
ALL = (4, 500 + 700 + 650 + 9000)  # of csv.csv
HOUR = timedelta(hours=1)
DAYS: dict[str, Any] = {"from": "2026-11-01", "to": "2026-12-01"}


class House:
    """A database with what a monitor writes into it, and the storer that carries it out."""

    def __init__(self, database: Database, server: Server, broker: Broker, folder: Path) -> None:
        self.database = database
        self.folder = folder / "backups"
        file = folder / "storer.yaml"
        login = {"host": server.host, "port": server.port, "password": server.password}
        mqtt = {"host": broker.host, "port": broker.port}
        file.write_text(json.dumps({"database": login, "mqtt": mqtt}))
        self.settings = config.load(StorerConfig, file)
        file.write_text(json.dumps({"database": login, "mqtt": mqtt, "backup": {"folder": str(self.folder)}}))
        self.with_backups = config.load(StorerConfig, file)

    def ask(self, kind: str, /, *pieces: bytes, wait: timedelta | None = timedelta(0), **arguments: Any) -> int:
        """Make a request as the monitor does; `wait` None: it is not started."""
        with contextlib.closing(self.database.connect()) as connection:
            connection.execute("INSERT INTO requests (kind, arguments) VALUES (%s, %s)", (kind, json.dumps(arguments)))
            ((number,),) = connection.query("SELECT MAX(id) FROM requests")
            for place, piece in enumerate(pieces):
                connection.execute("INSERT INTO request_pieces VALUES (%s, %s, %s)", (number, place, piece))
            if wait is not None:
                connection.execute(
                    "UPDATE requests SET not_before = UTC_TIMESTAMP(6) + INTERVAL %s SECOND WHERE id = %s",
                    (wait.total_seconds(), number),
                )
        return int(number)

    def state(self, number: int) -> str:
        return str(query(self.database, f"SELECT state FROM requests WHERE id = {number}")[0][0])

    def result(self, number: int) -> dict[str, Any]:
        ((text,),) = query(self.database, f"SELECT result FROM requests WHERE id = {number}")
        found: dict[str, Any] = json.loads(text)
        return found

    def done(self, kind: str, /, *pieces: bytes, **arguments: Any) -> dict[str, Any]:
        """Make a request and carry it out; return its result."""
        number = self.ask(kind, *pieces, **arguments)
        assert carry_out_next(self.settings)
        assert self.state(number) == "done", self.result(number)
        return self.result(number)

    def problem(self, kind: str, /, *pieces: bytes, **arguments: Any) -> str:
        """Make a request that fails; return why."""
        number = self.ask(kind, *pieces, **arguments)
        assert carry_out_next(self.settings)
        assert self.state(number) == "failed"
        problem = self.result(number)["problem"]
        assert problem["fr"] != problem["en"]
        return str(problem["en"])


@pytest.fixture
def house(fresh_database: Server, broker: Broker, tmp_path: Path) -> House:
    database = make_tables(fresh_database)
    store(database, [standard(EAST=1, EASF01=1)])
    return House(database, fresh_database, broker, tmp_path)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """What the server's clock is ahead for requests."""
    ahead = [timedelta(0)]
    monkeypatch.setattr(carry_out, "server_now", lambda _: datetime.now(UTC) + ahead[0])
    return ahead


def pieces(house: House) -> int:
    return int(query(house.database, "SELECT COUNT(*) FROM request_pieces")[0][0])


def test_a_file_is_imported_with_the_parts_it_came_in_and_what_it_brought_is_told(house: House) -> None:
    data = content("csv.csv")
    found = house.done("import", data[:20], data[20:50], data[50:], kind=None, name="conso.csv", meter=ADDRESS)
    assert query(house.database, ROWS) == [ALL]
    assert (found["kind"], found["file"], found["new"]) == ("csv", "conso.csv", {"hours": 3, "days": 1})
    assert query(house.database, "SELECT id FROM imports") == [(found["import"],)]
    assert pieces(house) == 0
    assert not carry_out_next(house.settings)
    again = house.done("import", data, kind=None, name="conso.csv", meter=None)
    assert (again["new"], again["same"], again["import"]) == ({}, 4, found["import"])
    assert house.done("import-forget", id=found["import"]) == {"rows": 4}
    assert query(house.database, ROWS) == [(0, None)]
    assert "import" in house.problem("import-forget", id=found["import"])


def test_a_try_writes_nothing(house: House) -> None:
    found = house.done("import", content("csv.csv"), kind="csv", name="a.csv", meter=ADDRESS, dry_run=True)
    assert (found["new"], found["import"]) == ({"hours": 3, "days": 1}, None)
    assert query(house.database, ROWS) == [(0, None)]


def test_a_file_of_home_assistant_is_recognised_and_its_series_are_told(house: House, tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.executescript("""
            PRAGMA journal_mode = WAL;
            CREATE TABLE statistics_meta (id, statistic_id, unit_of_measurement, has_sum);
            CREATE TABLE statistics (metadata_id, start_ts, sum);
            INSERT INTO statistics_meta VALUES (1, 'sensor.easf01', 'kWh', 1), (2, 'sensor.easf02', 'Wh', 1);
            INSERT INTO statistics VALUES (1, 1700000000 - 1700000000 % 3600, 5.0), (1, 1700003600 - 1700000000 % 3600, 5.5);
        """)  # noqa: E501
    number = house.ask("import", path.read_bytes(), name="home-assistant_v2.db", meter=ADDRESS)
    carry_out_next(house.settings)
    assert house.result(number)["series"] == {"sensor.easf01": "kWh", "sensor.easf02": "Wh"}
    found = house.done("import", path.read_bytes(), name="x.db", meter=ADDRESS, series=["sensor.easf01=EASF01"])
    assert (found["kind"], found["new_wh"]) == ("home-assistant", {"supplier_1": 500})


def test_why_a_file_is_not_imported_is_said_without_a_command(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    data = content("csv.csv")
    store(house.database, [replace(standard(EAST=1), meter=OTHER)])
    said = [
        house.problem("import", name="a.csv", meter=ADDRESS),
        house.problem("import", b"", name="a.csv", meter=ADDRESS),
        house.problem("import", data, name="a.csv", meter=None),
        house.problem("import", data, name="a.csv", meter="031961000000"),
        house.problem("import", data, name="a.csv", meter="12"),
        house.problem("import", data, kind="original", name="mysql.user", meter=ADDRESS),
        house.problem("import", b"<script>alert(1)</script>", name="a.csv", meter=ADDRESS),
        house.problem("import", data + b"2024-04-01T00:00,total,abc\n", name="a.csv", meter=ADDRESS),
        house.problem("import", data, meter=ADDRESS),
        house.problem("tidy-up"),
    ]
    monkeypatch.setattr(table, "LARGEST", len(data) - 1)
    said.append(house.problem("import", data, name="a.csv", meter=ADDRESS))
    assert not [one for one in said if "--" in one or "storer" in one.replace("The storer", "")]
    assert query(house.database, ROWS) == [(0, None)]


def test_a_file_of_which_a_part_is_missing_is_refused(house: House) -> None:
    number = house.ask("import", b"a", b"b", b"c", name="a.csv", meter=ADDRESS)
    query(house.database, "DELETE FROM request_pieces WHERE piece = 1", "SELECT 1")
    carry_out_next(house.settings)
    assert "incomplete" in house.result(number)["problem"]["en"]


def test_energy_of_the_meter_that_was_replaced_is_imported_once_the_page_names_it(house: House) -> None:
    asked = {"name": "a.csv", "meter": OTHER}
    assert "replaced" in house.problem("import", content("csv.csv"), **asked)
    save_section(house.database, "meters", {ADDRESS: {"name": "Maison", "replaces": OTHER}})
    assert house.done("import", content("csv.csv"), **asked)["meter_is_new"]


def test_what_was_not_started_or_was_cancelled_is_left_alone(house: House) -> None:
    never = house.ask("backup", wait=None)
    cancelled = house.ask("backup")
    query(house.database, f"UPDATE requests SET state = 'cancelled' WHERE id = {cancelled}", "SELECT 1")
    assert not carry_out_next(house.settings)
    assert (house.state(never), house.state(cancelled)) == ("waiting", "cancelled")


def test_one_storer_takes_a_request(house: House) -> None:
    number = house.ask("rebuild", **DAYS)
    with contextlib.closing(house.database.connect()) as other:
        assert take_lock(other, table.LOCK)
        assert not carry_out_next(house.settings)
        assert not table.is_due(other, "main", datetime.now(UTC))
    assert carry_out_next(house.settings)
    assert house.state(number) == "done"
    assert house.result(number)["frames"] == 1


class Killed(BaseException):
    """As kill -9: nobody handles it."""


def test_what_was_interrupted_is_done_once_when_it_is_begun_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = house.ask("import", content("csv.csv"), name="a.csv", meter=ADDRESS)
    for place in ("storer.imports.writer.raise_version", "storer.requests.job.table.finish"):
        with monkeypatch.context() as patched:
            patched.setattr(place, _kill)
            with pytest.raises(Killed):
                carry_out_next(house.settings)
        assert (house.state(number), query(house.database, ROWS)) == ("running", [(0, None)])
    assert carry_out_next(house.settings)
    assert (house.state(number), query(house.database, ROWS)) == ("done", [ALL])
    assert house.result(number)["new"] == {"hours": 3, "days": 1}


def test_what_is_interrupted_again_and_again_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = house.ask("import", content("csv.csv"), name="a.csv", meter=ADDRESS)
    monkeypatch.setattr("storer.imports.writer.raise_version", _kill)
    for _ in range(3):
        with pytest.raises(Killed):
            carry_out_next(house.settings)
    assert carry_out_next(house.settings)
    assert (house.state(number), pieces(house)) == ("failed", 0)
    assert not carry_out_next(house.settings)


def _kill(*_: Any) -> None:
    raise Killed


def test_another_storer_does_what_one_has_begun_that_is_gone_for_a_day(house: House, clock: list[timedelta]) -> None:
    number = house.ask("rebuild", **DAYS)
    query(house.database, "UPDATE requests SET state = 'running', storer = 'gone', attempts = 1", "SELECT 1")
    assert not carry_out_next(house.settings)
    clock[0] = timedelta(days=1, hours=1)
    assert carry_out_next(house.settings)
    assert house.state(number) == "done"


def test_a_meter_is_forgotten_after_an_hour_and_after_a_backup_with_what_the_broker_keeps_of_it(
    house: House, broker: Broker, clock: list[timedelta]
) -> None:
    store(house.database, [replace(standard(EAST=1), meter=OTHER)])
    query(house.database, "INSERT INTO rollup_state (id) VALUES (1)", "SELECT 1")
    topics = Topics("teleinfo")
    kept = [topics.link(OTHER), topics.state(OTHER), device_topic("homeassistant", OTHER)]
    client = connect(broker, "reader", topics.status("reader", "cellar"))
    for topic, payload in zip(kept, ("offline", "{}", "{}"), strict=True):
        client.retain(topic, payload)
    house.folder.mkdir()
    number = house.ask("forget-meter", meter=OTHER, wait=HOUR)
    assert not carry_out_next(house.with_backups)
    clock[0] = HOUR
    assert carry_out_next(house.with_backups)
    assert house.state(number) == "done", house.result(number)
    assert house.result(number) == {"rows": 2}  # a frame, and the mark that its hour is to be rolled up
    assert len([*house.folder.glob("*.sql.gz")]) == 1
    assert query(house.database, "SELECT identifier FROM meters") == [(ADDRESS,)]
    assert len(exported(house.database)) == 1
    assert retained(broker, *kept) == []
    client.close()


def test_nothing_is_forgotten_without_the_backup_that_has_to_come_first(house: House) -> None:
    house.folder.write_text("not a folder")
    number = house.ask("forget-meter", meter=ADDRESS)
    carry_out_next(house.with_backups)
    assert "backup" in house.result(number)["problem"]["en"]
    assert len(exported(house.database)) == 1


def test_while_a_backup_is_made_what_deletes_waits_and_may_be_cancelled(house: House, clock: list[timedelta]) -> None:
    number = house.ask("forget-source", name="old")
    write_source(house.database, "old", "device", {NOW: SourceMinute(60, power=5)})
    with contextlib.closing(house.database.connect()) as other:
        assert take_lock(other, "backup")
        assert carry_out_next(house.settings)
        assert house.state(number) == "waiting"
    assert not carry_out_next(house.settings)
    clock[0] = timedelta(minutes=6)
    assert carry_out_next(house.settings)
    assert house.state(number) == "done"


def test_a_meter_that_is_being_read_is_not_forgotten(house: House, broker: Broker) -> None:
    topics = Topics("teleinfo")
    client = connect(broker, "reader", topics.status("reader", "cellar"))
    client.retain(topics.link(ADDRESS), "online")
    client.retain(topics.status("reader", "cellar"), "online")
    try:
        assert "not gone" in house.problem("forget-meter", meter=ADDRESS)
        assert retained(broker, topics.link(ADDRESS)) == [topics.link(ADDRESS)]
        assert "not gone" in house.problem("forget-program", program="reader", name="cellar")
    finally:
        client.retain(topics.link(ADDRESS), "")
        client.retain(topics.status("reader", "cellar"), "")
        client.close()
    assert len(exported(house.database)) == 1
    assert "unknown" in house.problem("forget-meter", meter=OTHER)
    assert house.problem("forget-meter", meter="+/#")


def test_a_meter_that_has_spoken_again_since_it_was_asked_is_not_forgotten(house: House) -> None:
    store(house.database, [replace(standard(EAST=1), meter=OTHER)])
    number = house.ask("forget-meter", meter=OTHER)
    store(house.database, [replace(standard(EAST=2), meter=OTHER, timestamp=datetime.now(UTC))])
    assert carry_out_next(house.settings)
    assert house.state(number) == "failed"
    assert "again" in house.result(number)["problem"]["en"]
    assert len(exported(house.database)) == 3


def test_a_source_is_forgotten_once_it_is_no_longer_read(house: House) -> None:
    write_source(house.database, "old", "device", {NOW: SourceMinute(60, power=5)})
    query(house.database, "INSERT INTO rollup_state (id) VALUES (1)", "SELECT 1")
    save_section(house.database, "sources", [{"name": "old", "kind": "device", "topic": "t", "power": ""}])
    assert "still read" in house.problem("forget-source", name="old")
    save_section(house.database, "sources", [])
    assert house.done("forget-source", name="old")["rows"] >= 2
    assert query(house.database, "SELECT COUNT(*) FROM source_minutes") == [(0,)]
    assert "unknown" in house.problem("forget-source", name="old")


def test_a_program_that_is_gone_is_forgotten(house: House, broker: Broker) -> None:
    topics = Topics("teleinfo")
    monitor, reader = topics.price("old"), topics.status("reader", "old")
    client = connect(broker, "left", reader)
    client.retain(reader, "offline")
    client.retain(topics.ports("reader", "old"), "[]")
    client.retain(topics.alerts("old"), "[]")
    ended = {"end": "2026-11-24T12:00:00+01:00"}
    client.retain(monitor, json.dumps({ADDRESS: {"next_prices": [ended]}}))
    client.close()
    assert house.done("forget-program", program="reader", name="old") == {}
    assert house.done("forget-program", program="monitor", name="old") == {}
    assert retained(broker, monitor, reader, topics.ports("reader", "old"), topics.alerts("old")) == []
    assert house.problem("forget-program", program="mosquitto", name="old")
    assert house.problem("forget-program", program="reader", name="a/b")


def test_a_monitor_with_prices_of_hours_to_come_is_not_gone(house: House, broker: Broker) -> None:
    price = Topics("teleinfo").price("here")
    client = connect(broker, "monitor", price)
    end = (datetime.now(UTC) + HOUR).isoformat()
    client.retain(price, json.dumps({ADDRESS: {"next_prices": [{"end": end}]}}))
    try:
        assert "not gone" in house.problem("forget-program", program="monitor", name="here")
        assert retained(broker, price) == [price]
    finally:
        client.retain(price, "")
        client.close()


def test_a_backup_is_made_where_there_is_a_folder_for_it(house: House) -> None:
    assert "folder" in house.problem("backup")
    house.folder.mkdir()
    number = house.ask("backup")
    carry_out_next(house.with_backups)
    assert house.result(number) == {"notes": [], "problems": []}
    assert len([*house.folder.glob("*.sql.gz")]) == 1


def test_a_hundred_requests_are_kept_and_the_files_of_those_that_wait(house: House, fresh_database: Server) -> None:
    waits = house.ask("import", b"x", wait=None)
    forgotten = house.ask("import", b"x", wait=None)
    query(
        house.database,
        f"UPDATE requests SET created_at = created_at - INTERVAL 25 HOUR WHERE id = {forgotten}",
        "INSERT INTO requests (kind, arguments, state) VALUES " + ", ".join(["('backup', '{}', 'done')"] * 120),
        "SELECT 1",
    )
    with contextlib.closing(house.database.connect()) as connection:
        table.clean(connection, datetime.now(UTC))
    assert query(house.database, "SELECT state, COUNT(*) FROM requests GROUP BY state ORDER BY 1") == [
        ("waiting", 1),
        ("done", 100),
    ]
    assert query(house.database, "SELECT request FROM request_pieces") == [(waits,)]


def retained(broker: Broker, *topics: str) -> list[str]:
    """Return which of these topics retain something."""
    last = "teleinfo/last"
    client = connect(broker, "looks", *topics, last)
    assert client.session.publish(last, "")
    found = []
    while (message := client.next(Message)).topic != last:
        found += [message.topic] if message.payload else []
    client.close()
    return found
