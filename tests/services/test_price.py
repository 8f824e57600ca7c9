"""The price of a kWh on its way: settings, monitor, broker, reader, state; and who may publish it."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.topics import Topics
from common.database.mariadb import Database
from demo.history import History
from monitor.base.config import MonitorConfig, MonitorDatabase
from monitor.live.prices import Past
from monitor.money.home import Home
from monitor.web.background import SwitchHistory
from reader.simulator.meter import SimulatedMeter
from tests.services.test_monitor import Monitor
from tests.support.mqtt_client import MqttClient, listen
from tests.support.prices import bundled_prices
from tests.support.programs import ROOT, WITHIN, Service, wait_until
from tests.support.servers import PASSWORD, Broker
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import make_tables

BASE, HCHP = "standard-single-phase-base", "historic-single-phase-hchp"
METER = SimulatedMeter(BASE).address
TOPICS = Topics("teleinfo")
PRICE = TOPICS.price("cellar")
NOT_AUTHORISED = 0x87


def save_price(tables: Database, price: float) -> None:
    save_settings(tables, prices={"offers": [{"id": "base", "rows": [{"from": "2020-01-01", "kwh": {"BASE": price}}]}]})


def state_of(mqtt: MqttClient) -> Mapping[str, Any]:
    states = mqtt.on(TOPICS.state(METER))
    return states[-1] if states else {}


def wait_for_price(mqtt: MqttClient, price: float | None, *programs: Service) -> None:
    wait_until(lambda: state_of(mqtt).get("price") == price, WITHIN, f"the price is {price}", list(programs))


def test_from_the_settings_to_the_state_of_the_meter(fresh_database: Server, tmp_path: Path) -> None:
    tables = make_tables(fresh_database)
    save_price(tables, 0.1234)
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder) as broker, contextlib.ExitStack() as stack:
        mqtt = {"host": broker.host, "port": broker.port}
        reader = stack.enter_context(
            Service(
                "reader",
                tmp_path,
                {
                    "name": "pi",
                    "port": f"simulate://{BASE}",
                    "mqtt": mqtt,
                    "spool": {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")},
                },
            )
        )
        monitor = stack.enter_context(Monitor(fresh_database, tmp_path, name="cellar", mqtt=mqtt))
        with listen(broker) as heard:
            reader.start()
            monitor.start()
            wait_for_price(heard, 0.1234, reader, monitor)
            (retained,) = heard.on(PRICE)[-1:]
            assert set(retained) == {METER}
            assert (retained[METER]["price"], retained[METER]["currency"]) == (0.1234, "EUR")

            def is_same() -> bool:  # an hour may end meanwhile
                return bool(state_of(heard)["next_prices"] == heard.on(PRICE)[-1][METER]["next_prices"])

            wait_until(is_same, WITHIN, "the state has the same")
            (only,) = state_of(heard)["next_prices"]
            now = datetime.now(UTC)
            ends = datetime.fromisoformat(only["end"])
            assert datetime.fromisoformat(only["start"]) < now
            assert timedelta(hours=23.9) < ends - now <= timedelta(hours=25)
            save_price(tables, 0.2345)
            wait_for_price(heard, 0.2345, reader, monitor)
            # Without the monitor the list goes on until its end.
            monitor.kill()
            reader.stop()
            status = "teleinfo/reader/pi/status"
            wait_until(lambda: heard.payloads(status)[-1:] == [b"offline"], WITHIN, "its last message is here")
            reader.start()
            wait_until(lambda: heard.payloads(status)[-1:] == [b"online"], WITHIN, "it is back")
            count = len(heard.on(TOPICS.state(METER)))
            wait_until(lambda: len(heard.on(TOPICS.state(METER))) > count, WITHIN, "a state", [reader])
            wait_for_price(heard, 0.2345, reader)
            monitor.start()
        # A broker that has lost what it retained.
        broker.kill()
        broker.start()
        with listen(broker) as heard:
            assert json.loads(heard.wait_for(PRICE))[METER]["price"] == 0.2345
            wait_for_price(heard, 0.2345, reader, monitor)


def test_what_the_database_says_of_the_past(database: Server) -> None:
    """The switches of the simulated meter of the past days."""
    now = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # 18:30 in Paris
    meter = SimulatedMeter(HCHP)
    database.create_database()
    with contextlib.closing(make_tables(database, now).connect()) as connection:
        end = now.replace(minute=0)
        History(connection, meter).write(end - timedelta(days=9), end)
    settings = MonitorConfig(
        database=MonitorDatabase(
            host=("127.0.0.1",), port=database.port, user=database.user, password=database.password, name=database.name
        )
    )
    prices = bundled_prices()
    server = Database(settings.database)
    found: list[Mapping[str, Past]] = []

    @contextlib.contextmanager
    def lend() -> Iterator[Home]:
        with contextlib.closing(server.connect()) as connection:
            yield Home(connection, settings, prices)

    SwitchHistory(lend, settings.time_zone, found.append, now=lambda: now).step()
    past = found[0][meter.address]
    assert past.first == end - timedelta(days=9)
    local = [(f"{one.at.astimezone(settings.time_zone):%d %H:%M}", one.supplier) for one in past.switches]
    assert local[-4:] == [("24 01:56", 1), ("24 06:56", 2), ("24 14:26", 1), ("24 17:26", 2)]
    assert local[0] == ("16 01:56", 1)  # a week before yesterday, from which prices are computed


#: Accounts by the file of rules that they are in.
ACCOUNTS = {"acl": ("reader", "monitor", "home-assistant", "phone", "storer"), "acl-per-meter": (METER,)}


@pytest.fixture(params=ACCOUNTS)
def guarded(request: pytest.FixtureRequest, programs: None, tmp_path: Path) -> Iterator[dict[str, MqttClient]]:
    """The accounts of a file of rules, and one that may do everything: each with a client that receives all it may."""
    passwords, rules, folder = tmp_path / "passwords", tmp_path / "rules", tmp_path / "broker"
    for file in (passwords, rules):
        file.touch(mode=0o600)
    users = (*ACCOUNTS[request.param], "everybody")
    for user in users:
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, PASSWORD], check=True, capture_output=True)
    rules.write_text(f"user everybody\ntopic readwrite #\n\n{(ROOT / 'mosquitto' / request.param).read_text()}")
    folder.mkdir()
    config = f"allow_anonymous false\npassword_file {passwords}\nacl_file {rules}"
    with Broker(folder, config=config) as broker, contextlib.ExitStack() as stack:
        yield {user: stack.enter_context(MqttClient(broker.port, user, PASSWORD, subscribe=("#",))) for user in users}


def test_only_the_monitor_publishes_prices_and_the_storer_clears_them(guarded: Mapping[str, MqttClient]) -> None:
    for user, client in guarded.items():
        refused = client.publish(PRICE, user) == NOT_AUTHORISED
        assert refused is (user not in ("monitor", "storer", "everybody")), user
    if "monitor" in guarded:
        for topic in (TOPICS.state(METER), TOPICS.frame(METER), TOPICS.status("reader", "pi"), "teleinfo/monitor/x"):
            assert guarded["monitor"].publish(topic, "{}") == NOT_AUTHORISED, topic
    for user, client in guarded.items():
        assert client.wait(lambda client=client: b"everybody" in client.payloads(PRICE)), user  # type: ignore[misc]
