"""Predicts when a frame will be complete, so that a reader of a slow line wakes up for its end and not for each byte.

Pure: works on the bytes that were read and on monotonic times.
"""

import math

ETX = b"\x03"

_PACES = (120.0, 960.0)  # bytes/s of a meter: 1200 and 9600 bit/s at ten bits a character
_TOLERANCE = 1.25  # what comes faster is no meter's line at its own speed: a recording, a test, a gateway's backlog
_MARGIN = 0.01  # seconds to wake up before the expected end; the last bytes are waited for one chunk at a time
_MAX_EXCESS = 64  # bytes; a frame that is late by more than these has no expected end any more


class FramePace:
    """Follows the frames of one line: the length of the last one, and how fast it came."""

    def __init__(self) -> None:
        self._length = 0  # bytes of the last whole frame
        self._pace = 0.0  # bytes/s; 0: unknown, or too fast to sleep
        self._count = 0  # bytes since the last ETX
        self._first = 0  # of these, the bytes of the first read
        self._began = 0.0  # when that read returned
        self._end = math.inf  # the expected end of this frame

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes that were read at the time `now`."""
        end = data.rfind(ETX)
        if end < 0:
            if not self._count:
                self._first, self._began = len(data), now
            self._count += len(data)
        else:
            self._complete(data, end, now)
        if self._pace and self._count:
            # Bytes may have arrived a while ago, or be on their way: so it ends then or earlier.
            self._end = min(self._end, now + (self._length - self._count) / self._pace)

    def _complete(self, data: bytes, end: int, now: float) -> None:
        start = data.rfind(ETX, 0, end) + 1
        if start:
            self._length, self._pace = end + 1 - start, 0.0  # several frames in one read: too fast to measure
        else:
            length, before = self._count + end + 1, self._pace
            self._pace = _pace_of(length - self._first, now - self._began) if self._count else 0.0
            if self._pace and length < self._length:  # its end was perhaps slept through: no sign of a slower line
                self._pace = max(self._pace, before)
            self._length = length
        self._count = self._first = len(data) - end - 1
        self._began = now
        self._end = math.inf

    def pause(self, now: float) -> float | None:
        """Return for how many seconds the frame that has begun will not end; None if unknown, or none has begun.

        0 shortly before its expected end, and for a moment after it.
        """
        if math.isinf(self._end) or now > self._end + _MAX_EXCESS / self._pace:
            return None
        return max(self._end - _MARGIN - now, 0.0)


def arrivals(data: bytes, now: float, speed: int, since: float) -> list[tuple[bytes, float]]:
    """Divide bytes after each ETX; return the parts with the times at which their last byte arrived.

    `now` is the end of the read, `since` the end of the one before: all bytes arrived in between. `speed` is that of
    the line, in bit/s: what follows an ETX took at least its own length to arrive.
    """
    parts = data.split(ETX)
    whole = [part + ETX for part in parts[:-1]]
    if parts[-1]:
        whole.append(parts[-1])
    result = []
    after = len(data)
    for part in whole:
        after -= len(part)
        result.append((part, max(now - after * 10 / speed, min(since, now))))
    return result


def _pace_of(count: int, seconds: float) -> float:
    """Return the pace of the meter that sent so many bytes within this time; 0: none does."""
    measured = count / seconds if seconds > 0 else 0.0
    for pace in _PACES:
        if 0 < measured < pace * _TOLERANCE:
            return pace
    return 0.0
