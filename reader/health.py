"""The reader's health: its counters as Prometheus metrics, listed in docs/metrics.md, and whether it works."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from common.contract.frame import parse_time
from common.machine.version import full_version
from common.plural import plural
from common.runtime.metrics import COUNTER, GAUGE, Family, MetricType, Sample
from common.runtime.watchdog import Health
from reader.line.line_health import LineHealth

_LINE = (
    ("open", "line_open", GAUGE, "1 while the port is open"),
    ("parity", "line_parity", GAUGE, "1 while the bytes of the line carry parity"),
    ("frames", "frames_total", COUNTER, "Frames decoded"),
    ("no_address", "frames_no_address_total", COUNTER, "Frames without a valid address"),
    ("undecodable", "frames_undecodable_total", COUNTER, "Frames without a start, or without a single valid group"),
    ("address_mismatch", "frames_address_mismatch_total", COUNTER, "Frames with another address, seen only once"),
    ("refused", "frames_refused_total", COUNTER, "Frames of more meters than one line may have (32)"),
    ("groups", "groups_total", COUNTER, "Groups with a valid checksum"),
    ("parity_errors", "parity_errors_total", COUNTER, "Bytes with wrong parity"),
    ("reopens", "port_reopens_total", COUNTER, "How often the port was reopened"),
    ("bytes", "line_bytes_total", COUNTER, "Bytes received"),
)
_DELIVERY = (
    ("decoded", "delivery_decoded_total", COUNTER, "Frames to deliver, including those recovered at the start"),
    ("confirmed", "delivery_confirmed_total", COUNTER, "Frames that a storer has committed"),
    ("rejected", "delivery_rejected_total", COUNTER, "Frames that a storer has permanently rejected"),
    ("discarded", "delivery_discarded_total", COUNTER, "Frames discarded to make room, or unreadable on disk"),
    (
        "accepted_by_broker",
        "delivery_accepted_by_broker_total",
        COUNTER,
        "Frames that the broker has acknowledged while no storer was known",
    ),
    ("pending", "delivery_pending", GAUGE, "Frames that are not confirmed yet"),
    ("recovered", "delivery_recovered_total", COUNTER, "Frames found in journal and spool at the start"),
    ("replayed", "delivery_replayed_total", COUNTER, "Frames sent again"),
)
_JOURNAL = (
    ("items", "journal_items", GAUGE, "Frames and tallies in memory-backed storage"),
    ("bytes", "journal_bytes", GAUGE, "Size of the journal"),
    ("errors", "journal_errors_total", COUNTER, "Errors on writing the journal"),
)
_SPOOL = (
    ("frames", "spool_frames", GAUGE, "Frames on disk that are not confirmed yet"),
    ("bytes", "spool_bytes", GAUGE, "Size of the spool"),
    ("errors", "spool_errors_total", COUNTER, "Errors on using the spool"),
)
_CLOCK = (
    ("synchronised", "clock_synchronised", GAUGE, "1 while the machine's clock is synchronised"),
    ("steps_back", "clock_steps_back_total", COUNTER, "How often the clock was set back"),
)


def reader_metrics(report: Mapping[str, Any]) -> list[Family]:
    """Return the metrics for a health report, as published on `health`."""
    return [Family(f"teleinfo_reader_{name}", kind, text, samples) for name, kind, text, samples in _families(report)]


def _families(report: Mapping[str, Any]) -> Iterator[tuple[str, MetricType, str, list[Sample]]]:
    yield "info", GAUGE, "1; the version is a label", [Sample({"version": full_version()}, 1)]
    yield "uptime_seconds", GAUGE, "Seconds since the start", [Sample({}, report["uptime"])]
    yield (
        "broker_connects_total",
        COUNTER,
        "Connections made to the broker",
        [Sample({}, report["connects"])],
    )
    lines = [({"port": str(line["port"]), "meter": str(line["meter"] or "")}, line) for line in report["lines"]]
    for key, name, kind, text in _LINE:
        yield name, kind, text, [Sample(labels, line[key]) for labels, line in lines]
    modes = [Sample({**labels, "mode": line["mode"]}, 1) for labels, line in lines if line["mode"]]
    yield "line_mode", GAUGE, "1; the mode is a label: historic or standard", modes
    problems = [Sample({**labels, "problem": line["problem"]}, 1) for labels, line in lines if line["problem"]]
    yield (
        "line_problem",
        GAUGE,
        "1 while no frames are received; the label says why: silent, unreadable",
        problems,
    )
    dropped = [
        Sample({**labels, "reason": reason}, count)
        for labels, line in lines
        for reason, count in line["groups_dropped"].items()
    ]
    yield "groups_dropped_total", COUNTER, "Groups dropped, by reason", dropped
    driver = [
        Sample({**labels, "error": error}, count) for labels, line in lines for error, count in line["driver"].items()
    ]
    yield "driver_errors_total", COUNTER, "What the serial driver counts: framing, overrun", driver
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
        samples = [Sample({}, parse_time(oldest).timestamp())] if oldest is not None else []
        yield f"{store}_oldest_timestamp_seconds", GAUGE, "Unix time of the oldest frame in it", samples


FRAME_TIMEOUT = 30.0  # seconds without a frame until a line counts as without frames
STALL_TIMEOUT = 120.0  # seconds without a loop until a thread counts as stuck; one takes seconds, even while waiting
NOISE_TIMEOUT = 120.0  # seconds of bytes without a frame, on a line that gave frames, until the program is restarted
_WINDOW = 30  # evaluations over which the frame rate is averaged


class HealthCheck:
    """Evaluates the health; keeps the last frame counts for the rate."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque(maxlen=_WINDOW)  # when, frames
        self._began = math.inf

    def evaluate(
        self, lines: Sequence[LineHealth], *, connected: bool, last_activity: float, pending: int, now: float
    ) -> Health:
        """Return the health of the reader.

        Args:
            lines: the health of each line.
            connected: whether the broker is connected.
            last_activity: when the threads that talk to the broker were active last, in monotonic seconds.
            pending: frames that are not confirmed yet.
            now: monotonic seconds.
        """
        self._began = min(self._began, now)
        self._counts.append((now, sum(line.frames for line in lines)))
        active = [line for line in lines if now - line.last_frame_at <= FRAME_TIMEOUT]
        return Health(
            alive=now - last_activity <= STALL_TIMEOUT and all(_is_alive(line, now) for line in lines),
            healthy=connected and bool(active),
            status_text=self._status_text(lines, active, connected=connected, pending=pending, now=now),
        )

    def _status_text(
        self, lines: Sequence[LineHealth], active: Sequence[LineHealth], *, connected: bool, pending: int, now: float
    ) -> str:
        (start, previous), (end, frames) = self._counts[0], self._counts[-1]
        rate = (frames - previous) / (end - start) if end > start else 0.0
        meters = len({line.meter for line in active})
        parts = [
            plural(meters, "meter"),
            f"{rate:.1f} frames/s",
            "connected" if connected else "no broker",
            f"{pending} pending",
            *(f"{line.port}: {self._problem(line, now)}" for line in lines if now - line.last_frame_at > FRAME_TIMEOUT),
        ]
        return ", ".join(parts)

    def _problem(self, line: LineHealth, now: float) -> str:
        if not line.open:
            return "port not available"
        if now - self._began < FRAME_TIMEOUT:
            return "listening"
        return "bytes but no frames" if now - line.last_byte_at <= FRAME_TIMEOUT else "silent"


def _is_alive(line: LineHealth, now: float) -> bool:
    """Return whether a restart would not help this line: its thread runs, and it has frames or a known reason for none.

    A missing port and a silent line are known reasons. A port that gave frames and now gives only noise may need a
    restart; after it, the line has given no frames, so this happens once.
    """
    noise = now - line.last_byte_at <= FRAME_TIMEOUT and now - line.last_frame_at > NOISE_TIMEOUT and line.frames > 0
    return now - line.last_loop_at <= STALL_TIMEOUT and not noise
