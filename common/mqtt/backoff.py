"""Backoff between two connections to a broker. Pure.

A broker that cannot be reached, refuses the connection or soon closes it is tried again after 1 s, doubling to 30 s. In
a client id conflict another program with our client id takes over the session, and we take it back: from the second
time on the backoff is 30 s, doubling to five minutes.
"""

MIN_BACKOFF, MAX_BACKOFF = 1.0, 30.0  # seconds
MIN_CONFLICT_BACKOFF, MAX_CONFLICT_BACKOFF = 30.0, 300.0  # seconds
STABLE_AFTER = 30.0  # seconds after which a connection counts as stable
CONFLICT_OVER_AFTER = 2 * MAX_CONFLICT_BACKOFF  # seconds without a take-over; longer than the backoff of the other one
_UNSTABLE = 2  # connections in a row that were not stable; further ones are not logged


class Backoff:
    """Remembers how the last connections ended."""

    def __init__(self) -> None:
        self._backoff = MIN_BACKOFF
        self._unstable = 0  # connections in a row that ended before they were stable
        self._taken_over = 0
        self._taken_over_at = 0.0

    def taken_over(self, now: float) -> int:
        """Return how often another program has taken over our session lately, at monotonic `now`."""
        return self._taken_over if now - self._taken_over_at < CONFLICT_OVER_AFTER else 0

    def in_conflict(self, now: float) -> bool:
        """Return whether another program uses our client id: a single take-over may be an overlapping restart."""
        return self.taken_over(now) > 1

    def quiet(self, now: float) -> bool:
        """Return whether a new connection is logged only once it is stable."""
        return self._unstable >= _UNSTABLE or self.in_conflict(now)

    def stable_after(self, now: float) -> float:
        """Return the seconds after which a connection counts as stable."""
        return CONFLICT_OVER_AFTER if self.in_conflict(now) else STABLE_AFTER

    def reset(self) -> None:
        """Start again with the shortest backoff: a connection is stable."""
        self._backoff, self._unstable = MIN_BACKOFF, 0

    def failed(self) -> float:
        """Return the seconds to wait after a failed attempt."""
        backoff, self._backoff = self._backoff, min(2 * self._backoff, MAX_BACKOFF)
        return backoff

    def lost(self, now: float, *, stable: bool, taken_over: bool) -> float:
        """Return the seconds to wait after a connection that was lost at monotonic `now`."""
        self._unstable += not stable
        backoff = self.failed()
        if not taken_over:
            return backoff
        self._taken_over = self.taken_over(now) + 1
        self._taken_over_at = now
        if not self.in_conflict(now):
            return backoff
        return min(MIN_CONFLICT_BACKOFF * (1 << min(self._taken_over - 2, 10)), MAX_CONFLICT_BACKOFF)
