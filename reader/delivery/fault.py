"""Debounces the log lines about a fault that comes and goes. Pure."""

DEBOUNCE = 600.0  # seconds without the fault until it counts as over


class Fault:
    """Something that fails, perhaps again and again: its begin and its end are logged once."""

    def __init__(self) -> None:
        self._last: float | None = None  # when it occurred last; None: it is over

    def occurred(self, now: float) -> bool:
        """Note a failure at the monotonic time `now`; return whether it is a new one, to be logged."""
        new, self._last = self._last is None, now
        return new

    def ended(self, now: float) -> bool:
        """Note a success; return whether the fault is over by that, to be logged."""
        if self._last is None or now - self._last < DEBOUNCE:
            return False
        self._last = None
        return True
