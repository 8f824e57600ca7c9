"""Ports that are topics, with a real broker: chosen in the page, renamed, beside a line, and when the broker ends."""

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reader.simulator.meter import SimulatedMeter
from tests.services.test_decoded_meter import METER, listening, message, send, topic
from tests.services.test_port_choice import choose, chosen, read
from tests.services.test_reader import ReaderSetup
from tests.support.mqtt_client import listen
from tests.support.programs import WITHIN, Program, run_command, wait_until
from tests.support.servers import Broker

KIND = "standard-single-phase-tempo"
STORM = 5000


@pytest.fixture
def memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory:
        yield Path(memory)


@pytest.fixture
def reader(broker: Broker, tmp_path: Path, memory: Path) -> Iterator[ReaderSetup]:
    with listen(broker) as mqtt, ReaderSetup(broker, mqtt, tmp_path, memory) as reader:
        reader.settings["port"] = f"mqtt:{topic(reader)}"
        yield reader
        mqtt.retain(f"{reader.id}/bridge/devices", "")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[str, Program]]:
    """The port of a simulated meter, and what simulates it."""
    meter = Program("meter", "reader", "simulate", KIND, "--speed", "10", folder=tmp_path)
    meter.start()
    meter.wait_for_log("/dev/pts/")
    yield next(line for line in meter.text().splitlines() if line.startswith("/dev/pts/")), meter
    meter.kill()


def announce(reader: ReaderSetup, *names: str) -> None:
    """As the list of devices of a zigbee2mqtt of its own."""
    devices = [
        {
            "type": "EndDevice", "ieee_address": f"0x00158d000000000{number}", "friendly_name": name, "supported": True,
            "definition": {"model": "ZLinky_TIC", "vendor": "LiXee", "exposes": []},
        }
        for number, name in enumerate(names)
    ]  # fmt: skip
    reader.mqtt.retain(f"{reader.id}/bridge/devices", json.dumps(devices))


def offered(reader: ReaderSetup) -> dict[str, bool]:
    """Return the topics of this test that the newest offer has, and whether they are present."""
    offers = [json.loads(payload)["ports"] for payload in reader.published("reader", reader.id, "ports")]
    return {port["name"]: port["present"] for port in offers[-1] if f"mqtt:{reader.id}/" in port["name"]}


def sources(reader: ReaderSetup, meter: str) -> list[str | None]:
    return [frame.get("source") for frame in reader.frames(meter)]


def test_a_meter_that_is_found_is_chosen_renamed_left_for_a_line_and_remembered(
    reader: ReaderSetup, line: tuple[str, Program], broker: Broker
) -> None:
    linky, renamed = f"mqtt:{reader.id}/Linky", f"mqtt:{reader.id}/Compteur général"
    reader.settings["port"] = "ask"
    announce(reader, "Linky")
    reader.start()
    assert reader.mqtt.wait(lambda: chosen(reader) == [] and offered(reader) == {linky: True}), reader.text()
    choose(reader, linky)
    assert reader.mqtt.wait(lambda: read(reader) == [linky]), reader.text()
    reader.mqtt.publish(f"{reader.id}/Linky", json.dumps(message(430)))
    assert reader.mqtt.wait(lambda: len(reader.frames(METER)) == 1), reader.text()

    announce(reader, "Compteur général")
    assert reader.mqtt.wait(lambda: offered(reader) == {linky: False, renamed: True}), offered(reader)
    choose(reader, renamed)
    assert reader.mqtt.wait(lambda: read(reader) == [renamed]), reader.text()
    reader.mqtt.publish(f"{reader.id}/Compteur général", json.dumps(message(440, current_summ_delivered=0)))
    assert reader.mqtt.wait(lambda: len(reader.frames(METER)) == 2), reader.text()
    first, second = reader.frames(METER)
    assert (first["frame"]["EAST"], "EAST" in second["frame"]) == (30_510, False), (
        "it knows what came under the old name"
    )
    assert first["timestamp"] < second["timestamp"]

    other = SimulatedMeter(KIND).address
    choose(reader, line[0])
    assert reader.mqtt.wait(lambda: len(reader.frames(other)) > 2), reader.text()
    assert reader.mqtt.wait(lambda: reader.published(METER, "link")[-1] == b"offline")
    choose(reader, renamed)
    assert reader.mqtt.wait(lambda: read(reader) == [renamed])
    reader.kill()
    before = reader.count(f"Listening on {renamed}")
    reader.settings["mqtt"]["port"] = 1
    reader.start()
    wait_until(lambda: reader.count(f"Listening on {renamed}") > before, WITHIN, "it remembers", [reader])


