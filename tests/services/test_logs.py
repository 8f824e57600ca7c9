"""What the programs write while things go wrong: never a secret, nor a delivery point."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.servers import Broker, free_port
from demo.servers import Database as Server
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.support.frames import DAY
from tests.support.mqtt_client import WITHIN, listen

ROOT = Path(__file__).resolve().parents[2]
KIND = "standard-single-phase-tempo"
PASSWORD = "xyzzy-plugh-53"

#: The program at its most talkative.
TALKATIVE = """
import logging, sys
from common.runtime import logs
set_up = logs.set_up
logs.set_up = lambda settings, program: set_up(settings, program, "DEBUG")
from {program}.__main__ import main
sys.exit(main())
"""


def delivery_point() -> str:
    """What a simulated meter says as its PRM."""
    (reading,) = Decoder().feed(SimulatedMeter(KIND).frame(DAY))
    return str(reading.values["PRM"])


PRM = delivery_point()


class Program:
    """A reader or a storer, whose words are kept."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.out = folder / f"{program}.out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, settings: dict[str, Any] | str, command: str = "run", *arguments: str) -> None:
        file = self.folder / f"{self.program}.yaml"
        file.write_text(settings if isinstance(settings, str) else json.dumps(settings))
        code = TALKATIVE.format(program=self.program)
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", code, command, "--config", str(file), *arguments],
                env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdout=out,
                stderr=out,
            )

    def wait_for(self, *patterns: str) -> None:
        """Wait until all of it was said."""
        assert self.process is not None
        for _ in range(int(WITHIN * 20)):
            if all(re.search(pattern, self.out.read_text()) for pattern in patterns):
                return
            with_rest = self.process.poll() is not None
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            if with_rest:
                break
        raise AssertionError(f"{patterns}: {self.out.read_text()}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(how)
        return process.wait(WITHIN)

    def code(self) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        return process.wait(WITHIN)

    def lines(self) -> list[str]:
        return self.out.read_text().splitlines()


Start = Callable[[str], Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    programs: list[Program] = []

    def start(program: str) -> Program:
        programs.append(Program(program, tmp_path))
        return programs[-1]

    yield start
    for program in programs:
        if program.process is not None:
            program.end(signal.SIGKILL)


@pytest.fixture
def memory() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory:
        yield memory


def clean(program: Program) -> list[str]:
    """Return what was said, if it gives nothing away."""
    lines = program.lines()
    assert lines
    for secret in (PASSWORD, PRM, "Traceback"):
        assert [line for line in lines if secret in line] == []
    return lines


def login(server: Server) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "password": server.password}


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"username": "somebody", "password": PASSWORD}, "refuses us: Not authorized"),
    ({"username": "somebody", "password": PASSWORD, "tls": {}}, "cannot be reached: "),
]


