"""Judges how the storer is, as far as its own loop turns; times are monotonic seconds."""

from collections.abc import Mapping

from common.plural import plural
from common.runtime.watchdog import Vitals

FRESH = 30.0  # seconds for which an answer of the database counts
STUCK = 120.0  # seconds without a sign of life after which the threads that talk to the broker count as stuck


def feel(
    counts: Mapping[str, int], *, connected: bool, stirred: float, stalled: bool, answered: float, now: float
) -> Vitals:
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
    return Vitals(
        # A database that is away is no reason to start afresh.
        alive=now - stirred <= STUCK,
        healthy=connected and not stalled and now - answered <= FRESH,
        words=f"{plural(counts['stored'], 'frame')} stored, {counts['rejected']} rejected,"
        f" {'connected' if connected else 'no broker'}, {'no database' if stalled else 'database connected'},"
        f" {waiting} waiting",
    )
