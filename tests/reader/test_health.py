"""The reader's health: as metrics, and evaluated for the watchdog and the status text."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from common.runtime.metrics import MetricType
from reader.health import FRAME_TIMEOUT, NOISE_TIMEOUT, STALL_TIMEOUT, HealthCheck, reader_metrics
from reader.line.frame_watchdog import Problem
from reader.line.line_health import LineHealth

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def report() -> dict[str, Any]:
    """A health report in which every number is another one."""
    line = LineHealth(
        "/dev/ttyAMA0", open=True, mode=Mode.STANDARD, parity=True, meter="031961123456", frames=101, no_address=102,
        undecodable=103, address_mismatch=104, refused=129, groups=127, parity_errors=105, reopens=106,
        bytes=128, problem=Problem.UNREADABLE,
        dropped=Counter({"checksum": 107, "value": 108}), driver={"framing": 109},
    )  # fmt: skip
    return {
        "uptime": 110,
        "connects": 111,
        "delivery": {
            "decoded": 112,
            "confirmed": 113,
            "rejected": 114,
            "discarded": 115,
            "accepted_by_broker": 116,
            "pending": 117,
            "recovered": 118,
            "replayed": 119,
            "confirmed_by": ["main"],
            "journal": {"items": 120, "bytes": 121, "oldest": "2026-11-25T03:00:00.250000Z", "errors": 122},
            "spool": {"frames": 123, "bytes": 124, "oldest": None, "errors": 125},
        },
        "clock": {"synchronised": True, "steps_back": 126},
        "lines": [line.report(), LineHealth("/dev/ttyUSB0").report()],
    }


def numbers(document: Any) -> Iterator[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from numbers(item)
    elif type(document) is int:
        yield document


def test_every_number_of_the_report_is_there() -> None:
    shown = [sample.value for family in reader_metrics(report()) for sample in family.samples]
    assert set(numbers(report())) - set(shown) == set()


def test_counters_end_with_total() -> None:
    for family in reader_metrics(report()):
        assert re.fullmatch(r"teleinfo_reader_[a-z_]+", family.name)
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total"), family.name
        assert family.help
        assert len({tuple(sample.labels) for sample in family.samples}) <= 1


def test_lines_are_labelled_by_port_and_meter() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    assert [(sample.labels, sample.value) for sample in families["teleinfo_reader_frames_total"].samples] == [
        ({"port": "/dev/ttyAMA0", "meter": "031961123456"}, 101),
        ({"port": "/dev/ttyUSB0", "meter": ""}, 0),
    ]
    assert [
        (sample.labels["reason"], sample.value) for sample in families["teleinfo_reader_groups_dropped_total"].samples
    ] == [("checksum", 107), ("value", 108)]


def test_a_line_without_frames_has_a_problem_and_one_with_frames_has_none() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    (problem,) = families["teleinfo_reader_line_problem"].samples
    assert (problem.labels["port"], problem.labels["problem"], problem.value) == ("/dev/ttyAMA0", "unreadable", 1)


def test_the_oldest_frame_is_a_time_or_missing() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    (oldest,) = families["teleinfo_reader_journal_oldest_timestamp_seconds"].samples
    assert oldest.value == 1795575600.25
    assert families["teleinfo_reader_spool_oldest_timestamp_seconds"].samples == []


def test_each_metric_is_documented() -> None:
    page = DOCUMENT.read_text()
    for family in reader_metrics(report()):
        assert f"| `{family.name}` | {family.type} |" in page


NOW = 10_000.0


def line(*, loop: float = 0.5, byte: float = 0.5, frame: float = 1.0, **more: Any) -> LineHealth:
    """A line that gives frames; times are seconds ago."""
    return LineHealth(
        **{"port": "/dev/ttyAMA0", "open": True, "meter": "031961123456", "frames": 100, **more},
        last_loop_at=NOW - loop,
        last_byte_at=NOW - byte,
        last_frame_at=NOW - frame,
    )


def silent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, byte=math.inf, frame=math.inf, frames=0, meter=None)


def absent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, open=False, byte=math.inf, frame=math.inf, frames=0, meter=None)


def evaluate(*lines: LineHealth, connected: bool = True, last_activity: float = 1.0) -> tuple[bool, bool]:
    health = HealthCheck().evaluate(lines, connected=connected, last_activity=NOW - last_activity, pending=0, now=NOW)
    return health.alive, health.healthy


def test_with_frames_and_a_broker_the_reader_is_healthy() -> None:
    assert evaluate(line()) == (True, True)


@pytest.mark.parametrize("other", [silent(), absent()], ids=["silent", "absent"])
def test_one_line_with_frames_is_enough(other: LineHealth) -> None:
    assert evaluate(line(), other) == (True, True)
    assert evaluate(other) == (True, False)  # known to be so: a clean start would change nothing


def test_without_a_broker_it_is_alive_but_not_healthy() -> None:
    assert evaluate(line(), connected=False) == (True, False)


def test_after_half_a_minute_without_frames_it_is_not_healthy() -> None:
    assert evaluate(line(frame=29))[1]
    assert not evaluate(line(frame=31, byte=31))[1]


def test_with_a_stuck_thread_it_is_not_alive() -> None:
    assert evaluate(line(loop=STALL_TIMEOUT - 1)) == (True, True)
    assert not evaluate(line(), line(loop=STALL_TIMEOUT + 1))[0]  # the line's
    assert not evaluate(line(), last_activity=STALL_TIMEOUT + 1)[0]  # paho's


def test_before_the_first_connection_attempt_it_is_alive() -> None:
    assert evaluate(line(), last_activity=-math.inf)[0]


def test_noise_after_frames_asks_for_one_restart() -> None:
    assert evaluate(line(frame=NOISE_TIMEOUT - 1))[0]
    assert not evaluate(line(frame=NOISE_TIMEOUT + 1))[0]
    assert evaluate(line(frame=math.inf, frames=0))[0]  # after it


def test_the_status_text_has_the_rate_and_the_problems() -> None:
    check = HealthCheck()
    lines = [line(), line(port="/dev/ttyUSB1", meter="021528603314"), absent()]
    check.evaluate(lines, connected=True, last_activity=NOW, pending=0, now=NOW - 10)
    lines[0].frames += 7
    lines[1].frames += 8
    text = check.evaluate(lines, connected=True, last_activity=NOW, pending=3, now=NOW).status_text
    assert text.startswith("2 meters, 1.5 frames/s, connected, 3 pending, /dev/ttyUSB0: ")


def test_the_status_text_tells_noise_from_silence_after_half_a_minute() -> None:
    check = HealthCheck()
    lines = [line(frame=math.inf, port="/dev/ttyS0"), silent()]
    start, later = [
        check.evaluate(lines, connected=False, last_activity=NOW, pending=0, now=when).status_text.split(", ")
        for when in (NOW - FRAME_TIMEOUT, NOW)
    ]
    assert start[2:] == ["no broker", "0 pending", "/dev/ttyS0: listening", "/dev/ttyUSB0: listening"]
    assert later[5] == "/dev/ttyUSB0: silent"
    assert later[4] not in ("/dev/ttyS0: listening", "/dev/ttyS0: silent")
