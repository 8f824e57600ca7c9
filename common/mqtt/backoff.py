"""How long to wait before the next connection to a broker. Pure.

Two kinds of trouble: a broker that is away, refuses us or hangs up soon is tried after 1 s, doubling to 30 s. Another
program with our client id takes our session over, as we do its: from the second time on the wait is 30 s, doubling to
five minutes.
"""

FASTEST, SLOWEST = 1.0, 30.0  # seconds
CONTESTED_FASTEST, CONTESTED_SLOWEST = 30.0, 300.0  # seconds
LASTING = 30.0  # seconds after which a connection counts as good
UNCONTESTED = 2 * CONTESTED_SLOWEST  # seconds after which nobody contests our name: longer than a rival of ours waits
_SHORT = 2  # connections that broke early; further ones are not worth a line


class Backoff:
    """Remembers how the last connections ended."""

    def __init__(self) -> None:
        self._wait = FASTEST
        self._short = 0  # connections in a row that broke before they counted as good
        self._taken_over = 0
        self._taken_over_at = 0.0

    def taken_over(self, now: float) -> int:
        """Return how often another program has taken our session lately, at monotonic `now`."""
        return self._taken_over if now - self._taken_over_at < UNCONTESTED else 0

    def contested(self, now: float) -> bool:
        """Tell whether another program uses our name: one take-over may be a restart that overlaps."""
        return self.taken_over(now) > 1

    def quiet(self, now: float) -> bool:
        """Tell whether one more connection is only news when it is good."""
        return self._short >= _SHORT or self.contested(now)

    def good_after(self, now: float) -> float:
        """Return the seconds after which a connection counts as good."""
        return UNCONTESTED if self.contested(now) else LASTING

    def good(self) -> None:
        """A connection counts as good: begin anew."""
        self._wait, self._short = FASTEST, 0

    def failed(self) -> float:
        """Return the seconds to wait after a try without success."""
        wait, self._wait = self._wait, min(2 * self._wait, SLOWEST)
        return wait

    def lost(self, now: float, *, good: bool, taken_over: bool) -> float:
        """Return the seconds to wait after a connection that ended at monotonic `now`."""
        self._short += not good
        wait = self.failed()
        if not taken_over:
            return wait
        self._taken_over = self.taken_over(now) + 1
        self._taken_over_at = now
        if not self.contested(now):
            return wait
        return min(CONTESTED_FASTEST * (1 << min(self._taken_over - 2, 10)), CONTESTED_SLOWEST)
