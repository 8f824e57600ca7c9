"""Detects that something grows faster than real meters make it grow. No I/O."""

_WINDOW = 3600.0  # seconds


class GrowthAlarm:
    """Limits how much a total may grow within an hour."""

    def __init__(self, limit: int) -> None:
        """Growth by more than `limit` within an hour is worth a warning."""
        self.limit = limit
        self._window_start: float | None = None
        self._total_at_start = 0
        self._total = 0
        self._warned = False

    def exceeded(self, total: int, now: float) -> bool:
        """Return, once an hour, True if `total` has grown by more than the limit; `now` is in monotonic seconds."""
        if self._window_start is None or now - self._window_start >= _WINDOW:
            self._window_start, self._total_at_start, self._warned = now, self._total, False
        self._total = total
        if self._warned or total - self._total_at_start <= self.limit:
            return False
        self._warned = True
        return True
