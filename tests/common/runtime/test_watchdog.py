import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.runtime.watchdog import Health, Heartbeat, Notifier, heartbeat_file


class Systemd(Notifier):
    """Records what is sent."""

    def __init__(self, watchdog: float | None = 60.0) -> None:
        super().__init__({})
        self.watchdog = watchdog
        self.sent: list[str] = []

    def send(self, *lines: str) -> None:
        self.sent += lines


def health(**change: Any) -> Health:
    return Health(**{"alive": True, "healthy": True, "status_text": "well", **change})


def test_only_the_first_beat_reports_ready() -> None:
    systemd = Systemd()
    heartbeat = Heartbeat(None, systemd)
    for now in range(100):
        heartbeat.beat(health(alive=False), now)
    assert systemd.sent == ["READY=1", "STATUS=well"]


def test_the_watchdog_is_notified_in_time_while_the_program_is_alive() -> None:
    systemd = Systemd(watchdog=15)
    heartbeat = Heartbeat(None, systemd)
    notified = []
    for now in range(100):
        systemd.sent.clear()
        heartbeat.beat(health(alive=not 40 <= now < 60, healthy=False), now)
        if "WATCHDOG=1" in systemd.sent:
            notified.append(now)
    assert notified == [*range(0, 40, 5), *range(60, 100, 5)]


def test_the_status_changes_at_most_every_ten_seconds_and_the_last_one_is_sent() -> None:
    systemd = Systemd(watchdog=None)
    heartbeat = Heartbeat(None, systemd)
    for now in range(30):
        heartbeat.beat(health(status_text=f"{min(now, 15)} frames"), now)
    assert [line for line in systemd.sent if line.startswith("STATUS")] == [
        "STATUS=0 frames",
        "STATUS=10 frames",
        "STATUS=15 frames",
    ]


def test_a_change_of_health_is_reported_at_once() -> None:
    systemd = Systemd(watchdog=None)
    heartbeat = Heartbeat(None, systemd)
    for now in range(9):
        heartbeat.beat(health(healthy=2 <= now < 5, status_text=f"{now} frames"), now)
    assert [line for line in systemd.sent if line.startswith("STATUS")] == [
        "STATUS=0 frames",
        "STATUS=2 frames",
        "STATUS=5 frames",
    ]


def test_the_file_is_touched_every_ten_seconds_while_healthy(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    heartbeat = Heartbeat(file, Systemd())
    touched = []
    for now in range(60):
        if file.exists():
            os.utime(file, (1, 1))
        heartbeat.beat(health(healthy=now != 20 and now < 40), now)
        if file.exists() and file.stat().st_mtime != 1:
            touched.append(now)
    assert touched == [0, 10, 21, 31]


def test_a_file_that_cannot_be_written_is_logged_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    file = tmp_path / "later" / "heartbeat"
    heartbeat = Heartbeat(file, Systemd())
    heartbeat.beat(health(), 0)
    heartbeat.beat(health(), 10)
    assert [str(file) in message for message in caplog.messages] == [True]
    file.parent.mkdir()
    heartbeat.beat(health(), 20)
    assert file.exists()


def test_the_health_is_evaluated_once_a_second() -> None:
    heartbeat = Heartbeat(None, Systemd())
    assert heartbeat.due(0)
    heartbeat.beat(health(), 0)
    assert not heartbeat.due(0.9)
    assert heartbeat.due(1.0)


@pytest.mark.parametrize(("watchdog", "seconds"), [(None, 10), (60.0, 10), (15.0, 5), (0.5, 1)])
def test_a_program_may_wait_until_the_next_signal_of_life_is_due(watchdog: float | None, seconds: float) -> None:
    heartbeat = Heartbeat(None, Systemd(watchdog))
    heartbeat.beat(health(), 100)
    assert heartbeat.next_due == 100 + seconds


@pytest.mark.parametrize("value", ["heartbeat", "/run/teleinfo/", "", 5, True])
def test_anything_but_an_absolute_file_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="/run/teleinfo/heartbeat"):
        heartbeat_file(value)


@pytest.fixture(params=["/", "@"], ids=["file", "abstract"])
def systemd_socket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The socket of systemd, and its name as the environment has it."""
    name = f"@teleinfo-test-{os.getpid()}" if request.param == "@" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(name.replace("@", "\0"))
        yield name, sock


def test_the_lines_are_sent_as_one_message(systemd_socket: tuple[str, socket.socket]) -> None:
    name, sock = systemd_socket
    Notifier({"NOTIFY_SOCKET": name}).send("READY=1", "STATUS=1 compteur relevé")
    assert sock.recv(1000).decode() == "READY=1\nSTATUS=1 compteur relevé"


def test_without_systemd_nothing_is_sent() -> None:
    notifier = Notifier({})
    notifier.send("READY=1")
    assert notifier.watchdog is None


def test_a_missing_systemd_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")})
    notifier.send("READY=1")
    notifier.send("WATCHDOG=1")
    assert len(caplog.messages) == 1
    assert "NOTIFY_SOCKET" in caplog.messages[0]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),  # for another process
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_interval_comes_from_the_environment(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/run/systemd/notify", **environment}).watchdog == seconds
