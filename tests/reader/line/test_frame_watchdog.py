"""Warnings about a line without frames, and how often they come."""

import pytest

from common.runtime.logs import EVERY
from reader.line.frame_watchdog import NO_FRAME_AFTER, FrameWatchdog, Problem

PORT = "/dev/ttyAMA0"


def watchdog_with(count: int, port: str = PORT) -> FrameWatchdog:
    """Watch a line on which `count` bytes arrived just before it becomes a problem."""
    watchdog = FrameWatchdog(port, 0.0)
    if count:
        watchdog.on_bytes(count, NO_FRAME_AFTER - 1)
    return watchdog


@pytest.mark.parametrize(
    ("count", "port", "parts"),
    [
        (0, PORT, ("nothing arrives on /dev/ttyAMA0", "I1/I2", "the port")),
        (0, "socket://gateway:2000", ("nothing arrives on socket://gateway:2000", "the gateway")),
        (1204, PORT, ("1,204 bytes", PORT, "no valid frame", "teleinfo-reader check")),
    ],
)
def test_a_warning_names_the_port_and_what_to_check(count: int, port: str, parts: tuple[str, ...]) -> None:
    warning = watchdog_with(count, port).poll(NO_FRAME_AFTER)
    assert warning is not None
    assert [part for part in parts if part not in warning] == []
    assert "\n" not in warning


def test_bytes_before_the_last_frame_do_not_count() -> None:
    watchdog = FrameWatchdog(PORT, 0.0)
    watchdog.on_bytes(900, 1.0)
    watchdog.on_frame(1.0)
    watchdog.on_bytes(7, NO_FRAME_AFTER)
    assert str(watchdog.poll(1.0 + NO_FRAME_AFTER)).startswith("7 bytes ")


def test_opening_the_port_restarts_the_time_unless_there_is_a_problem() -> None:
    watchdog = FrameWatchdog(PORT, 0.0)
    watchdog.on_open(100.0)
    assert watchdog.explain(101.0) is None
    assert watchdog.poll(101.0) is None
    assert watchdog.poll(100.0 + NO_FRAME_AFTER) is not None
    watchdog.on_open(120.0)
    watchdog.poll(120.1)
    assert watchdog.problem is Problem.SILENT
    watchdog.on_absent()
    watchdog.on_open(130.0)
    watchdog.poll(130.1)
    assert watchdog.problem is None


def test_does_not_warn_again_of_what_was_explained() -> None:
    watchdog = watchdog_with(0)
    assert "nothing arrives" in str(watchdog.explain(10.0))
    assert watchdog.poll(NO_FRAME_AFTER) is None
    assert watchdog.problem is Problem.SILENT
    assert watchdog.poll(10.0 + EVERY) is not None
