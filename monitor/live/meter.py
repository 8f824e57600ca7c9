"""What is known of one meter from MQTT: its newest frame and state, its link, ten minutes of power. Pure: no clock.

The times of frames are the reader's clock, which may differ from ours. So "how long ago" is always counted from when a
frame arrived, by the monotonic clock: neither clock's jumps make a meter silent, or a silent one speak.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from common.contract.frame import Frame
from common.contract.usual_interval import LATE, SILENT_INTERVALS
from monitor.live.values import Tariff, Values, index_total, read_values, tariff
from monitor.readings.curves import Second

SECONDS = 600
#: How long a value holds: a historic frame takes up to three seconds, so seconds between two are no gap.
HOLDS = 4
_NONE = -1


class RingBuffer:
    """Keeps one value a second of the clock, in 8 kB. A clock that jumps makes no wrong values, only unknown ones."""

    def __init__(self) -> None:
        self._seconds = array("q", [_NONE]) * SECONDS
        self._values = array("i", [_NONE]) * SECONDS
        self._holds = array("H", [HOLDS]) * SECONDS

    def add(self, second: int, value: int, holds: int = HOLDS) -> None:
        """Keep the value of a second (Unix time), which holds for some seconds; the last one of a second counts."""
        place = second % SECONDS
        self._seconds[place], self._values[place] = second, max(0, min(value, 2**31 - 1))
        self._holds[place] = holds

    def fill(self, second: int, value: int, holds: int = HOLDS) -> None:
        """Keep the value of a second of which nothing is known, unless something newer has its place."""
        if self._seconds[second % SECONDS] < second:
            self.add(second, value, holds)

    def until(self, end: int) -> list[int | None]:
        """Return the values of the ten minutes that end with the second `end`, the oldest first; None: unknown."""
        values: list[int | None] = []
        latest, left = None, 0
        for second in range(end - SECONDS + 1, end + 1):
            place = second % SECONDS
            if self._seconds[place] == second:
                latest, left = self._values[place], self._holds[place]
            values.append(latest if left > 0 else None)
            left -= 1
        return values


LEAST = 300  # a step is 1 Wh: over five minutes that is 12 W, so that tens of watts count
_EVERY = 10  # seconds between two readings that are kept


class Mean(NamedTuple):
    """How much was drawn on average, and over how many seconds."""

    watts: int
    seconds: int


class IndexMean:
    """Keeps some readings of ten minutes."""

    def __init__(self) -> None:
        self._readings: deque[tuple[int, int]] = deque()

    def add(self, second: int, wh: int) -> None:
        """Take over the index of a second (Unix time). One that fell, or a clock that was set back, begins anew."""
        kept = self._readings
        if kept and (wh < kept[-1][1] or second < kept[-1][0]):
            kept.clear()
        if len(kept) > 1 and second - kept[-2][0] < _EVERY:
            kept.pop()
        kept.append((second, wh))
        while second - kept[0][0] > SECONDS:
            kept.popleft()

    def mean(self) -> Mean | None:
        """Return the mean up to the newest reading; None: too little is known yet."""
        if not self._readings:
            return None
        (start, first), (end, last) = self._readings[0], self._readings[-1]
        seconds = end - start
        return Mean(round((last - first) * 360 / seconds) * 10, seconds) if seconds >= LEAST else None


#: Seconds without a frame after which a meter counts as silent; the reader says so after 10 s, if it still can.
SILENT_AFTER = 15.0


class Adapter(NamedTuple):
    """A device that decodes a meter by itself."""

    source: str
    interval: int  # seconds, the usual ones from frame to frame


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter at one moment."""

    identifier: str
    received: bool  # something of it came since the monitor was started, or is retained
    speaking: bool  # frames are coming
    last_frame: datetime | None  # its time
    age: float | None  # seconds since it arrived
    values: Values
    tariff: Tariff
    register_since: datetime | None  # when the register was seen to change
    mean: Mean | None  # of the last minutes with frames; None also of a meter that arrives decoded
    adapter: Adapter | None  # None: a reader reads the meter's line
    state: Mapping[str, Any]  # as its reader published it last; empty before