def test_after_the_broker_was_killed_it_goes_on_by_itself_and_nothing_comes_twice(
    tmp_path: Path, memory: Path, programs: None
) -> None:
    (tmp_path / "broker").mkdir()
    with (
        Broker(tmp_path / "broker") as broker,
        listen(broker) as before,
        ReaderSetup(broker, before, tmp_path, memory) as reader,
    ):
        reader.settings["port"] = f"mqtt:{topic(reader)}"
        listening(reader)
        send(reader, message(430))
        frames = reader.frames(METER)
        broker.kill()
        broker.start()
        with listen(broker) as after:
            reader.mqtt = after
            assert after.wait(lambda: bool(reader.published("reader", reader.id, "health"))), reader.text()
            send(reader, message(440, current_summ_delivered=30.52, current_tier2_summ_delivered=20.27))
            frames += reader.frames(METER)
            assert [frame["frame"]["EAST"] for frame in frames] == [30_510, 30_520]
            assert frames[0]["timestamp"] < frames[1]["timestamp"]
            assert reader.published(METER, "link")[-1] == b"online"


def test_after_a_storm_of_messages_the_newest_counts_and_what_is_retained_is_not_new(reader: ReaderSetup) -> None:
    listening(reader)
    send(reader, message(430), retain=True)
    reader.kill()
    listening(reader)
    for power in range(STORM):
        reader.mqtt.send(topic(reader), json.dumps(message(power)))

    def is_over() -> bool:
        """The broker may have dropped the end of the storm; a message behind it counts."""
        reader.mqtt.publish(topic(reader), json.dumps(message(STORM, current_summ_delivered=30.52)))
        return bool(reader.frames(METER)[-1]["frame"]["SINSTS"] == STORM)

    wait_until(is_over, WITHIN, "the newest message is a frame", [reader])
    powers = [frame["frame"]["SINSTS"] for frame in reader.frames(METER)]
    assert powers[0] == 430
    assert powers[1:] == sorted({*powers[1:]}), "the retained message of before is no frame, and no other comes twice"
    assert len(powers) < STORM / 100
    assert reader.frames(METER)[-1]["frame"]["EAST"] == 30_520


def test_a_line_wins_over_a_topic_of_its_meter_and_the_topic_takes_over_when_it_dies(
    reader: ReaderSetup, line: tuple[str, Program]
) -> None:
    port, simulator = line
    meter = SimulatedMeter(KIND).address
    reader.settings["port"] = [port, f"mqtt:{topic(reader)}"]
    listening(reader)
    assert reader.mqtt.wait(lambda: len(reader.frames(meter)) > 2), reader.text()
    powers = itertools.count()

    def tell() -> None:
        reader.mqtt.publish(topic(reader), json.dumps(message(next(powers), meter_serial_number=meter)))

    tell()
    wait_until(lambda: reader.count("stands by: ") > 0, WITHIN, "it stands by", [reader])
    assert set(sources(reader, meter)) == {None}
    simulator.kill()

    def has_taken_over() -> bool:
        tell()
        return sources(reader, meter)[-1] == "zigbee2mqtt"

    wait_until(has_taken_over, WITHIN, "the topic takes over", [reader])
    assert set(reader.published(meter, "link")) == {b"online"}, "it is received all the time"
    times = [frame["timestamp"] for frame in reader.frames(meter)]
    assert times == sorted({*times})


def test_check_names_the_decoded_meters_where_none_is_read(tmp_path: Path, memory: Path, programs: None) -> None:
    (tmp_path / "broker").mkdir()
    with (
        Broker(tmp_path / "broker") as broker,
        listen(broker) as mqtt,
        ReaderSetup(broker, mqtt, tmp_path, memory) as reader,
    ):
        reader.settings["port"] = "ask"
        announce(reader, "Linky")

        def said() -> str:
            return run_command("reader", "check", "--config", reader.write_config(), "--seconds", "1", LANG="en").stdout

        assert f"port: mqtt:{reader.id}/Linky" in said()
        reader.settings["port"] = f"mqtt:{topic(reader)}"
        listening(reader)
        send(reader, message(430))
        assert mqtt.wait(lambda: METER in health(reader)), reader.text()
        assert "another device decodes one" not in said()


def health(reader: ReaderSetup) -> list[str]:
    """Return the meters of the lines, by the newest health."""
    reports = [json.loads(payload) for payload in reader.published("reader", reader.id, "health")]
    return [line["meter"] for line in reports[-1]["lines"]]
