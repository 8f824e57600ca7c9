"""A reader whose port is chosen in the page, with a real broker: meters on pseudo-terminals stand for serial ports."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reader.simulator.meter import SimulatedMeter
from tests.services.test_decoded_meter import METER as DECODED
from tests.services.test_decoded_meter import message
from tests.services.test_monitor import Monitor
from tests.services.test_reader import ReaderSetup
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, Program, run_command, wait_until
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

KINDS = ("standard-single-phase-tempo", "historic-single-phase-hchp")
ONE, OTHER = (SimulatedMeter(kind).address for kind in KINDS)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[list[str]]:
    """The names of two ports, with a meter each."""
    meters = [
        Program(f"meter-{number}", "reader", "simulate", kind, "--speed", "10", folder=tmp_path)
        for number, kind in enumerate(KINDS)
    ]
    for meter in meters:
        meter.start()
    for meter in meters:
        meter.wait_for_log("/dev/pts/")
    yield [next(line for line in meter.text().splitlines() if line.startswith("/dev/pts/")) for meter in meters]
    for meter in meters:
        meter.kill()


@pytest.fixture
def reader(broker: Broker, tmp_path: Path) -> Iterator[ReaderSetup]:
    with listen(broker) as mqtt, ReaderSetup(broker, mqtt, tmp_path, tmp_path / "memory") as reader:
        reader.settings["port"] = "ask"
        yield reader


def choose(reader: ReaderSetup, *ports: str, name: str = "") -> None:
    message = {"reader": name or reader.id, "ports": ports, "labels": {}}
    reader.mqtt.retain(f"{reader.base}/monitor/main/ports", json.dumps(message))


def chosen(reader: ReaderSetup) -> list[str]:
    """Return the ports that are chosen, by the newest offer."""
    offers = [json.loads(payload)["ports"] for payload in reader.published("reader", reader.id, "ports")]
    return [port["name"] for port in offers[-1] if port["chosen"]] if offers else ["no offer"]


def read(reader: ReaderSetup) -> list[str]:
    """Return the ports that are read, by the newest health."""
    health = [json.loads(payload) for payload in reader.published("reader", reader.id, "health")]
    return [line["port"] for line in health[-1]["lines"]] if health else ["no health"]


def states(said: Any) -> list[tuple[str, str]]:
    """Return how the ports are that a reader reads."""
    return [(port["name"], port["state"]) for port in said["reads"]]


def test_the_choice_takes_effect_while_it_runs_and_outlives_kills_without_monitor_and_broker(
    reader: ReaderSetup, ports: list[str], broker: Broker
) -> None:
    reader.start()
    assert reader.mqtt.wait(lambda: chosen(reader) == [] and read(reader) == []), reader.text()
    choose(reader, "/dev/watchdog")
    choose(reader, ports[1], name="another")
    choose(reader, ports[0])
    assert reader.mqtt.wait(lambda: len(reader.frames(ONE)) > 5), reader.text()
    choose(reader, ports[1])
    assert reader.mqtt.wait(lambda: len(reader.frames(OTHER)) > 2), reader.text()
    assert reader.mqtt.wait(lambda: (chosen(reader), read(reader)) == ([ports[1]], [ports[1]]))
    reader.kill()
    reader.mqtt.retain(f"{reader.base}/monitor/main/ports", b"")  # the monitor is gone
    reader.settings["mqtt"]["port"] = 1
    reader.start()
    receiving = f"{ports[1]}: receiving frames"
    wait_until(lambda: reader.count(receiving) == 2, WITHIN, "it reads without a broker", [reader])
    assert reader.stop() == 0
    reader.settings["mqtt"]["port"] = broker.port
    reader.start()
    count = len(reader.frames(OTHER))
    assert reader.mqtt.wait(lambda: len(reader.frames(OTHER)) > count + 2), reader.text()
    choose(reader)
    assert reader.mqtt.wait(lambda: read(reader) == [])
    assert reader.stop() == 0
    reader.wait_for_offline()
    counts = json.loads(reader.published("reader", reader.id, "health")[-1])["delivery"]
    ends = ("confirmed", "rejected", "discarded", "accepted_by_broker", "pending")
    assert counts["decoded"] == sum(counts[end] for end in ends)
    assert counts["discarded"] == 0
    times = [(frame["meter"], frame["timestamp"]) for frame in reader.frames()]
    assert len(times) == len(set(times))


def test_check_names_the_port_that_was_chosen_and_says_when_none_was(reader: ReaderSetup, ports: list[str]) -> None:
    def said() -> str:
        return run_command("reader", "check", "--config", reader.write_config(), "--seconds", "1", LANG="en").stdout

    assert "Port: none is chosen yet" in said()
    reader.start()
    assert reader.mqtt.wait(lambda: chosen(reader) == []), reader.text()
    choose(reader, ports[0])
    assert reader.mqtt.wait(lambda: len(reader.frames(ONE)) > 2), reader.text()
    text = said()
    assert f"Port: chosen in the page: {ports[0]}" in text
    assert "problem Port" not in text


def test_a_port_that_two_readers_offer_is_read_by_the_one_it_is_chosen_for(
    reader: ReaderSetup, ports: list[str], tmp_path: Path, broker: Broker
) -> None:
    (tmp_path / "second").mkdir()
    with MqttClient(broker.port, host=broker.host, subscribe=(f"{reader.base}/#",)) as mqtt:
        second = ReaderSetup(broker, mqtt, tmp_path / "second", tmp_path / "second" / "memory")
        second.base = reader.base
        second.settings["mqtt"]["topic"] = reader.base
        second.settings["port"] = "ask"
        with second:
            for one in (reader, second):
                one.start()
                assert one.mqtt.wait(lambda one=one: chosen(one) == []), one.text()  # type: ignore[misc]
            choose(reader, ports[0])
            assert reader.mqtt.wait(lambda: len(reader.frames(ONE)) > 2), reader.text()
            assert read(second) == []


def test_what_is_saved_in_the_page_is_read_by_the_reader_elsewhere(
    reader: ReaderSetup, ports: list[str], tmp_path: Path, broker: Broker, fresh_database: Server
) -> None:
    make_tables(fresh_database)
    mqtt = {"host": broker.host, "port": broker.port, "topic": reader.base}

    def save(*chosen: str) -> None:
        value = json.dumps({"reader": reader.id, "ports": chosen, "labels": {}})
        fresh_database.sql(f"REPLACE {fresh_database.name}.settings (section, value) VALUES ('ports', '{value}')")

    with Monitor(fresh_database, tmp_path, name="main", mqtt=mqtt) as monitor:
        reader.start()
        monitor.begin()

        def said() -> Any:
            return next((one for one in monitor.browser.get("/api/v1/ports").json["readers"] if one["asks"]), None)

        wait_until(lambda: said() is not None, WITHIN, "the page knows the reader", [reader, monitor])
        assert (said()["reader"], said()["reads"]) == (reader.id, [])
        save(ports[0])
        wait_until(lambda: states(said())[:1] == [(ports[0], "reading")], WITHIN, "it is read", [reader, monitor])
        assert reader.mqtt.wait(lambda: len(reader.frames(ONE)) > 2), reader.text()
        assert [port["name"] for port in said()["offers"] if port["chosen"]] == [ports[0]]
        topic = f"{reader.id}/Linky"
        save(f"mqtt:{topic}")
        wait_until(lambda: states(said()) == [(f"mqtt:{topic}", "listening")], WITHIN, "it listens", [reader, monitor])
        reader.mqtt.publish(topic, json.dumps(message(430)))
        wait_until(lambda: states(said()) == [(f"mqtt:{topic}", "reading")], WITHIN, "it is read", [reader, monitor])
        (port,) = said()["reads"]
        assert (port["meter"], port["source"]) == (DECODED, "zigbee2mqtt")
        save()
        wait_until(lambda: bool(said()["reads"] == []), WITHIN, "nothing is read", [reader, monitor])
