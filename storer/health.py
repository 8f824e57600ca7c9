"""Names the counters of the storer's health for Prometheus; docs/metrics.md lists them."""

from collections.abc import Mapping
from typing import Any

from common.runtime.metrics import Family, Kind, Sample
from common.version import __version__

_COUNTERS = (
    ("uptime", "uptime_seconds", Kind.GAUGE, "Seconds since the start"),
    ("received", "received_total", Kind.COUNTER, "Frames, and what is none, that came from the broker"),
    ("stored", "stored_total", Kind.COUNTER, "Frames committed"),
    ("duplicate", "duplicate_total", Kind.COUNTER, "Frames that were there already"),
    ("rejected", "rejected_total", Kind.COUNTER, "Messages that can never be stored"),
    ("rejected_not_kept", "rejected_not_kept_total", Kind.COUNTER, "Of these, what rejected_messages had no room for"),
    ("waiting", "waiting", Kind.GAUGE, "Messages received that are still to be committed"),
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
