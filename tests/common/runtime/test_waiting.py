import logging
from pathlib import Path

import pytest

from common.errors import NotReady
from common.runtime.shutdown import Shutdown
from common.runtime.waiting import MAX_BACKOFF, when_ready
from common.runtime.watchdog import Heartbeat


class Notifier:
    watchdog = 20.0

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, *lines: str) -> None:
        self.sent += lines


class Stop:
    """A stop signal that comes after some waits, each of which returns at once."""

    def __init__(self, waits: int) -> None:
        self.waits: list[float] = []
        self._most = waits

    def is_set(self) -> bool:
        return len(self.waits) >= self._most

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.is_set()


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


def wait_for(reasons: list[str], notifier: Notifier, most: int = 100) -> tuple[str | None, list[float]]:
    shutdown = Shutdown()
    shutdown.stop = stop = Stop(most)  # type: ignore[assignment]

    def make() -> str:
        if reasons:
            raise NotReady(reasons.pop(0))
        return "made"

    return when_ready(make, shutdown, Heartbeat(Path("/nowhere"), notifier)), stop.waits  # type: ignore[arg-type]


def test_waits_grow_and_the_reason_is_logged_when_it_changes(
    notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made, waits = wait_for(["no folder"] * 9 + ["locked"], notifier)
    assert made == "made"
    assert waits[0] <= 1
    assert waits[-1] >= MAX_BACKOFF / 2
    assert max(waits) <= MAX_BACKOFF
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
    assert caplog.messages[:2] == ["no folder; trying again", "locked; trying again"]


def test_nothing_is_logged_when_ready_at_once(notifier: Notifier, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert wait_for([], notifier) == ("made", [])
    assert caplog.messages == []
    assert notifier.sent == []


def test_while_waiting_systemd_gets_ready_and_the_reason(notifier: Notifier) -> None:
    wait_for(["no folder"], notifier)
    assert notifier.sent == ["READY=1", "STATUS=waiting: no folder", "WATCHDOG=1"]


def test_the_stop_signal_ends_the_wait(notifier: Notifier) -> None:
    made, waits = wait_for(["no folder"] * 99, notifier, most=3)
    assert made is None
    assert len(waits) == 3
