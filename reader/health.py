"""Names the counters of the reader's health for Prometheus; docs/metrics.md lists them."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from common.frame import parse_time
from common.plural import plural
from common.runtime.metrics import Family, Kind, Sample
from common.runtime.watchdog import Health
from common.version import __version__
from reader.line.health import LineHealth

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
        samples = [Sample({}, parse_time(oldest).timestamp())] if oldest is not None else []
        yield f"{store}_oldest_timestamp_seconds", Kind.GAUGE, "Unix time of the oldest frame that waits there", samples


FRAME_TIMEOUT = 30.0  # seconds for which a frame counts as coming
STALL_TIMEOUT = (
    120.0  # seconds without a turn after which a thread counts as stuck; each is much faster, even while it waits
)
NOISE_TIMEOUT = (
    120.0  # seconds of bytes without a frame, on a line that gave frames, after which its port is opened afresh
)
_WINDOW = 30  # looks, over which the rate of frames is taken


class HealthCheck:
    """Remembers enough of the last looks to tell how fast frames come."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=_WINDOW)
        self._began = math.inf

    def evaluate(
        self, lines: Sequence[LineHealth], *, connected: bool, stirred: float, waiting: int, now: float
    ) -> Health:
        """Return how the reader is, as far as its own loop turns.

        Args:
            lines: what each line has seen.
            connected: whether the broker has taken us in.
            stirred: when the threads that talk to the broker last did something.
            waiting: frames that are still to be confirmed.
            now: monotonic seconds.
        """
        self._began = min(self._began, now)
        self._looks.append((now, sum(line.frames for line in lines)))
        coming = [line for line in lines if now - line.last_frame_at <= FRAME_TIMEOUT]
        return Health(
            alive=now - stirred <= STALL_TIMEOUT and all(_works(line, now) for line in lines),
            healthy=connected and bool(coming),
            status_text=self._words(lines, coming, connected=connected, waiting=waiting, now=now),
        )

    def _words(
        self, lines: Sequence[LineHealth], coming: Sequence[LineHealth], *, connected: bool, waiting: int, now: float
    ) -> str:
        (start, before), (end, frames) = self._looks[0], self._looks[-1]
        rate = (frames - before) / (end - start) if end > start else 0.0
        meters = len({line.meter for line in coming})
        parts = [
            plural(meters, "meter"),
            f"{rate:.1f} frames/s",
            "connected" if connected else "no broker",
            f"{waiting} waiting",
            *(f"{line.port}: {self._lack(line, now)}" for line in lines if now - line.last_frame_at > FRAME_TIMEOUT),
        ]
        return ", ".join(parts)

    def _lack(self, line: LineHealth, now: float) -> str:
        if not line.open:
            return "not there"
        if now - self._began < FRAME_TIMEOUT:
            return "listening"
        return "no frame in what comes" if now - line.last_byte_at <= FRAME_TIMEOUT else "silent"


def _works(line: LineHealth, now: float) -> bool:
    """Tell whether the thread of the line turns, and hears frames or knows why it hears none.

    Its own loop says that a port is absent or a line silent. What only a fresh start may heal is a port that gave
    frames and now gives bytes that make none: after that start it has given none, so this happens once.
    """
    spoilt = now - line.last_byte_at <= FRAME_TIMEOUT and now - line.last_frame_at > NOISE_TIMEOUT and line.frames > 0
    return now - line.last_loop_at <= STALL_TIMEOUT and not spoilt
