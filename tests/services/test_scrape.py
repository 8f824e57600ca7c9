"""Both programs as Prometheus sees them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.servers import Broker, free_port
from demo.servers import Database as Server
from tests.support.mqtt_client import WITHIN, Ear

ROOT = Path(__file__).resolve().parents[2]


class House:
    """A reader of a simulated meter and a storer, each with a port of its own."""

    def __init__(self, broker: Broker, server: Server, ear: Ear, folder: Path, memory: str) -> None:
        self.ear = ear
        self.name = f"scrape-{os.urandom(6).hex()}"
        mqtt = {"host": broker.host, "port": broker.port, "topic": self.name}
        self.ports = {"reader": free_port(), "storer": free_port()}
        settings: dict[str, dict[str, Any]] = {
            "reader": {
                "port": "simulate://standard-single-phase-hchp?speed=20",
                "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
            },
            "storer": {"database": {"host": server.host, "port": server.port, "password": server.password}},
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        for program, own in settings.items():
            file = folder / f"{program}.yaml"
            own |= {"name": self.name, "mqtt": mqtt, "metrics": {"port": self.ports[program]}}
            file.write_text(json.dumps(own))
            with (folder / f"{program}.log").open("wb") as log:
                self.processes.append(
                    subprocess.Popen(
                        [sys.executable, "-P", "-m", program, "run", "--config", str(file)],
                        env=os.environ | {"PYTHONPATH": str(ROOT)},
                        stdout=log,
                        stderr=log,
                    )
                )

    def scrape(self, program: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[program]}/metrics", timeout=WITHIN) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return str(answer.read().decode())

    def confirmed(self) -> int:
        told = [
            json.loads(text) for topic, text in self.ear.messages if topic.endswith("/stored") and self.name in topic
        ]
        return sum(len(word["timestamps"]) for word in told)

    def end(self, how: signal.Signals) -> list[int]:
        processes, self.processes = self.processes, []
        for process in processes:
            process.send_signal(how)
        return [process.wait(WITHIN) for process in processes]


@pytest.fixture
def house(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[House]:
    with Ear(broker) as ear, tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory:
        house = House(broker, fresh_database, ear, tmp_path, memory)
        yield house
        house.end(signal.SIGKILL)


def values(text: str) -> dict[str, float]:
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_both_programs_show_what_health_says(house: House) -> None:
    assert house.ear.wait(lambda: house.confirmed() >= 5)
    first = house.scrape("reader"), house.scrape("storer")
    before = house.confirmed()
    assert house.ear.wait(lambda: house.confirmed() >= before + 60)  # three seconds and more at this speed
    last = house.scrape("reader"), house.scrape("storer")
    reader, storer = map(values, last)
    assert reader["teleinfo_reader_frames_total"] > values(first[0])["teleinfo_reader_frames_total"]
    assert storer["teleinfo_storer_stored_total"] > values(first[1])["teleinfo_storer_stored_total"]
    assert reader["teleinfo_reader_delivery_confirmed_total"] > 0
    assert storer["teleinfo_storer_database_connected"] == 1
    assert reader["process_resident_memory_bytes"] > 1_000_000

    (meter,) = {
        topic.split("/")[1]
        for topic, _ in house.ear.messages
        if topic.startswith(house.name) and topic.endswith("/frame")
    }
    (frame,) = [text for topic, text in house.ear.messages if topic == f"{house.name}/{meter}/frame"][:1]
    delivery_point = json.loads(frame)["frame"]["PRM"]
    assert f'meter="{meter}"' in last[0]
    for text in (*first, *last):
        assert delivery_point not in text

    assert house.end(signal.SIGTERM) == [0, 0]  # a port that is open does not keep a program from ending