@pytest.mark.parametrize(("login_at_broker", "said"), TROUBLES, ids=["a wrong password", "TLS where there is none"])
def test_a_broker_that_refuses_learns_the_password_but_no_log_does(
    login_at_broker: dict[str, Any],
    said: str,
    fresh_database: Server,
    programs: None,
    tmp_path: Path,
    memory: str,
    start: Start,
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    reader, storer = start("reader"), start("storer")
    with Broker(tmp_path / "broker", config=f"password_file {passwords}") as broker:
        mqtt = {"host": broker.host, "port": broker.port, **login_at_broker}
        spool = {"journal": f"{memory}/journal", "path": f"{memory}/spool"}
        reader.start({"port": f"simulate://{KIND}?speed=20", "mqtt": mqtt, "spool": spool})
        storer.start({"mqtt": mqtt, "database": login(fresh_database)})
        reader.wait_for(said, "frames are coming")
        storer.wait_for(said)
        assert (reader.end(), storer.end()) == (0, 0)
    for program in (reader, storer):
        clean(program)


def test_a_database_that_refuses_is_told_without_the_password(database: Server, broker: Broker, start: Start) -> None:
    settings = {"database": login(database) | {"password": PASSWORD}, "mqtt": {"port": broker.port}}
    for command in (["run"], ["migrate"], ["export"], ["backup", "/tmp"]):
        storer = start("storer")
        storer.start(settings, *command)
        assert storer.code() == 3
        assert "Access denied" in clean(storer)[-1]


@pytest.mark.parametrize(
    "line",
    [
        f"password: *{PASSWORD}",
        f"password: !{PASSWORD}",
        f"password: [{PASSWORD}]",
        f"password: {{{PASSWORD}: 1}}",
        f"password: '{PASSWORD}",
        f"password: {PASSWORD}\n  password: {PASSWORD}",
        f"password: {PASSWORD}: x",
        f"passwort: {PASSWORD}",
        f"password: {PASSWORD}\n  password_file: /nowhere",
        f"password: {PASSWORD}\n  port: none",
    ],
)
def test_a_configuration_that_is_wrong_is_told_without_the_password(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from storer.__main__ import main

    file = tmp_path / "storer.yaml"
    file.write_text(f"mqtt:\n  {line}\n")
    monkeypatch.setattr(sys, "argv", ["teleinfo-storer", "migrate", "--config", str(file)])
    assert main() == 2
    out, err = capsys.readouterr()
    assert out == ""
    (said,) = err.splitlines()
    assert str(file) in said
    assert PASSWORD not in said


@pytest.mark.parametrize("layout", ["plain", "json"])
def test_no_log_names_the_delivery_point(
    layout: str, broker: Broker, fresh_database: Server, memory: str, start: Start
) -> None:
    """Neither when a meter says it, nor when somebody else sends it where it does not belong."""
    name = f"log-{os.urandom(6).hex()}"
    mqtt = {"host": broker.host, "port": broker.port, "topic": name}
    reader, storer = start("reader"), start("storer")
    with listen(broker) as client:
        storer.start({"name": name, "mqtt": mqtt, "database": login(fresh_database), "log": {"format": layout}})
        storer.wait_for("Connected to the broker")
        reader.start(
            {
                "name": name,
                "port": f"simulate://{KIND}?speed=20&noise=1e-4",
                "mqtt": mqtt,
                "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
                "log": {"format": layout},
            }
        )
        assert client.wait(lambda: any(topic.endswith("/stored") and name in topic for topic, _ in client.messages))
        assert any(PRM.encode() in payload for topic, payload in client.messages if name in topic)
        wrong = {"meter": PRM, "timestamp": PRM, "mode": "standard", "frame": {"PRM": PRM}}
        client.publish(f"{name}/{PRM}/frame", json.dumps(wrong).encode())
        storer.wait_for("Rejected, .*14 digits")
        for number in range(100):
            client.publish(f"{name}/{PRM}/frame", json.dumps([PRM, number]).encode())
        assert client.wait(lambda: sum(topic == f"{name}/rejected" for topic, _ in client.messages) > 100)
        assert len([line for line in storer.lines() if "Rejected" in line]) == 1
        client.publish(f"{name}/{PRM}/stored", json.dumps({"storer": "x", "timestamps": [PRM]}).encode())
        client.publish(f"{name}/storer/{PRM}/status", PRM.encode())
        reader.wait_for("not a confirmation", "is not understood")
    assert (reader.end(), storer.end()) == (0, 0)
    for program in (reader, storer):
        for line in clean(program):
            if layout == "json":
                assert {"time", "level", "logger", "program", "message"} <= json.loads(line).keys()


def test_a_port_for_metrics_that_is_taken_is_said_once_and_stops_nothing(
    broker: Broker, memory: str, start: Start
) -> None:
    reader = start("reader")
    reader.start(
        {
            "port": f"simulate://{KIND}",
            "mqtt": {"port": free_port()},
            "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
            "metrics": {"port": broker.port},
        }
    )
    reader.wait_for(r"WARNING.*Address already in use", r"Listening on simulate")
    assert reader.end() == 0
    assert len([line for line in reader.lines() if "Address already in use" in line]) == 1
