"""The reader's health as metrics: every number of it, and nothing that names a delivery point."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.labels import Mode
from common.runtime.metrics import Kind
from reader.health import FRAME_TIMEOUT, NOISE_TIMEOUT, STALL_TIMEOUT, HealthCheck, reader_metrics
from reader.line.frame_watchdog import Problem
from reader.line.health import LineHealth

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
            "thinned": 115,
            "handed_over": 116,
            "waiting": 117,
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


def test_what_only_rises_is_a_counter_and_says_so() -> None:
    for family in reader_metrics(report()):
        assert re.fullmatch(r"teleinfo_reader_[a-z_]+", family.name)
        assert (family.kind is Kind.COUNTER) == family.name.endswith("_total"), family.name
        assert family.help
        assert len({tuple(sample.labels) for sample in family.samples}) <= 1


def test_lines_are_told_apart_by_port_and_meter() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    assert [(sample.labels, sample.value) for sample in families["teleinfo_reader_frames_total"].samples] == [
        ({"port": "/dev/ttyAMA0", "meter": "031961123456"}, 101),
        ({"port": "/dev/ttyUSB0", "meter": ""}, 0),
    ]
    assert [
        (sample.labels["reason"], sample.value) for sample in families["teleinfo_reader_groups_dropped_total"].samples
    ] == [("checksum", 107), ("value", 108)]


def test_a_line_without_frames_says_why_and_one_with_frames_does_not() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    (problem,) = families["teleinfo_reader_line_problem"].samples
    assert (problem.labels["port"], problem.labels["problem"], problem.value) == ("/dev/ttyAMA0", "unreadable", 1)


def test_the_oldest_frame_is_a_time_or_missing() -> None:
    families = {family.name: family for family in reader_metrics(report())}
    (oldest,) = families["teleinfo_reader_journal_oldest_timestamp_seconds"].samples
    assert oldest.value == 1795575600.25
    assert families["teleinfo_reader_spool_oldest_timestamp_seconds"].samples == []


def test_each_is_documented() -> None:
    page = DOCUMENT.read_text()
    for family in reader_metrics(report()):
        assert f"| `{family.name}` | {family.kind} |" in page


NOW = 10_000.0


def line(*, turned: float = 0.5, heard: float = 0.5, framed: float = 1.0, **more: Any) -> LineHealth:
    """A line that gives frames; times are seconds ago."""
    return LineHealth(
        **{"port": "/dev/ttyAMA0", "open": True, "meter": "031961123456", "frames": 100, **more},
        last_loop_at=NOW - turned,
        last_byte_at=NOW - heard,
        last_frame_at=NOW - framed,
    )


def silent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, heard=math.inf, framed=math.inf, frames=0, meter=None)


def absent(port: str = "/dev/ttyUSB0") -> LineHealth:
    return line(port=port, open=False, heard=math.inf, framed=math.inf, frames=0, meter=None)


def feel(*lines: LineHealth, connected: bool = True, stirred: float = 1.0) -> tuple[bool, bool]:
    vitals = HealthCheck().evaluate(lines, connected=connected, stirred=NOW - stirred, waiting=0, now=NOW)
    return vitals.alive, vitals.healthy


def test_with_frames_and_a_broker_all_is_well() -> None:
    assert feel(line()) == (True, True)


@pytest.mark.parametrize("other", [silent(), absent()], ids=["silent", "absent"])
def test_one_line_with_frames_is_enough(other: LineHealth) -> None:
    assert feel(line(), other) == (True, True)
    assert feel(other) == (True, False)  # known to be so: a clean start would change nothing


def test_without_a_broker_it_is_alive_but_does_not_do_its_work() -> None:
    assert feel(line(), connected=False) == (True, False)


def test_frames_that_ceased_half_a_minute_ago_are_not_coming() -> None:
    assert feel(line(framed=29))[1]
    assert not feel(line(framed=31, heard=31))[1]


def test_a_thread_that_is_stuck_lets_the_watchdog_bite() -> None:
    assert feel(line(turned=STALL_TIMEOUT - 1)) == (True, True)
    assert not feel(line(), line(turned=STALL_TIMEOUT + 1))[0]  # the line's
    assert not feel(line(), stirred=STALL_TIMEOUT + 1)[0]  # paho's


def test_before_the_broker_was_ever_tried_nothing_is_stuck() -> None:
    assert feel(line(), stirred=-math.inf)[0]


def test_bytes_that_make_no_frames_any_more_ask_for_a_fresh_start_once() -> None:
    assert feel(line(framed=NOISE_TIMEOUT - 1))[0]
    assert not feel(line(framed=NOISE_TIMEOUT + 1))[0]
    assert feel(line(framed=math.inf, frames=0))[0]  # after it


def test_the_words_are_for_people() -> None:
    pulse = HealthCheck()
    lines = [line(), line(port="/dev/ttyUSB1", meter="021528603314"), absent()]
    pulse.evaluate(lines, connected=True, stirred=NOW, waiting=0, now=NOW - 10)
    lines[0].frames += 7
    lines[1].frames += 8
    words = pulse.evaluate(lines, connected=True, stirred=NOW, waiting=3, now=NOW).status_text
    assert words == "2 meters, 1.5 frames/s, connected, 3 waiting, /dev/ttyUSB0: not there"


def test_the_words_tell_what_is_missing() -> None:
    pulse = HealthCheck()
    lines = [line(framed=math.inf, port="/dev/ttyS0"), silent()]
    words = [
        pulse.evaluate(lines, connected=False, stirred=NOW, waiting=0, now=when).status_text
        for when in (NOW - FRAME_TIMEOUT, NOW)
    ]
    assert words == [
        "0 meters, 0.0 frames/s, no broker, 0 waiting, /dev/ttyS0: listening, /dev/ttyUSB0: listening",
        "0 meters, 0.0 frames/s, no broker, 0 waiting, /dev/ttyS0: no frame in what comes, /dev/ttyUSB0: silent",
    ]
