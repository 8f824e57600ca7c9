"""Both programs as Prometheus sees them."""

import contextlib
import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.mqtt_client import WITHIN, MqttClient, listen
from tests.support.programs import Service, wait_until
from tests.support.servers import Broker, free_port
from tests.support.servers import Database as Server


class Setup:
    """A reader of a simulated meter and a storer, each with a port for Prometheus."""

    def __init__(self, broker: Broker, server: Server, mqtt: MqttClient, folder: Path, memory: str) -> None:
        self.mqtt = mqtt
        self.name = f"scrape-{os.urandom(6).hex()}"
        self.ports = {"reader": free_port(), "storer": free_port()}
        settings: dict[str, dict[str, Any]] = {
            "reader": {
                "port": "simulate://standard-single-phase-hchp?speed=20",
                "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
            },
            "storer": {"database": {"host": server.host, "port": server.port, "password": server.password}},
        }
        common = {"name": self.name, "mqtt": {"host": broker.host, "port": broker.port, "topic": self.name}}
        self.programs = [
            Service(program, folder, own | common | {"metrics": {"port": self.ports[program]}})
            for program, own in settings.items()
        ]

    def scrape(self, program: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[program]}/metrics", timeout=WITHIN) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return str(answer.read().decode())

    def confirmed(self) -> int:
        """Return how many frames were confirmed."""
        payloads = [
            json.loads(text) for topic, text in self.mqtt.messages if topic.endswith("/stored") and self.name in topic
        ]
        return sum(len(payload["timestamps"]) for payload in payloads)


@pytest.fixture
def setup(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[Setup]:
    with (
        listen(broker) as mqtt,
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        contextlib.ExitStack() as running,
    ):
        setup = Setup(broker, fresh_database, mqtt, tmp_path, memory)
        for program in setup.programs:
            running.enter_context(program.start())
        yield setup


def values(text: str) -> dict[str, float]:
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_both_programs_show_what_health_says(setup: Setup) -> None:
    assert setup.mqtt.wait(lambda: setup.confirmed() >= 5)
    first = setup.scrape("reader"), setup.scrape("storer")
    last = first

    def risen() -> bool:
        nonlocal last
        last = setup.scrape("reader"), setup.scrape("storer")
        counters = ("teleinfo_reader_delivery_confirmed_total", "teleinfo_storer_stored_total")
        return all(values(new)[name] > values(old)[name] for name, old, new in zip(counters, first, last, strict=True))

    wait_until(risen, WITHIN, "both counters rise", setup.programs)
    reader, storer = map(values, last)
    assert reader["teleinfo_reader_frames_total"] >= reader["teleinfo_reader_delivery_confirmed_total"]
    assert storer["teleinfo_storer_database_connected"] == 1
    assert reader["process_resident_memory_bytes"] > 1_000_000

    (meter,) = {
        topic.split("/")[1]
        for topic, _ in setup.mqtt.messages
        if topic.startswith(setup.name) and topic.endswith("/frame")
    }
    (frame,) = [text for topic, text in setup.mqtt.messages if topic == f"{setup.name}/{meter}/frame"][:1]
    delivery_point = json.loads(frame)["frame"]["PRM"]
    assert f'meter="{meter}"' in last[0]
    for text in (*first, *last):
        assert delivery_point not in text

    assert [program.stop() for program in setup.programs] == [
        0,
        0,
    ]  # a port that is open does not keep a program from ending
