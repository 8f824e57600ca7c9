"""The health of the monitor: liveness, and what it has answered."""

from common.runtime.watchdog import Health
from common.settings.language import plural

STALL_TIMEOUT = 60.0  # seconds
_CLASSES = ("2xx", "3xx", "4xx", "5xx")


class Counters:
    """What was answered since the start; used by the loop that serves."""

    def __init__(self) -> None:
        self.replies = dict.fromkeys(_CLASSES, 0)
        self.wrong_passwords = 0

    def count(self, status: int) -> None:
        """Count a reply."""
        self.replies[f"{status // 100}xx"] += 1


def evaluate(viewers: int, idle: float) -> Health:
    """Return the health; `idle` is for how many seconds the thread of the broker has done nothing.

    A missing broker or database is not a matter of health here: the page says so, and shows the rest.
    """
    alive = idle < STALL_TIMEOUT
    return Health(alive=alive, healthy=alive, status_text=f"serving the page, {plural(viewers, 'viewer')}")
