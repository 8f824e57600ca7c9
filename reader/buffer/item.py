"""What must reach a storer: frames, and the hourly tallies that show whether all of them did."""

from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000  # microseconds

ItemId = tuple["ItemKind", str, int]


class ItemKind(IntEnum):
    """The kind of an item; the number is written to files."""

    FRAME = 0
    TALLY = 1


class Item(NamedTuple):
    """One thing to deliver."""

    kind: ItemKind
    meter: str
    time_us: int  # microseconds since 1970, UTC: the timestamp of a frame, the start of a tally's hour
    payload: bytes  # JSON, as it is published

    @property
    def identity(self) -> ItemId:
        """Identifies the item everywhere; a later tally of the same hour replaces the earlier one."""
        return self[:3]


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(time_us: int) -> datetime:
    """Return the time, in UTC."""
    return _EPOCH + time_us * _MICROSECOND
