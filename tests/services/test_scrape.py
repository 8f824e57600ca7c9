"""A house as Prometheus sees it: at the monitor, which has all of it from the broker."""

import contextlib
import json
import os
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.support.mqtt_client import WITHIN, listen
from tests.support.programs import Service, wait_until
from tests.support.servers import Broker, free_port
from tests.support.servers import Database as Server


def test_the_monitor_shows_the_meter_and_all_programs_but_no_delivery_point(
    broker: Broker, fresh_database: Server, tmp_path: Path
) -> None:
    name, port = f"scrape-{os.urandom(6).hex()}", free_port()
    common = {"name": name, "mqtt": {"host": broker.host, "port": broker.port, "topic": name}}
    database = {"host": fresh_database.host, "port": fresh_database.port, "password": fresh_database.password}

    def scrape() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WITHIN) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return str(answer.read().decode())

    with (
        listen(broker) as mqtt,
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        contextlib.ExitStack() as running,
    ):
        settings: dict[str, dict[str, Any]] = {
            "reader": {
                "port": "simulate://standard-single-phase-tempo?speed=20",
                "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
            },
            "storer": {"database": database},
            "monitor": {
                "database": database | {"user": fresh_database.user, "name": fresh_database.name},
                "listen": {"port": free_port()}, "auth": "none", "state": str(tmp_path / "state"),
                "metrics": {"port": port},
            },
        }  # fmt: skip
        programs = [Service(kind, tmp_path, common | own) for kind, own in settings.items()]
        for program in programs:
            running.enter_context(program.start())
        wait_until(lambda: programs[2].count("The page is at ") > 0, WITHIN, "the page is served", programs)
        for kind in ("reader", "storer"):
            mqtt.wait_for(f"{name}/{kind}/{name}/health")
        found: dict[str, float] = {}

        def complete() -> bool:
            try:
                families = text_string_to_metric_families(scrape())
            except urllib.error.URLError:  # the port is opened soon after the page's
                return False
            found.update({sample.name: sample.value for family in families for sample in family.samples})
            wanted = {"teleinfo_meter_imported_energy_joules_total", "teleinfo_meter_power_voltamperes"}
            wanted |= {"teleinfo_reader_line_open", "teleinfo_storer_stored_total"}
            return wanted <= found.keys()

        wait_until(complete, WITHIN, "meter, reader and storer are there", programs)
        assert found["teleinfo_storer_database_connected"] == found["teleinfo_meter_up"] == 1
        assert found["process_resident_memory_bytes"] > 1_000_000
        (frame,) = [text for topic, text in mqtt.messages if topic.startswith(name) and topic.endswith("/frame")][:1]
        text, sent = scrape(), json.loads(frame)
        assert f'meter="{sent["meter"]}"' in text
        assert sent["frame"]["PRM"] not in text

        programs[0].stop()
        wait_until(lambda: f'teleinfo_reader_up{{reader="{name}"}} 0.0' in scrape(), WITHIN, "it is off", programs)
        assert "teleinfo_reader_frames_total" not in scrape()
        assert [program.stop() for program in programs[1:]] == [0, 0]  # an open port keeps none from ending
