import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.notify import Notifier


@pytest.fixture(params=["/", "@"], ids=["file", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The socket of systemd, and its name as the environment has it."""
    name = f"@teleinfo-test-{os.getpid()}" if request.param == "@" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(name.replace("@", "\0"))
        yield name, sock


def test_what_is_told_arrives_as_one_message(ear: tuple[str, socket.socket]) -> None:
    name, sock = ear
    Notifier({"NOTIFY_SOCKET": name}).tell("READY=1", "STATUS=1 compteur relevé")
    assert sock.recv(1000).decode() == "READY=1\nSTATUS=1 compteur relevé"


def test_without_systemd_nothing_is_told() -> None:
    notifier = Notifier({})
    notifier.tell("READY=1")
    assert notifier.watchdog is None


def test_a_systemd_that_is_gone_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")})
    notifier.tell("READY=1")
    notifier.tell("WATCHDOG=1")
    assert len(caplog.messages) == 1
    assert "NOTIFY_SOCKET" in caplog.messages[0]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),  # it watches somebody else
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_as_patient_as_systemd_says(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/run/systemd/notify", **environment}).watchdog == seconds
