"""The reader as systemd sees it, over its socket."""

import os
import re
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mqtt_client import WITHIN
from tests.support.programs import Service, wait_until
from tests.support.servers import Broker


class Systemd:
    """The supervisor's end of the notification socket; keeps each line that it receives."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder / "notify")
        self.received: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(WITHIN)
        self._socket.bind(self.name)

    def wait(self, pattern: str) -> str:
        """Return the first line that matches, of those that were or will be received."""
        while not (found := [line for line in self.received if re.fullmatch(pattern, line)]):
            self.received += self._socket.recv(4096).decode().split("\n")
        return found[0]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path)
    yield systemd
    systemd.close()


def test_a_reader_notifies_that_it_is_ready_alive_and_stopping(
    systemd: Systemd, broker: Broker, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory:
        settings = {
            "name": f"heartbeat-{os.urandom(6).hex()}",
            "port": "simulate://standard-single-phase-tempo?speed=20",
            "mqtt": {"host": broker.host, "port": broker.port, "topic": f"test/{os.urandom(6).hex()}"},
            "spool": {"journal": f"{memory}/journal", "path": str(tmp_path / "spool")},
            "heartbeat": str(tmp_path / "heartbeat"),
        }
        with Service("reader", tmp_path, settings) as reader:
            reader.start(NOTIFY_SOCKET=systemd.name, WATCHDOG_USEC="3000000")
            systemd.wait("READY=1")
            systemd.wait("WATCHDOG=1")
            systemd.wait(r"STATUS=1 meter, \d+\.\d frames/s, connected, \d+ pending")
            wait_until((tmp_path / "heartbeat").exists, WITHIN, "the heartbeat file")
            reader.send_signal(signal.SIGTERM)
            systemd.wait("STOPPING=1")
            assert reader.wait() == 0
