"""One meter on two ports."""

import math

from reader.line.line_health import LineHealth
from reader.line.shared_meter import RECENT, SharedMeters

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
