"""Turns readings into frames to publish: timestamp, plausibility filter, address filter, hidden labels.

Does no I/O except for its log lines; time comes in as an argument and from a `TimeSource`.
"""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from common.contract.frame import Frame, Value
from common.contract.labels import other_family
from common.runtime.logs import RateLimiter
from reader.line.filters import CONFIRMATIONS, MAX_METERS, AddressFilter, PlausibilityFilter
from reader.line.health import LineHealth

log = logging.getLogger(__name__)

_MAX_PENDING = 3000  # readings that may wait for the clock, some 15 MB; five minutes bring 330


class TimeSource(Protocol):
    """What gives frames their timestamps, such as `reader.line.timestamps.Timestamper`."""

    synchronised: bool
    steps_back: int

    def waiting_for_sync(self) -> bool:
        """Return whether the clock is still to be set."""

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        """Return the UTC time at the monotonic time `at`, and whether the clock is synchronised."""


class Reading(Protocol):
    """What a frame is made of: of `reader.tic.decoder`, or of `reader.decoded.meters`."""

    @property
    def values(self) -> Mapping[str, Value]:
        """The values, by label."""

    @property
    def address(self) -> str | None:
        """The meter's address, if it is known."""

    def to_frame(self, meter: str, timestamp: datetime, *, synchronised: bool = True) -> Frame:
        """Return the frame of `meter`; `synchronised`: whether the host's clock was."""


class FramePipeline:
    """The steps between a reading and the frames that are published of it; keeps the counters in `health`."""

    def __init__(
        self, *, hide: frozenset[str], time_source: TimeSource, health: LineHealth, filtering: bool = True
    ) -> None:
        """`filtering`: indexes and addresses are to be judged here; those of decoded meters were before."""
        self._filtering = filtering
        self.other_family = False  # the meter is of a family that is not supported
        self._hide = hide
        self._time_source = time_source
        self._health = health
        self._address_filter = AddressFilter()
        self._plausibility = PlausibilityFilter()
        self._pending: deque[tuple[Reading, str, float]] = deque()  # readings that wait for the clock
        self._rate_limiter = RateLimiter()
        self._logged_all_hidden = False

    def feed(self, reading: Reading, at: float) -> list[Frame]:
        """Take a reading whose last byte arrived at the monotonic time `at`; return the frames that are complete now.

        None while the clock is still to be set, or while a new address is to be confirmed; the frames come out of a
        later call then, in order. A frame without values has only hidden labels: it counts, but is not published.
        """
        address = reading.address
        if address is None:
            self._health.no_address += 1
            self._warn_of_other_family(reading)
        else:
            self._pending.append((reading, address, at))
        return self.poll()

    def poll(self) -> list[Frame]:
        """Return the frames that were waiting for the clock, once it is set."""
        frames: list[Frame] = []
        while self._pending and (len(self._pending) > _MAX_PENDING or not self._time_source.waiting_for_sync()):
            frames += self._process(*self._pending.popleft())
        return frames

    def flush(self) -> list[Frame]:
        """Return the frames that are still waiting for the clock, with the time that it shows now."""
        frames: list[Frame] = []
        while self._pending:
            frames += self._process(*self._pending.popleft())
        return frames

    def _process(self, reading: Reading, address: str, at: float) -> list[Frame]:
        timestamp, synchronised = self._time_source.timestamp(at)
        if not self._filtering:
            return [self._hidden(reading.to_frame(address, timestamp, synchronised=synchronised))]
        # Before the address filter, which holds frames back: a rise is judged by when its frame arrived.
        frame = self._plausible(reading.to_frame(address, timestamp, synchronised=synchronised), at)
        frames = [self._hidden(passed) for passed in self._address_filter.feed(frame)]
        self._health.address_mismatch = self._address_filter.address_mismatch
        if self._health.refused != self._address_filter.refused:
            self._health.refused = self._address_filter.refused
            self._warn_of_many_meters(address, at)
        return frames

    def _plausible(self, frame: Frame, at: float) -> Frame:
        """Drop the indexes that are implausible."""
        frame, new, dropped = self._plausibility.apply(frame, at)
        for index in new:
            if self._rate_limiter.allow(index.label, at):
                log.warning(
                    "%s: %s: implausible value %d (last %d); dropped until confirmed by %d frames",
                    self._health.port,
                    index.label,
                    index.value,
                    index.accepted,
                    CONFIRMATIONS,
                )
        if dropped:
            self._health.dropped["implausible"] += dropped
        return frame

    def _hidden(self, frame: Frame) -> Frame:
        """Drop the labels that are configured as hidden."""
        if not self._hide or self._hide.isdisjoint(frame.values):
            return frame
        values = {label: value for label, value in frame.values.items() if label not in self._hide}
        stamps = {label: stamp for label, stamp in (frame.stamps or {}).items() if label not in self._hide}
        if not values and not self._logged_all_hidden:
            log.warning("%s: all labels are hidden; nothing to publish", self._health.port)
            self._logged_all_hidden = True
        return replace(frame, values=values, stamps=stamps or None)

    def _warn_of_many_meters(self, address: str, at: float) -> None:
        if self._rate_limiter.allow("too many meters", at):
            log.warning(
                "%s: more than %d meters on one line; not publishing %s and others. If these meters are real, restart"
                " the reader",
                self._health.port,
                MAX_METERS,
                address,
            )

    def _warn_of_other_family(self, reading: Reading) -> None:
        if self.other_family or self._health.meter:
            return
        if (family := other_family(reading.values)) is not None:
            self.other_family = True
            log.warning(
                "%s: a meter of the family %s is not supported: it sends no address (ADCO or ADSC), so nothing is"
                " published",
                self._health.port,
                family,
            )
