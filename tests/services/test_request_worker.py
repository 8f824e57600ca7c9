"""What the page asks and sets while a storer runs: real programs, killed in the middle."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services.test_requests import DAYS
from tests.services.test_storer import StorerSetup
from tests.support.frames import ADDRESS, standard
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import client, make_tables, query, save_section, store

HALF_HOURS = 17_520  # a year
PIECE = 1_000_000  # bytes, as the page sends them


def load_curve(count: int = HALF_HOURS) -> bytes:
    """Return half-hours of 500 W as Enedis' file has them, in winter time of UTC+1."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    lines = ["Horodate;Valeur"]
    for number in range(1, count + 1):
        lines.append(f"{begin + number * timedelta(minutes=30):%Y-%m-%dT%H:%M:%S+00:00};500")
    return "\n".join(lines).encode()


@pytest.fixture
def setup(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[StorerSetup]:
    store(make_tables(fresh_database), [standard(EAST=1, EASF01=1)])
    with listen(broker) as mqtt, StorerSetup(broker, fresh_database, mqtt, tmp_path) as setup:
        yield setup


def ask(server: Server, kind: str, data: bytes = b"", **arguments: Any) -> int:
    with contextlib.closing(client(server).connect()) as connection:
        connection.execute("INSERT INTO requests (kind, arguments) VALUES (%s, %s)", (kind, json.dumps(arguments)))
        ((number,),) = connection.query("SELECT MAX(id) FROM requests")
        for place, begin in enumerate(range(0, len(data), PIECE)):
            connection.execute(
                "INSERT INTO request_pieces VALUES (%s, %s, %s)", (number, place, data[begin : begin + PIECE])
            )
        connection.execute("UPDATE requests SET not_before = UTC_TIMESTAMP(6) WHERE id = %s", (number,))
    return int(number)


def state(server: Server, number: int) -> tuple[str, Any]:
    ((state, result),) = query(client(server), f"SELECT state, result FROM requests WHERE id = {number}")
    return str(state), result and json.loads(result)


@pytest.mark.parametrize("victim", ["storer", "database"])
def test_a_year_is_imported_once_whatever_is_killed_meanwhile(setup: StorerSetup, victim: str) -> None:
    setup.start_online()
    number = ask(setup.server, "import", load_curve(), name="conso.csv", meter=ADDRESS)
    wait_until(lambda: state(setup.server, number)[0] != "waiting", WITHIN, "the import begins", [setup])
    if victim == "storer":
        setup.kill()
        setup.start_online()
    else:
        setup.server.kill()
        setup.server.start()
    wait_until(lambda: state(setup.server, number)[0] not in ("waiting", "running"), WITHIN, "its end", [setup])
    assert state(setup.server, number)[0] == "done", state(setup.server, number)
    hours = query(client(setup.server), "SELECT COUNT(*), SUM(wh), MIN(wh) FROM imported_hours")
    assert hours == [(HALF_HOURS // 2, HALF_HOURS // 2 * 500, 500)]
    assert query(client(setup.server), "SELECT COUNT(*) FROM imports") == [(1,)]
    assert query(client(setup.server), "SELECT COUNT(*) FROM request_pieces") == [(0,)]


def test_a_request_that_ends_the_process_fails_and_the_storer_goes_on(setup: StorerSetup) -> None:
    setup.start_online()
    first = ask(setup.server, "import", b"x", name=["no", "name"], meter=ADDRESS)
    second = ask(setup.server, "rebuild", **DAYS)
    query(
        client(setup.server),
        "INSERT INTO requests (kind, arguments, not_before)"  # Python reads no number of 5000 digits
        """ VALUES ('import-forget', CONCAT('{"id": ', REPEAT('9', 5000), '}'), UTC_TIMESTAMP(6))""",
        "SELECT 1",
    )
    third = second + 1

    def ended() -> bool:
        return all(state(setup.server, number)[1] is not None for number in (first, second, third))

    wait_until(ended, WITHIN, "three requests", [setup])
    assert [state(setup.server, number)[0] for number in (first, second, third)] == ["failed", "done", "failed"]
    setup.check()


def test_sources_are_read_as_soon_as_the_page_has_them(fresh_database: Server, tmp_path: Path) -> None:
    make_tables(fresh_database)
    with (
        Broker(tmp_path / "broker", config="log_type error\nlog_type subscribe\nlog_type debug") as broker,
        MqttClient(broker.port) as mqtt,
        StorerSetup(broker, fresh_database, mqtt, tmp_path) as setup,
    ):
        mqtt.subscribe(f"{setup.base}/#")
        setup.start_online()

        def log() -> str:
            return broker.log.read_text()

        def follow(name: str) -> None:
            save_section(
                client(fresh_database),
                "sources",
                [{"name": name, "kind": "device", "topic": f"devices/{name}", "energy": "", "unit": "Wh"}],
            )
            begins = f" teleinfo-sources-{setup.id} 1 devices/{name}"
            wait_until(lambda: begins in log(), WITHIN, f"a subscription to {name}", [setup])
            taken = log().count("Received PUBACK from teleinfo-sources-")
            mqtt.publish(f"devices/{name}", "1000")
            wait_until(
                lambda: log().count("Received PUBACK from teleinfo-sources-") > taken, WITHIN, "a value", [setup]
            )

        follow("plug")
        follow("car")  # what came of the plug is written now
        save_section(client(fresh_database), "sources", [{"name": "broken"}])
        setup.wait_for_log("Settings: sources")
        setup.stop_offline()
        names = query(client(fresh_database), "SELECT name FROM sources ORDER BY name")
        assert names == [("car",), ("plug",)]
        assert setup.count("Settings: ") == 1