class LiveMeter:
    """Follows one meter; the caller gives monotonic times."""

    def __init__(self, identifier: str, now: float) -> None:
        self.identifier = identifier
        self.active_at = now
        self._began = now
        self._online: bool | None = None  # as the reader said
        self._frame_at: float | None = None
        self._timestamp: datetime | None = None
        self._values = Values()
        self._tariff = Tariff()
        self._stated = False
        self._state: Mapping[str, Any] = {}
        self._register_since: datetime | None = None
        self._ring = RingBuffer()
        self._index = IndexMean()
        self._adapter: Adapter | None = None

    @property
    def announced(self) -> bool:
        """Whether the broker has something of it: a frame, a state, or the word of a reader."""
        return self._stated or self._online is not None

    @property
    def online(self) -> bool:
        """Whether its reader has frames, as far as it said."""
        return self._online is True

    @property
    def decoded(self) -> bool:
        """Whether another device decodes it."""
        return self._adapter is not None

    def on_frame(self, frame: Frame, now: float) -> None:
        """Take over a frame."""
        found = read_values(frame.values)
        self._values = found.after(self._values)
        self._timestamp, self._frame_at, self.active_at = frame.timestamp, now, now
        self._online = True  # the message of the link may come later
        source, interval = frame.source, frame.interval
        self._adapter = None if source is None or interval is None else Adapter(source, interval)
        if found.power is not None:
            self._ring.add(int(frame.timestamp.timestamp()), found.power, self._holds)
        if (total := index_total(frame.values)) is not None:
            self._index.add(int(frame.timestamp.timestamp()), total)

    def on_state(self, state: Mapping[str, Any], now: float) -> None:
        """Take over a state; its measurements count only while there is no frame, which is newer."""
        found = tariff(state)
        if self._stated and found.register != self._tariff.register:
            # A change that was not watched from one frame to the next may have been at any time before.
            watched = self._tariff.register is not None and self._is_recent(now)
            self._register_since = self._timestamp if watched else None
        self._tariff, self._stated, self._state, self.active_at = found, True, state, now
        if self._timestamp is None:
            self._values = read_values(state)

    def on_link(self, online: bool, now: float) -> None:
        """Take over what the reader says of the link."""
        if online and not self._online:
            self._began = now
        self._online, self.active_at = online, now

    def on_adapter(self, adapter: Adapter | None) -> None:
        """Take over what its reader says of its line; frames, which say it too, count more."""
        if self._frame_at is None:
            self._adapter = adapter

    def on_connected(self, now: float) -> None:
        """Begin to wait for a frame anew: none could come before."""
        self._began = now

    def _is_recent(self, now: float) -> bool:
        return self._frame_at is not None and now - self._frame_at <= self._silent_after

    @property
    def _silent_after(self) -> float:
        return SILENT_AFTER if self._adapter is None else float(SILENT_INTERVALS * self._adapter.interval)

    @property
    def _holds(self) -> int:
        """How many seconds a value holds; one usual interval, as messages are late at times."""
        return HOLDS if self._adapter is None else round(LATE * self._adapter.interval)

    def view(self, now: float) -> MeterView:
        """Return what is known at monotonic `now`."""
        since = self._began if self._frame_at is None else self._frame_at
        return MeterView(
            identifier=self.identifier,
            received=self._stated or self._frame_at is not None,
            speaking=self._online is True and now - since <= self._silent_after,
            last_frame=self._timestamp,
            age=None if self._frame_at is None else now - self._frame_at,
            values=self._values,
            tariff=self._tariff,
            register_since=self._register_since,
            # Adapters report registers in steps of up to 100 Wh: ten minutes tell nothing.
            mean=self._index.mean() if self._adapter is None else None,
            adapter=self._adapter,
            state=self._state,
        )

    def on_past(self, powers: Iterable[Second]) -> None:
        """Fill holes of the ten minutes with what was stored while nobody listened here."""
        for at, power in powers:
            self._ring.fill(int(at.timestamp()), power, self._holds)

    def ring(self, end: datetime) -> list[int | None]:
        """Return the power of the ten minutes up to the second of `end`, a time of the reader's clock."""
        return self._ring.until(int(end.timestamp()))


def clock_of(view: MeterView, now: datetime) -> datetime:
    """Return the present time by the clock of the meter's frames; without a frame ours, `now`."""
    if view.last_frame is None or view.age is None:
        return now
    return view.last_frame + timedelta(seconds=view.age)
