"""Frames as they come from a real line: the arrival times tremble, and maxima rise watt by watt."""

import dataclasses
import math
import random
from collections.abc import Iterable, Iterator
from datetime import timedelta

from common.contract.frame import Frame
from reader.line.timestamps import Timestamper
from tests.support.clock import FakeClock
from tests.support.frames import DAY

_PANELS = 3800  # VA at noon
_LOAD = 250  # VA
_SUNRISE, _DAYLIGHT = 5, 15  # hours, UTC


def arriving(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Give frames the timestamps that the reader gives them.

    The meter's second drifts by 70 ms to and fro, over more than an hour; host and adapter add 4 ms of noise.
    """
    noise, clock = random.Random(1), FakeClock(DAY, uptime=0.0)
    timestamper = Timestamper(clock, patience=0, residue=5)
    for number, frame in enumerate(frames):
        late = 0.45 + 0.07 * math.sin(number / 700) + noise.gauss(0, 0.004)
        clock.wall = frame.timestamp.replace(microsecond=0) + timedelta(seconds=late)
        yield dataclasses.replace(frame, timestamp=timestamper.timestamp(0.0)[0])


def under_a_clear_sky(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Replace the power of a producer: it follows the sun, and its maximum rises by each volt-ampere."""
    best, reached, injected, first = 0, None, 0.0, None
    for frame in frames:
        start = frame.timestamp.replace(hour=0, minute=0, second=0, microsecond=0)
        hours = (frame.timestamp - start) / timedelta(hours=1)
        sun = _PANELS * math.sin(math.pi * min(max((hours - _SUNRISE) / _DAYLIGHT, 0), 1))
        power = round(sun - _LOAD)
        injected += max(0, power) / 3600
        if power > best:
            best, reached = power, frame.timestamp.replace(microsecond=0)
        first = first or frame.values["EAIT"]
        assert isinstance(first, int)
        values = {**frame.values, "SINSTS": max(0, -power), "SINSTI": max(0, power), "EAIT": first + int(injected)}
        stamps = dict(frame.stamps or {})
        if reached is not None:
            values["SMAXIN"], stamps["SMAXIN"] = best, reached
        yield dataclasses.replace(frame, values=values, stamps=stamps)
