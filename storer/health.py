"""The storer's counters, its health as systemd and containers see it, and its metrics; docs/metrics.md lists those."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from common.machine.version import full_version
from common.plural import plural
from common.runtime.metrics import COUNTER, GAUGE, Family, Sample
from common.runtime.watchdog import Health

ANSWER_TIMEOUT = 30.0  # seconds without an answer of the database after which it does not count as healthy
STALL_TIMEOUT = 120.0  # seconds without activity after which the threads of the broker's connection count as stuck


@dataclass(slots=True)
class Counters:
    """What became of the messages, a block being one for each frame; all but tallies end in a counter of frames."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    rejected_not_kept: int = 0  # rejected, and not recorded because rejected_messages is full
    tallies: int = 0

    @property
    def pending(self) -> int:
        """Messages received and not yet committed."""
        return self.received - self.stored - self.duplicate - self.rejected

    def report(self) -> dict[str, int]:
        """Return the counters under their keys in the `health` topic."""
        return {**asdict(self), "pending": self.pending}


def evaluate(
    counters: Counters, *, connected: bool, last_activity: float, stalled: bool, last_answer: float, now: float
) -> Health:
    """Return the storer's health.

    Args:
        counters: the counters.
        connected: whether there is a connection to the broker.
        last_activity: when the threads of that connection last did something, in monotonic seconds.
        stalled: whether an action on the database is being retried.
        last_answer: when the database last answered, in monotonic seconds.
        now: monotonic seconds.
    """
    return Health(
        # Whether the database is available does not matter here: a restart would not help.
        alive=now - last_activity <= STALL_TIMEOUT,
        healthy=connected and not stalled and now - last_answer <= ANSWER_TIMEOUT,
        status_text=f"{plural(counters.stored, 'frame')} stored, {counters.rejected} rejected,"
        f" {'connected' if connected else 'no broker'}, {'no database' if stalled else 'database connected'},"
        f" {counters.pending} pending",
    )


_METRICS = (
    ("uptime_seconds", GAUGE, "Seconds since the start"),
    ("received_total", COUNTER, "Messages received from the broker, other than tallies"),
    ("stored_total", COUNTER, "Frames committed"),
    ("duplicate_total", COUNTER, "Frames that were stored already"),
    ("rejected_total", COUNTER, "Messages that can never be stored"),
    ("rejected_not_kept_total", COUNTER, "Of these, not recorded: rejected_messages is full"),
    ("pending", GAUGE, "Messages received and not yet committed"),
    ("tallies_total", COUNTER, "Hourly tallies received"),
    ("rollup_active", GAUGE, "1 while this storer makes the rollups; of several, one does"),
    ("rollup_runs_total", COUNTER, "Runs of the rollups, one a minute"),
    ("rollup_errors_total", COUNTER, "Runs that failed and were tried again"),
    ("rollup_late_hours", GAUGE, "Hours with late frames, waiting to be rolled up again"),
    ("rollup_rebuild_hours", GAUGE, "Hours to be rebuilt in the background"),
    ("rollup_lag_seconds", GAUGE, "Seconds since the newest minute that is final; 15 to 25 minutes are normal"),
    ("database_bytes", GAUGE, "Bytes of all tables, measured once a day"),
    ("retention_blocked", GAUGE, "1 while frames that are too old cannot be dropped; the log says why"),
    ("database_connected", GAUGE, "1 while the database accepts commits"),
)


def storer_metrics(report: Mapping[str, Any]) -> list[Family]:
    """Turn a health report into families of samples; what is not known yet is left out."""
    values = {
        **report,
        **{f"rollup_{key}": value for key, value in report["rollups"].items()},
        "database_bytes": report["retention"]["bytes"],
        "retention_blocked": report["retention"]["blocked"] is not None,
        "database_connected": report["database"] == "connected",
    }
    families = [
        (name, kind, text, Sample({}, value))
        for name, kind, text in _METRICS
        if (value := values[name.removesuffix("_total").removesuffix("_seconds")]) is not None
    ]
    families.append(("info", GAUGE, "1; the version is a label", Sample({"version": full_version()}, 1)))
    return [
        *(Family(f"teleinfo_storer_{name}", kind, text, [sample]) for name, kind, text, sample in families),
        *(_source_metrics(report["sources"]) if "sources" in report else ()),
    ]


def _source_metrics(report: Mapping[str, Any]) -> Iterator[Family]:
    prefix, sources = "teleinfo_storer_source", report["sources"]
    for key, text in (
        ("pending", "Minutes of sources that wait for the database"),
        ("dropped", "Messages of sources that came faster than they could be read"),
        ("errors", "Runs of writing sources that failed and were tried again"),
    ):
        kind, name = (GAUGE, key) if key == "pending" else (COUNTER, f"{key}_total")
        yield Family(f"{prefix}_{name}", kind, text, [Sample({}, report[key])])
    for key, text in (
        ("taken", "Values of a source that were counted"),
        ("breaks", "Resets of a source's counter"),
    ):
        samples = [Sample({"source": one["name"]}, one[key]) for one in sources]
        yield Family(f"{prefix}_{key}_total", COUNTER, text, samples)
    refused = [
        Sample({"source": one["name"], "reason": reason}, count)
        for one in sources
        for reason, count in one["refused"].items()
    ]
    if refused:
        yield Family(f"{prefix}_refused_total", COUNTER, "Values of a source that were not counted, and why", refused)
    for key, unit in (("power", "watts"), ("energy", "watthours"), ("temperature", "celsius")):
        if samples := [Sample({"source": one["name"]}, one[key]) for one in sources if key in one]:
            yield Family(f"{prefix}_{key}_{unit}", GAUGE, f"The last {key} of a source", samples)
