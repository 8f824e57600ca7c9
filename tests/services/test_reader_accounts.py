"""One account a reader, with the rules of mosquitto/acl-per-meter: it delivers its frames, and sees no other's."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reader.simulator.meter import SimulatedMeter
from tests.services.test_decoded_meter import message
from tests.support.mqtt_client import MqttClient
from tests.support.programs import ROOT, Service, run_command
from tests.support.servers import PASSWORD, Broker

RULES = ROOT / "mosquitto" / "acl-per-meter"
KINDS = ("standard-single-phase-tempo", "historic-single-phase-hchp")
METER, OTHER = (SimulatedMeter(kind).address for kind in KINDS)
_NOT_AUTHORIZED = 0x87


#: As the rules explain it, for a meter that another program decodes.
(DECODED,) = re.findall(r"^#   (topic read zigbee2mqtt/.*)$", RULES.read_text(), re.MULTILINE)


@pytest.fixture
def broker(programs: None, tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    passwords, rules = folder / "passwords", folder / "rules"
    for file in (passwords, rules):
        file.touch(mode=0o600)
    for user in (METER, OTHER, "everybody"):
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, PASSWORD], check=True, capture_output=True)
    section = f"user {METER}\n{DECODED}\n"
    rules.write_text(f"user everybody\ntopic readwrite #\n\n{section}\n{RULES.read_text()}")
    with Broker(folder, config=f"allow_anonymous false\npassword_file {passwords}\nacl_file {rules}") as broker:
        yield broker


def log_in(broker: Broker, user: str) -> MqttClient:
    return MqttClient(broker.port, user, PASSWORD, host=broker.host, subscribe=("#",))


def test_a_reader_with_an_account_of_its_meter_delivers_and_sees_no_other_meter(broker: Broker, tmp_path: Path) -> None:
    settings = {
        "name": METER,
        "port": f"simulate://{KINDS[0]}?speed=20",
        "mqtt": {"host": broker.host, "port": broker.port, "username": METER, "password": PASSWORD},
        "spool": {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")},
    }
    with (
        log_in(broker, "everybody") as storer,
        log_in(broker, OTHER) as other,
        Service("reader", tmp_path, settings) as reader,
    ):
        storer.retain("teleinfo/storer/main/status", json.dumps({"status": "online", "wait": 0}))
        reader.start()
        config = f"homeassistant/device/teleinfo_{METER}/config"
        assert storer.wait(lambda: len(storer.payloads(f"teleinfo/{METER}/frame")) > 5 and bool(storer.on(config)))
        times = [frame["timestamp"] for frame in storer.on(f"teleinfo/{METER}/frame")]
        storer.publish(f"teleinfo/{METER}/stored", json.dumps({"storer": "main", "timestamps": times}))
        done = run_command("reader", "check", "--config", reader.config, "--seconds", "1")
        assert "ok Broker: all 8 topics may be published" in done.stdout, done.stdout
        reader.stop()
        health = f"teleinfo/reader/{METER}/health"
        assert storer.wait(lambda: storer.payloads(f"teleinfo/reader/{METER}/status")[-1:] == [b"offline"])
        assert storer.on(health)[-1]["delivery"]["confirmed"] == len(times)
        assert {topic for topic, _ in other.messages} == {"teleinfo/storer/main/status"}
        ports = (f"teleinfo/reader/{METER}/ports", "teleinfo/monitor/main/ports")
        for topic in (f"teleinfo/{METER}/frame", f"teleinfo/{METER}/state", config, *ports):
            assert other.publish(topic, "{}") == _NOT_AUTHORIZED


def test_a_meter_that_another_program_decodes_is_read_with_the_section_that_the_rules_explain(
    broker: Broker, tmp_path: Path
) -> None:
    topic = DECODED.removeprefix("topic read ")
    settings = {
        "name": METER,
        "port": f"mqtt:{topic}",
        "mqtt": {"host": broker.host, "port": broker.port, "username": METER, "password": PASSWORD},
        "spool": {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")},
    }
    with log_in(broker, "everybody") as mqtt, Service("reader", tmp_path, settings) as reader:
        reader.start()
        assert mqtt.wait(lambda: bool(mqtt.payloads(f"teleinfo/reader/{METER}/health"))), reader.text()
        mqtt.publish(topic, json.dumps(message(430, meter_serial_number=METER)))
        assert mqtt.wait(lambda: bool(mqtt.payloads(f"teleinfo/{METER}/frame"))), reader.text()
        reader.stop()
