"""Predicts when a frame will be complete, so that a reader of a slow line wakes up for its end and not for each byte.

Pure: works on the bytes that were read and on monotonic times.
"""

import math
from collections import deque

ETX = b"\x03"

_PACES = (120.0, 960.0)  # bytes/s of a meter: 1200 and 9600 bit/s at ten bits a character
_TOLERANCE = 1.25  # what comes faster is no meter's line at its own speed: a recording, a test, a gateway's backlog
_MARGIN = 0.002  # seconds to wake up before the expected end; the last bytes are waited for one chunk at a time
_AT_ONCE = 0.0005  # seconds; a read that took no longer found bytes that had arrived before
_CHUNK = 64  # bytes that a driver or gateway may keep until it hands them over
_MAX_EXCESS = 64  # bytes; a frame that is late by more than these has no expected end any more
_INTERVALS = 8  # frames
_REGULAR = 0.04  # seconds by which regular intervals differ at most


class FramePace:
    """Follows the frames of one line: the length of the last one, how fast they come, and how regularly.

    A frame is expected to be as long as the last one. If the last few ended at regular intervals, the next one is
    expected to do so, too; if not, its first bytes tell.
    """

    def __init__(self) -> None:
        self._length = 0  # bytes of the last whole frame
        self._pace = 0.0  # bytes/s; 0: unknown, or too fast to sleep
        self._count = 0  # bytes since the last ETX
        self._first = 0  # of these, the bytes of the first read
        self._began = 0.0  # when that read returned
        self._carried = 0  # bytes that came with the last ETX
        self._ended = -math.inf  # when the last ETX was read
        self._exact = False  # it arrived then, and not while the reader slept
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)  # seconds between two ETX
        self._due = -math.inf  # when the frame ends if it follows the last one regularly; infinite: unknown
        self._earliest = -math.inf  # when it ends by its own bytes, if the driver has kept some more,
        self._latest = math.inf  # and if it has not
        self._end = math.inf  # the expected end; infinite: unknown

    def feed(self, data: bytes, since: float, now: float) -> None:
        """Take bytes that were read at the time `now`; the reader began to wait for them at `since`."""
        if not data:
            return
        exact = now - since > _AT_ONCE
        end = data.rfind(ETX)
        if end >= 0:
            self._complete(data, end, now, exact=exact)
        else:
            if not self._count:
                self._first, self._began = len(data), now
            self._count += len(data)
        if not self._pace:
            self._end = math.inf
        elif self._count:
            latest = now + (self._length - self._count) / self._pace
            self._latest = min(self._latest, latest)
            self._earliest = max(self._earliest, latest if exact else latest - _CHUNK / self._pace)
            self._end = min(max(self._due, self._earliest), self._latest)
        else:
            self._end = math.inf if math.isinf(self._due) else self._due

    def _complete(self, data: bytes, end: int, now: float, *, exact: bool) -> None:
        start = data.rfind(ETX, 0, end) + 1
        interval = now - self._ended
        if start:
            self._length, self._pace = end + 1 - start, 0.0  # several frames in one read: too fast to measure
        else:
            self._length = self._count + end + 1
            if not self._pace:
                # Bytes can be timed while the reader does not sleep: so only until the pace is known.
                self._pace = _pace_of(self._length - self._first, now - self._began) if self._count else 0.0
            elif self._length - self._carried > self._pace * _TOLERANCE * interval:
                self._pace = 0.0  # measured wrongly, or not true any more
        if not exact or not self._pace:
            self._intervals.clear()  # they may have misled
        elif self._exact:
            self._intervals.append(interval)
        self._count = self._first = self._carried = len(data) - end - 1
        self._began = self._ended = now
        self._exact = exact
        self._earliest, self._latest = -math.inf, math.inf
        self._due = now + min(self._intervals) if self._regular else -math.inf

    @property
    def _regular(self) -> bool:
        intervals = self._intervals
        return len(intervals) == _INTERVALS and max(intervals) - min(intervals) <= _REGULAR

    def pause(self, now: float) -> float | None:
        """Return for how many seconds no frame will end; None if unknown.

        0 shortly before the expected end of a frame, and for a moment after it.
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
    complete = [part + ETX for part in parts[:-1]]
    if parts[-1]:
        complete.append(parts[-1])
    result = []
    after = len(data)
    for part in complete:
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
