"""Notices when something grows faster than meters make it grow. No I/O."""

_WINDOW = 3600.0  # seconds


class Growth:
    """Counts what is added within an hour."""

    def __init__(self, limit: int) -> None:
        """More than `limit` within an hour are worth a warning."""
        self._limit = limit
        self._begin: float | None = None
        self._at_begin = 0
        self._last = 0
        self._warned = False

    def exceeded(self, total: int, now: float) -> bool:
        """Tell, once an hour, that `total` has grown by more than the limit; `now` is in monotonic seconds."""
        if self._begin is None or now - self._begin >= _WINDOW:
            self._begin, self._at_begin, self._warned = now, self._last, False
        self._last = total
        if self._warned or total - self._at_begin <= self._limit:
            return False
        self._warned = True
        return True
