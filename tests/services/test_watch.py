"""Watching a meter whose port a reader has: its frames come from the broker."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tests.support.mqtt_client import listen
from tests.support.programs import ENVIRONMENT, command_line
from tests.support.servers import Broker
from tests.support.terminal import on_terminal

PORT = "simulate://standard-three-phase-producer?speed=10"


def test_where_a_reader_has_the_port_frames_come_from_the_broker(broker: Broker, tmp_path: Path) -> None:
    base = f"test/watch-{os.urandom(6).hex()}"
    mqtt = {"host": broker.host, "port": broker.port, "topic": base}
    config = tmp_path / "reader.yaml"
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory, listen(broker) as listener:
        spool = {"journal": f"{memory}/journal", "path": str(tmp_path / "spool")}
        config.write_text(json.dumps({"port": PORT, "mqtt": mqtt, "spool": spool}))
        with subprocess.Popen(command_line("reader", "run", "--config", config), env=ENVIRONMENT) as reader:
            assert listener.wait(lambda: any(topic.startswith(f"{base}/") for topic, _ in listener.messages))
            code, text = on_terminal("--config", config, until="Tension efficace phase 3")
            reader.terminate()
    assert code == 0, text
    assert f"mqtt://{broker.host}:{broker.port}/{base}" in text
