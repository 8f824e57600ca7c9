"""What is known of one meter from MQTT: its newest frame and state, its link, ten minutes of power. Pure: no clock.

The times of frames are the reader's clock, which may differ from ours. So "how long ago" is always counted from when a
frame arrived, by the monotonic clock: neither clock's jumps make a meter silent, or a silent one speak.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.contract.frame import Frame
from monitor.live.mean import IndexMean, Mean
from monitor.live.ring import Ring
from monitor.live.values import Measures, Tariff, index_total, measures, tariff
from monitor.readings.curves import Second

#: Seconds without a frame after which a meter counts as silent; the reader says so after 10 s, if it still can.
SILENT_AFTER = 15.0


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter at one moment."""

    identifier: str
    heard: bool  # something of it came since the monitor was started, or is retained
    speaking: bool  # frames are coming
    last_frame: datetime | None  # its time
    age: float | None  # seconds since it arrived
    measures: Measures
    tariff: Tariff
    register_since: datetime | None  # when the register was seen to change
    mean: Mean | None  # of the last minutes with frames
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
        self._measures = Measures()
        self._tariff = Tariff()
        self._stated = False
        self._state: Mapping[str, Any] = {}
        self._register_since: datetime | None = None
        self._ring = Ring()
        self._index = IndexMean()

    @property
    def announced(self) -> bool:
        """Whether the broker has something of it: a frame, a state, or the word of a reader."""
        return self._stated or self._online is not None

    @property
    def online(self) -> bool:
        """Whether its reader has frames, as far as it said."""
        return self._online is True

    def on_frame(self, frame: Frame, now: float) -> None:
        """Take over a frame."""
        found = measures(frame.values)
        self._measures = found.after(self._measures)
        self._timestamp, self._frame_at, self.active_at = frame.timestamp, now, now
        self._online = True  # the message of the link may come later
        if found.power is not None:
            self._ring.add(int(frame.timestamp.timestamp()), found.power)
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
            self._measures = measures(state)

    def on_link(self, online: bool, now: float) -> None:
        """Take over what the reader says of the link."""
        if online and not self._online:
            self._began = now
        self._online, self.active_at = online, now

    def on_connected(self, now: float) -> None:
        """Begin to wait for a frame anew: none could come before."""
        self._began = now

    def _is_recent(self, now: float) -> bool:
        return self._frame_at is not None and now - self._frame_at <= SILENT_AFTER

    def view(self, now: float) -> MeterView:
        """Return what is known at monotonic `now`."""
        since = self._began if self._frame_at is None else self._frame_at
        return MeterView(
            identifier=self.identifier,
            heard=self._stated or self._frame_at is not None,
            speaking=self._online is True and now - since <= SILENT_AFTER,
            last_frame=self._timestamp,
            age=None if self._frame_at is None else now - self._frame_at,
            measures=self._measures,
            tariff=self._tariff,
            register_since=self._register_since,
            mean=self._index.mean(),
            state=self._state,
        )

    def on_past(self, powers: Iterable[Second]) -> None:
        """Fill holes of the ten minutes with what was stored while nobody listened here."""
        for at, power in powers:
            self._ring.fill(int(at.timestamp()), power)

    def ring(self, end: datetime) -> list[int | None]:
        """Return the power of the ten minutes up to the second of `end`, a time of the reader's clock."""
        return self._ring.until(int(end.timestamp()))


def clock_of(view: MeterView, now: datetime) -> datetime:
    """Return the present time by the clock of the meter's frames; without a frame ours, `now`."""
    if view.last_frame is None or view.age is None:
        return now
    return view.last_frame + timedelta(seconds=view.age)
