"""Warnings about a line without frames, how often they come, and one meter on two ports."""

import math

import pytest

from common.runtime.logs import EVERY
from reader.line.health import NO_FRAME_AFTER, RECENT, FrameWatchdog, LineHealth, Problem, SharedMeters

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


A, B = "031961123456", "041067218788"
USB = tuple(f"/dev/ttyUSB{number}" for number in range(4))


def line(port: str, meter: str | None, last_frame_at: float = math.inf) -> LineHealth:
    return LineHealth(port, meter=meter, last_frame_at=last_frame_at)


def test_reports_two_ports_with_one_meter_once() -> None:
    meters = SharedMeters()
    lines = [line(USB[0], A), line(USB[1], B), line(USB[2], A)]
    assert [meters.find(lines, 60.0 * minute) for minute in range(4)] == [[], [(A, [USB[0], USB[2]])], [], []]


def test_reports_each_of_two_pairs() -> None:
    meters = SharedMeters()
    lines = [line(USB[0], A), line(USB[1], B), line(USB[2], A), line(USB[3], B)]
    meters.find(lines, 0.0)
    assert meters.find(lines, 60.0) == [(A, [USB[0], USB[2]]), (B, [USB[1], USB[3]])]


def test_does_not_report_a_moved_cable_or_lines_without_a_meter() -> None:
    meters = SharedMeters()
    moved = [
        line(USB[0], A, last_frame_at=98.0),
        line(USB[1], A, last_frame_at=100.0),
        line(USB[2], None),
        line(USB[3], None),
    ]
    assert meters.find(moved, 100.0) == []
    moved[1].last_frame_at = 160.0
    assert meters.find(moved, 160.0) == []
    moved[0].last_frame_at = 160.0 - RECENT  # from now on both
    assert meters.find(moved, 160.0) == []
    assert [meter for meter, _ in meters.find(moved, 160.0)] == [A]
