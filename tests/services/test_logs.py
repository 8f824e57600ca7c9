"""What the programs write while things go wrong: never a secret, nor a delivery point."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.support.frames import DAY
from tests.support.mqtt_client import listen
from tests.support.programs import Program
from tests.support.servers import Broker
from tests.support.servers import Database as Server

KIND = "standard-single-phase-tempo"
PASSWORD = "xyzzy-plugh-53"


def delivery_point() -> str:
    """What a simulated meter says as its PRM."""
    (reading,) = Decoder().feed(SimulatedMeter(KIND).frame(DAY))
    return str(reading.values["PRM"])


PRM = delivery_point()


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command of the reader or the storer with a configuration and debug logging."""
    with contextlib.ExitStack() as running:

        def start(module: str, settings: dict[str, Any], command: str = "run", *arguments: str) -> Program:
            file = tmp_path / f"{module}.yaml"
            file.write_text(json.dumps(settings))
            line = ("tests.support.debug_logs", module, command, "--config", str(file), *arguments)
            return running.enter_context(Program(module, *line, folder=tmp_path).start(PYTHONUNBUFFERED="1"))

        yield start


@pytest.fixture
def memory() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory:
        yield memory


def clean(program: Program) -> list[str]:
    """Return the lines of its log; fail if one contains a secret or a traceback."""
    lines = program.lines()
    assert lines
    for secret in (PASSWORD, PRM, "Traceback"):
        assert [line for line in lines if secret in line] == []
    return lines


def login(server: Server) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "password": server.password}


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"username": "somebody", "password": PASSWORD}, "refused the connection: Not authorized"),
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
    with Broker(tmp_path / "broker", config=f"password_file {passwords}") as broker:
        mqtt = {"host": broker.host, "port": broker.port, **login_at_broker}
        spool = {"journal": f"{memory}/journal", "path": f"{memory}/spool"}
        reader = start("reader", {"port": f"simulate://{KIND}?speed=20", "mqtt": mqtt, "spool": spool})
        storer = start("storer", {"mqtt": mqtt, "database": login(fresh_database)})
        reader.wait_for_log(said, "receiving frames")
        storer.wait_for_log(said)
        assert (reader.stop(), storer.stop()) == (0, 0)
    for program in (reader, storer):
        clean(program)


def test_a_database_that_refuses_is_told_without_the_password(database: Server, broker: Broker, start: Start) -> None:
    settings = {"database": login(database) | {"password": PASSWORD}, "mqtt": {"port": broker.port}}
    for command in (["run"], ["migrate"], ["export"], ["backup", "/tmp"]):
        storer = start("storer", settings, *command)
        assert storer.wait() == 3
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
    with listen(broker) as client:
        storer = start(
            "storer", {"name": name, "mqtt": mqtt, "database": login(fresh_database), "log": {"format": layout}}
        )
        storer.wait_for_log("Connected to the broker")
        reader = start(
            "reader",
            {
                "name": name,
                "port": f"simulate://{KIND}?speed=20&noise=1e-4",
                "mqtt": mqtt,
                "spool": {"journal": f"{memory}/journal", "path": f"{memory}/spool"},
                "log": {"format": layout},
            },
        )
        assert client.wait(lambda: any(topic.endswith("/stored") and name in topic for topic, _ in client.messages))
        # Noise may have taken it out of the first frame.
        assert client.wait(lambda: any(PRM.encode() in payload for topic, payload in client.messages if name in topic))
        wrong = {"meter": PRM, "timestamp": PRM, "mode": "standard", "frame": {"PRM": PRM}}
        client.publish(f"{name}/{PRM}/frame", json.dumps(wrong).encode())
        storer.wait_for_log("Rejected .*14 digits")
        for number in range(100):
            client.publish(f"{name}/{PRM}/frame", json.dumps([PRM, number]).encode())
        assert client.wait(lambda: sum(topic == f"{name}/rejected" for topic, _ in client.messages) > 100)
        assert len(storer.lines("Rejected")) == 1
        stored = next(topic for topic, _ in client.messages if topic.endswith("/stored") and name in topic)
        client.publish(stored, json.dumps({"storer": "x", "timestamps": [PRM]}).encode())
        client.publish(f"{name}/storer/{PRM}/status", PRM.encode())
        reader.wait_for_log("invalid confirmation", "invalid status")
    assert (reader.stop(), storer.stop()) == (0, 0)
    for program in (reader, storer):
        for line in clean(program):
            if layout == "json":
                assert {"time", "level", "logger", "program", "message"} <= json.loads(line).keys()
