"""The reader's health as metrics: every number of it, and nothing that names a delivery point."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.labels import Mode
from common.runtime.metrics import Kind
from reader.health import reader_metrics
from reader.line.frame_watchdog import Problem
from reader.line.health import LineHealth

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def report() -> dict[str, Any]:
    """A health report in which every number is another one."""
    line = LineHealth(
        "/dev/ttyAMA0", open=True, mode=Mode.STANDARD, parity=True, meter="031961123456", frames=101, incomplete=102,
        broken=103, misread=104, refused=129, groups=127, parity_errors=105, reopened=106,
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
