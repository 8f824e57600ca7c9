"""Names the counters of the storer's health for Prometheus; docs/metrics.md lists them."""

from collections.abc import Mapping
from typing import Any

from common.plural import plural
from common.runtime.metrics import Family, Kind, Sample
from common.runtime.watchdog import Health
from common.version import __version__

_COUNTERS = (
    ("uptime", "uptime_seconds", Kind.GAUGE, "Seconds since the start"),
    ("received", "received_total", Kind.COUNTER, "Frames, and what is none, that came from the broker"),
    ("stored", "stored_total", Kind.COUNTER, "Frames committed"),
    ("duplicate", "duplicate_total", Kind.COUNTER, "Frames that were there already"),
    ("rejected", "rejected_total", Kind.COUNTER, "Messages that can never be stored"),
    ("rejected_not_kept", "rejected_not_kept_total", Kind.COUNTER, "Of these, what rejected_messages had no room for"),
    ("waiting", "pending", Kind.GAUGE, "Messages received that are not committed yet"),
    ("tallies", "tallies_total", Kind.COUNTER, "Hourly tallies received"),
)


def storer_metrics(report: Mapping[str, Any]) -> list[Family]:
    """Turn a health report into families of samples."""
    families = [(name, kind, text, Sample({}, report[key])) for key, name, kind, text in _COUNTERS]
    families += [
        ("info", Kind.GAUGE, "1; the version is a label", Sample({"version": __version__}, 1)),
        (
            "database_connected",
            Kind.GAUGE,
            "1 while the database takes commits",
            Sample({}, report["database"] == "connected"),
        ),
    ]
    return [Family(f"teleinfo_storer_{name}", kind, text, [sample]) for name, kind, text, sample in families]


ANSWER_TIMEOUT = 30.0  # seconds for which an answer of the database counts
STALL_TIMEOUT = 120.0  # seconds without a sign of life after which the threads that talk to the broker count as stuck


def evaluate(
    counts: Mapping[str, int], *, connected: bool, stirred: float, stalled: bool, answered: float, now: float
) -> Health:
    """Return how the storer is.

    Args:
        counts: its counters, as in `health`.
        connected: whether the broker has taken us in.
        stirred: when the threads that talk to the broker last did something.
        stalled: whether something is being tried again because the database is away.
        answered: when the database last did what it was asked.
        now: monotonic seconds.
    """
    waiting = counts["received"] - counts["stored"] - counts["duplicate"] - counts["rejected"]
    return Health(
        # A database that is away is no reason to start afresh.
        alive=now - stirred <= STALL_TIMEOUT,
        healthy=connected and not stalled and now - answered <= ANSWER_TIMEOUT,
        status_text=f"{plural(counts['stored'], 'frame')} stored, {counts['rejected']} rejected,"
        f" {'connected' if connected else 'no broker'}, {'no database' if stalled else 'database connected'},"
        f" {waiting} waiting",
    )
