"""The storer's counters, and its health as systemd and containers see it."""

from dataclasses import asdict, dataclass

from common.runtime.watchdog import Health
from common.settings.language import plural

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
