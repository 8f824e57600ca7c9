"""Names the counters of the reader's health for Prometheus; docs/metrics.md lists them."""

from collections.abc import Iterator, Mapping
from typing import Any

from common.frame import read_instant
from common.runtime.metrics import Family, Kind, Sample
from common.version import __version__

_LINE = (
    ("open", "line_open", Kind.GAUGE, "1 while the port is open"),
    ("parity", "line_parity", Kind.GAUGE, "1 while the bytes of the line carry parity"),
    ("frames", "frames_total", Kind.COUNTER, "Frames decoded"),
    ("incomplete", "frames_incomplete_total", Kind.COUNTER, "Frames without a valid address"),
    ("broken", "frames_broken_total", Kind.COUNTER, "Frames without a start, or without a single good group"),
    ("misread", "frames_misread_total", Kind.COUNTER, "Frames with an address that was seen only once"),
    ("refused", "frames_refused_total", Kind.COUNTER, "Frames of more meters than one line may have (32)"),
    ("groups", "groups_total", Kind.COUNTER, "Groups that verified"),
    ("parity_errors", "parity_errors_total", Kind.COUNTER, "Bytes with wrong parity"),
    ("reopened", "line_reopened_total", Kind.COUNTER, "How often the port was opened again"),
    ("bytes", "line_bytes_total", Kind.COUNTER, "Bytes received"),
)
_DELIVERY = (
    ("decoded", "delivery_decoded_total", Kind.COUNTER, "Frames to be delivered, those of before the start included"),
    ("confirmed", "delivery_confirmed_total", Kind.COUNTER, "Frames that a storer has committed"),
    ("rejected", "delivery_rejected_total", Kind.COUNTER, "Frames that a storer will never store"),
    ("thinned", "delivery_thinned_total", Kind.COUNTER, "Frames given up for want of room, or unreadable on the disk"),
    ("handed_over", "delivery_handed_over_total", Kind.COUNTER, "Frames that only the broker has taken"),
    ("waiting", "delivery_waiting", Kind.GAUGE, "Frames that are still to be confirmed"),
    ("recovered", "delivery_recovered_total", Kind.COUNTER, "Frames found in journal and spool at the start"),
    ("replayed", "delivery_replayed_total", Kind.COUNTER, "Frames sent again"),
)
_JOURNAL = (
    ("items", "journal_items", Kind.GAUGE, "Frames and tallies in memory-backed storage"),
    ("bytes", "journal_bytes", Kind.GAUGE, "Size of the journal"),
    ("errors", "journal_errors_total", Kind.COUNTER, "Failures to write the journal"),
)
_SPOOL = (
    ("frames", "spool_frames", Kind.GAUGE, "Frames that wait on disk"),
    ("bytes", "spool_bytes", Kind.GAUGE, "Size of the spool"),
    ("errors", "spool_errors_total", Kind.COUNTER, "Failures to use the spool"),
)
_CLOCK = (
    ("synchronised", "clock_synchronised", Kind.GAUGE, "1 while the machine's clock is synchronised"),
    ("steps_back", "clock_steps_back_total", Kind.COUNTER, "How often the clock was set back"),
)


def reader_metrics(report: Mapping[str, Any]) -> list[Family]:
    """Turn a health report into families of samples."""
    return [Family(f"teleinfo_reader_{name}", kind, text, samples) for name, kind, text, samples in _families(report)]


def _families(report: Mapping[str, Any]) -> Iterator[tuple[str, Kind, str, list[Sample]]]:
    yield "info", Kind.GAUGE, "1; the version is a label", [Sample({"version": __version__}, 1)]
    yield "uptime_seconds", Kind.GAUGE, "Seconds since the start", [Sample({}, report["uptime"])]
    yield "broker_connects_total", Kind.COUNTER, "Connections made to the broker", [Sample({}, report["connects"])]
    lines = [({"port": str(line["port"]), "meter": str(line["meter"] or "")}, line) for line in report["lines"]]
    for key, name, kind, text in _LINE:
        yield name, kind, text, [Sample(labels, line[key]) for labels, line in lines]
    modes = [Sample({**labels, "mode": line["mode"]}, 1) for labels, line in lines if line["mode"]]
    yield "line_mode", Kind.GAUGE, "1; what the meter speaks is a label", modes
    problems = [Sample({**labels, "problem": line["problem"]}, 1) for labels, line in lines if line["problem"]]
    yield "line_problem", Kind.GAUGE, "1 while no frame comes; a label says why: silent, unreadable", problems
    dropped = [
        Sample({**labels, "reason": reason}, count)
        for labels, line in lines
        for reason, count in line["groups_dropped"].items()
    ]
    yield "groups_dropped_total", Kind.COUNTER, "Groups dropped, by reason", dropped
    driver = [
        Sample({**labels, "error": error}, count) for labels, line in lines for error, count in line["driver"].items()
    ]
    yield "driver_errors_total", Kind.COUNTER, "What the serial driver counts: framing, overrun", driver
    delivery = report["delivery"]
    for section, options in (
        (delivery, _DELIVERY),
        (delivery["journal"], _JOURNAL),
        (delivery["spool"], _SPOOL),
        (report["clock"], _CLOCK),
    ):
        for key, name, kind, text in options:
            yield name, kind, text, [Sample({}, section[key])]
    for store in ("journal", "spool"):
        oldest = delivery[store]["oldest"]
        samples = [Sample({}, read_instant(oldest).timestamp())] if oldest is not None else []
        yield f"{store}_oldest_timestamp_seconds", Kind.GAUGE, "Unix time of the oldest frame that waits there", samples
