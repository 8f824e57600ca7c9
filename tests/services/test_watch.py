"""Watching a meter whose port a reader has: its frames come from the broker."""

import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.mqtt_client import WITHIN, listen
from tests.support.programs import ENVIRONMENT, command_line, run_command
from tests.support.servers import Broker

METER = "031961123456"
FRAME = json.dumps(
    {
        "meter": METER,
        "timestamp": "2026-11-24T22:20:20.123456Z",
        "mode": "historic",
        "frame": {"ADCO": METER, "PAPP": 1230, "ISOUSC": 45},
    }
).encode()


def start(*arguments: str | Path, stdout: int, stderr: int | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command_line("reader", *arguments), env=ENVIRONMENT, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize("reader_runs_here", [True, False], ids=["its-reader-runs", "some-program-has-the-port"])
def test_where_the_port_is_in_use_frames_come_from_the_broker(
    broker: Broker, tmp_path: Path, reader_runs_here: bool
) -> None:
    base = f"test/watch-{os.urandom(6).hex()}"
    config = tmp_path / "reader.yaml"
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        start("simulate", "standard-single-phase-hchp", "--speed", "5", stdout=subprocess.PIPE) as meter,
        listen(broker) as mqtt,
    ):
        assert meter.stdout
        port = meter.stdout.readline().decode().strip()
        settings = {
            "port": port,
            "mqtt": {"host": [broker.host], "port": broker.port, "topic": base},
            "spool": {"journal": f"{memory}/journal", "path": str(tmp_path / "spool")},
        }
        config.write_text(json.dumps(settings))
        with start("run", "--config", config, stdout=subprocess.DEVNULL) as reader:
            assert mqtt.wait(
                lambda: any(topic.startswith(base) and topic.endswith("/frame") for topic, _ in mqtt.messages)
            )
            if not reader_runs_here:
                config.write_text(json.dumps(settings | {"spool": {"journal": str(tmp_path)}}))
            with start("watch", "--config", config, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
                assert watch.stdout
                assert watch.stderr
                line = watch.stdout.readline().decode()
                watch.send_signal(signal.SIGINT)
                assert watch.wait(WITHIN) == 0
                said = watch.stderr.read().decode()
            refused = run_command("reader", "watch", "--port", port, "--config", config)
            reader.send_signal(signal.SIGTERM)
            assert reader.wait(WITHIN) == 0
        meter.send_signal(signal.SIGTERM)
    assert re.match(r"\d\d:\d\d:\d\d \d{12}; en ligne; [\d ]+ VA sur 9 000; Heures pleines / creuses; Heures ", line), (
        line
    )
    assert re.fullmatch(rf"{port} est lu par .+ \(processus {reader.pid}\) : .*{re.escape(broker.host)}\n", said), said
    assert refused.returncode == 1
    assert "teleinfo-reader watch --mqtt" in refused.stderr


def test_malformed_messages_are_reported_and_frames_still_shown(broker: Broker, tmp_path: Path) -> None:
    base = f"test/watch-{os.urandom(6).hex()}"
    with (
        start("watch", "--config", config_of(broker, base, tmp_path), "--mqtt", stdout=subprocess.PIPE,
              stderr=subprocess.PIPE) as watch,
        listen(broker) as mqtt,
    ):  # fmt: skip
        assert watch.stdout
        deadline = time.monotonic() + WITHIN
        while not select.select([watch.stdout], [], [], 0.2)[0]:
            assert time.monotonic() < deadline
            for payload in (b"nonsense", b"[]", b'{"lines": 3}'):
                mqtt.publish(f"{base}/reader/a/health", payload)
                mqtt.publish(f"{base}/{METER}/frame", payload)
            mqtt.publish(f"{base}/{METER}/frame", FRAME)
        line = watch.stdout.readline()
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(WITHIN) == 0
    assert re.search(rb"1 230 VA sur 9 000", line)


def config_of(broker: Broker, base: str, folder: Path) -> Path:
    config = folder / "reader.yaml"
    config.write_text(
        json.dumps({"port": "/dev/null", "mqtt": {"host": broker.host, "port": broker.port, "topic": base}})
    )
    return config


def test_a_lost_broker_is_reported_in_the_language_of_the_screen(tmp_path: Path, programs: None) -> None:
    with Broker(tmp_path / "broker") as away:
        config = config_of(away, f"test/watch-{os.urandom(6).hex()}", tmp_path)
        away.stop()
        with start("watch", "--config", config, "--mqtt", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
            assert watch.stderr
            warning = watch.stderr.readline().decode()
            watch.send_signal(signal.SIGTERM)
            assert watch.wait(WITHIN) == 0
    assert f"{away.host}:{away.port} injoignable : connexion refusée\n" in warning
