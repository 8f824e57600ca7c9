"""Sources of a running storer: a real broker, a real database, and a real clock."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.source_minutes import SourceMinute
from tests.services.test_storer import StorerSetup
from tests.support.frames import simulated
from tests.support.mqtt_client import MqttClient
from tests.support.programs import WITHIN, run_command, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.sources import read_source, write_source
from tests.support.storing import client, make_tables, query, save_section
from tests.support.wording import says


class Sources(StorerSetup):
    """A storer with a plug that sends power and energy, a meter of power only, and a thermometer."""

    def __init__(self, broker: Broker, server: Server, mqtt: MqttClient, folder: Path) -> None:
        super().__init__(broker, server, mqtt, folder)
        self.broker = broker
        self.devices = f"devices/{self.id}"
        self._taken = 0  # before this run
        self.sources: list[dict[str, Any]] = [
            {
                "name": "plug", "kind": "device", "topic": f"{self.devices}/status/switch:0", "power": "apower",
                "energy": "aenergy.total", "unit": "Wh",
            },
            {"name": "roof", "kind": "production", "topic": f"{self.devices}/roof", "power": ""},
            {"name": "garden", "kind": "temperature", "topic": f"{self.devices}/garden", "temperature": "temperature"},
        ]  # fmt: skip

    def plug(self, power: float, energy: float) -> None:
        self.mqtt.publish(
            f"{self.devices}/status/switch:0", json.dumps({"apower": power, "aenergy": {"total": energy}})
        )

    def report(self) -> dict[str, Any]:
        messages = self.mqtt.on(f"{self.base}/storer/{self.id}/health")
        found: dict[str, Any] = messages[-1].get("sources", {}) if messages else {}
        return found

    def start_listening(self) -> None:
        """Start it; return when the broker has its subscriptions: it counts nothing that is older."""
        before, self._taken = self.subscribed(), self.taken()
        save_section(make_tables(self.server), "sources", self.sources)
        self.start_online()
        wait_until(lambda: self.subscribed() >= before + 3, WITHIN, "subscriptions to three topics", [self])

    def subscribed(self) -> int:
        """Return how often it has subscribed to a topic of a device."""
        return self.broker.log.read_text().count(f" teleinfo-sources-{self.id} 1 {self.devices}/")

    def wait_until_taken(self, messages: int) -> None:
        """Wait until it has taken so many messages since its start: what it took, it handles before it stops."""
        wait_until(lambda: self.taken() - self._taken >= messages, WITHIN, f"{messages} messages", [self])

    def taken(self) -> int:
        """Return how many messages of devices it has taken, in all its runs."""
        return self.broker.log.read_text().count(f"Received PUBACK from teleinfo-sources-{self.id} ")

    def energies(self, name: str) -> list[int]:
        """The readings; a minute may have none, such as one that has just begun."""
        return [row[1] for row in self.minutes(name) if row[1] is not None]

    def minutes(self, name: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in read_source(client(self.server), name).values()]


@pytest.fixture
def setup(fresh_database: Server, tmp_path: Path) -> Iterator[Sources]:
    """A broker of its own, whose log has each message that was taken."""
    with (
        Broker(tmp_path / "broker", config="log_type error\nlog_type subscribe\nlog_type debug") as broker,
        MqttClient(broker.port) as mqtt,
        Sources(broker, fresh_database, mqtt, tmp_path) as setup,
    ):
        mqtt.subscribe(f"{setup.base}/#")  # not what devices send: a broker drops what a client has too much of
        yield setup


def test_what_devices_send_is_stored_with_the_minute_that_runs_at_the_stop(setup: Sources) -> None:
    setup.start_listening()
    began = time.monotonic()
    setup.plug(600, 5000)
    setup.mqtt.publish(f"{setup.devices}/roof", "3600000")  # out of range
    setup.mqtt.publish(f"{setup.devices}/roof", "unavailable")
    setup.mqtt.publish(f"{setup.devices}/roof", "36000")
    setup.mqtt.publish(f"{setup.devices}/garden", '{"temperature": -2.26, "battery": 90}')
    setup.wait_until_taken(5)
    time.sleep(2)
    setup.plug(1200, 5002)
    setup.wait_until_taken(6)
    time.sleep(1)
    setup.stop_offline()
    plug, roof, garden = (setup.minutes(name) for name in ("plug", "roof", "garden"))
    # Two rows each if a minute ended just then.
    assert setup.energies("plug")[-1] == 5002
    assert {row[2] for row in plug} == {None}
    assert max(row[4] for row in plug) == 1200
    assert 600 <= plug[-1][3] <= 1200
    seconds = sum(row[0] for row in roof)
    assert 2 <= seconds <= time.monotonic() - began + 1
    assert abs(roof[-1][1] - 10 * seconds) <= 20  # 36 kW are 10 Wh a second; seconds are rounded
    assert {row[3] for row in roof} == {36000}
    assert {row[5] for row in garden} == {-23}
    assert setup.report()["sources"][1]["refused"] == {"out of range": 1, "no value": 1}
    assert query(client(setup.server), "SELECT COUNT(*) > 0 FROM source_hours") == [(1,)]


def test_sources_do_not_need_the_database_to_be_there(setup: Sources) -> None:
    setup.start_listening()
    setup.plug(600, 5000)
    setup.wait_until_taken(1)
    setup.server.kill()
    setup.plug(600, 5004)
    setup.wait_until_taken(2)
    setup.plug(600, 5006)
    setup.server.start()
    setup.wait_until_taken(3)
    setup.stop_offline()
    assert setup.energies("plug")[-1] == 5006


def test_a_wrong_reading_is_not_believed_though_it_is_the_first_of_a_run(setup: Sources) -> None:
    for readings in ((900,), (0, 903)):  # as a device sends that was without power, too
        setup.start_listening()
        for reading in readings:
            setup.plug(600, reading)
        setup.wait_until_taken(len(readings))
        setup.stop_offline()
    assert setup.energies("plug")[-1] == 903
    assert {row[2] for row in setup.minutes("plug")} == {None}


def test_a_counter_loses_nothing_though_the_clock_was_ahead_before(setup: Sources) -> None:
    ahead = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=2)
    tables = make_tables(setup.server)
    write_source(tables, "plug", "device", {ahead: SourceMinute(60, 5000, power=600, power_max=600)})
    query(tables, f"UPDATE sources SET writer = '{setup.id}'", "SELECT 1")
    setup.start_listening()
    for reading in range(5000, 15_001, 1000):  # 10 kWh, until a second restart
        setup.plug(600, reading)
    setup.wait_until_taken(11)
    setup.stop_offline()
    assert [(row[1], row[2]) for row in setup.minutes("plug")] == [(15_000, None)]
    plug = setup.report()["sources"][0]
    assert (plug["taken"], plug["refused"]) == (0, {"clock behind what is stored": 22})
    assert setup.text().count("clock behind what is stored") == 2  # power and energy


def test_a_retained_value_is_old(setup: Sources) -> None:
    setup.mqtt.retain(f"{setup.devices}/roof", "500")
    setup.start_listening()
    setup.wait_until_taken(1)
    setup.stop_offline()
    setup.mqtt.retain(f"{setup.devices}/roof", "")
    assert setup.minutes("roof") == []
    (roof,) = [one for one in setup.report()["sources"] if one["name"] == "roof"]
    assert (roof["taken"], roof["refused"]) == (0, {"retained, so old": 1})


def test_a_flood_of_a_device_delays_no_frame(setup: Sources) -> None:
    setup.start_listening()
    for number in range(3000):
        setup.mqtt.send(f"{setup.devices}/roof", str(number))
    frames = list(simulated("standard-single-phase-tempo", 3, start=datetime.now(UTC), every=timedelta(seconds=1)))
    setup.publish(frames)
    setup.wait_until_confirmed(frames)
    setup.stop_offline()
    assert 0 < setup.report()["sources"][1]["taken"] <= 3000  # a broker may drop what it has too much of


def test_the_command_shows_what_arrived_and_what_was_not_counted(setup: Sources) -> None:
    setup.sources.append({"name": "car", "kind": "device", "topic": f"{setup.devices}/car", "power": "p"})
    save_section(make_tables(setup.server), "sources", setup.sources)
    refused = run_command("storer", "sources", "--config", setup.write_config())
    assert (refused.returncode, says(refused.stderr.strip(), "...nothing on ...health...")) == (1, True), refused.stderr
    setup.start_listening()
    setup.plug(600, 5000)
    setup.mqtt.publish(f"{setup.devices}/roof", "ON\x1b[2J")
    setup.wait_until_taken(2)
    setup.stop_offline()
    shown = run_command("storer", "sources", "--config", setup.config)
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert says(lines[0], "plug (device): 600 W, 5.000 kWh; last ... UTC, 2 values")
    assert lines[1:5] == [
        "roof (production): no value yet",
        "  not counted: 1 × not a number",
        "  the last of these: not a number: ON\\x1b[2J",
        "garden (temperature): no value yet",
    ]
    told = json.loads(run_command("storer", "sources", "--json", "--config", setup.config).stdout)
    assert [one["name"] for one in told["sources"]] == ["plug", "roof", "garden", "car"]
    assert (told["sources"][0]["power"], told["sources"][0]["energy"]) == (600, 5000)


def test_a_house_without_sources_has_no_trace_of_them(setup: Sources) -> None:
    setup.sources.clear()
    setup.start_online()
    setup.stop_offline()
    assert "sources" not in setup.mqtt.on(f"{setup.base}/storer/{setup.id}/health")[-1]
    assert setup.text().count("Connected to the broker") == 1
    assert query(client(setup.server), "SELECT COUNT(*) FROM sources") == [(0,)]
