"""Frames of many simulated meters, as their readers publish them."""

import dataclasses
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from common.contract.frame import Frame
from tests.support.frames import FRACTION, simulated

KIND = "standard-single-phase-base"
_JITTER = timedelta(milliseconds=4)


def decoded(kind: str, start: datetime, count: int) -> Iterator[Frame]:
    """Yield a frame a second of one meter, stamped with the whole second."""
    for frame in simulated(kind, count, start=start, every=timedelta(seconds=1)):
        yield dataclasses.replace(frame, timestamp=frame.timestamp - FRACTION)


class Village:
    """Meters that each send a frame a second; each is at another time of the same simulated household."""

    def __init__(self, meters: int, seconds: int) -> None:
        """Prepare so many seconds of so many meters."""
        count = meters * seconds
        self._frames: Sequence[Frame] = list(decoded(KIND, datetime(2026, 11, 3, tzinfo=UTC), count))
        self._meters, self._seconds = meters, seconds
        self._random = random.Random(1)

    def frames(self, start: datetime) -> Iterator[Frame]:
        """Yield the frames of all meters, in the order of their arrival, as if they had begun at `start`."""
        for second in range(self._seconds):
            for meter in range(self._meters):
                frame = self._frames[meter * self._seconds + second]
                shift = start + timedelta(seconds=second) - frame.timestamp
                yield self._moved(frame, meter, shift)

    def _moved(self, frame: Frame, meter: int, shift: timedelta) -> Frame:
        address = f"0319611{meter:05}"
        jitter = self._random.random() * _JITTER
        fraction = timedelta(microseconds=round(1e6 * meter / self._meters / 1.01))
        stamps = None if frame.stamps is None else dict(frame.stamps)
        if stamps is not None and "DATE" in stamps:
            # A meter sends whole seconds. With a fraction each frame would have a label set of its own.
            stamps["DATE"] = (stamps["DATE"] + shift).replace(microsecond=0)
        return dataclasses.replace(
            frame,
            meter=address,
            timestamp=_milliseconds(frame.timestamp + shift + fraction + jitter),
            values={**frame.values, "ADSC": address},
            stamps=stamps,
        )


def _milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000 + 7)


def messages(frames: Iterable[Frame]) -> list[tuple[str, bytes]]:
    """Return topic and payload of each frame on `frame`."""
    return [(f"teleinfo/{frame.meter}/frame", frame.to_json()) for frame in frames]
