"""Judges how the reader is, from what its threads say of themselves; times are monotonic seconds."""

import math
from collections import deque
from collections.abc import Sequence

from common.plural import plural
from common.runtime.watchdog import Vitals
from reader.line.health import LineHealth

FRESH = 30.0  # seconds for which a frame counts as coming
STUCK = 120.0  # seconds without a turn after which a thread counts as stuck; each is much faster, even while it waits
SPOILT = 120.0  # seconds of bytes without a frame, on a line that gave frames, after which its port is opened afresh
_WINDOW = 30  # looks, over which the rate of frames is taken


class Pulse:
    """Remembers enough of the last looks to tell how fast frames come."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=_WINDOW)
        self._began = math.inf

    def feel(self, lines: Sequence[LineHealth], *, connected: bool, stirred: float, waiting: int, now: float) -> Vitals:
        """Return how the reader is, as far as its own loop turns.

        Args:
            lines: what each line has seen.
            connected: whether the broker has taken us in.
            stirred: when the threads that talk to the broker last did something.
            waiting: frames that are still to be confirmed.
            now: monotonic seconds.
        """
        self._began = min(self._began, now)
        self._looks.append((now, sum(line.frames for line in lines)))
        coming = [line for line in lines if now - line.framed <= FRESH]
        return Vitals(
            alive=now - stirred <= STUCK and all(_works(line, now) for line in lines),
            healthy=connected and bool(coming),
            words=self._words(lines, coming, connected=connected, waiting=waiting, now=now),
        )

    def _words(
        self, lines: Sequence[LineHealth], coming: Sequence[LineHealth], *, connected: bool, waiting: int, now: float
    ) -> str:
        (start, before), (end, frames) = self._looks[0], self._looks[-1]
        rate = (frames - before) / (end - start) if end > start else 0.0
        meters = len({line.meter for line in coming})
        parts = [
            plural(meters, "meter"),
            f"{rate:.1f} frames/s",
            "connected" if connected else "no broker",
            f"{waiting} waiting",
            *(f"{line.port}: {self._lack(line, now)}" for line in lines if now - line.framed > FRESH),
        ]
        return ", ".join(parts)

    def _lack(self, line: LineHealth, now: float) -> str:
        if not line.open:
            return "not there"
        if now - self._began < FRESH:
            return "listening"
        return "no frame in what comes" if now - line.heard <= FRESH else "silent"


def _works(line: LineHealth, now: float) -> bool:
    """Tell whether the thread of the line turns, and hears frames or knows why it hears none.

    Its own loop says that a port is absent or a line silent. What only a fresh start may heal is a port that gave
    frames and now gives bytes that make none: after that start it has given none, so this happens once.
    """
    spoilt = now - line.heard <= FRESH and now - line.framed > SPOILT and line.frames > 0
    return now - line.turned <= STUCK and not spoilt
