"""Decides when a fault, and its end, are worth a line in the log. Pure."""

QUIET = 600.0  # seconds without the fault, until it has ended: one that comes and goes is one


class Fault:
    """One thing that fails, perhaps again and again."""

    def __init__(self) -> None:
        self._last: float | None = None  # while it lasts

    def occurred(self, now: float) -> bool:
        """Take note of it at the monotonic time `now`; return whether it is news."""
        new, self._last = self._last is None, now
        return new

    def ended(self, now: float) -> bool:
        """Take note that it went well this time; return whether it is news that the fault has ended."""
        if self._last is None or now - self._last < QUIET:
            return False
        self._last = None
        return True
