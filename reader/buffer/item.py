"""What must reach a storer: frames, and the tallies that prove that all of them did."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000  # microseconds

ItemId = tuple["Kind", str, int]


class Kind(IntEnum):
    """What an item is; the number stands in files."""

    FRAME = 0
    TALLY = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to deliver."""

    kind: Kind
    meter: str
    time_us: int  # microseconds since 1970, UTC: a frame's timestamp, the begin of a tally's hour
    payload: bytes  # JSON, as it is published

    @property
    def identity(self) -> ItemId:
        """What it is called everywhere; a tally that was counted further keeps it."""
        return self.kind, self.meter, self.time_us


def to_micros(instant: datetime) -> int:
    """Return the key of an instant.

    >>> key_of(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(key: int) -> datetime:
    """Return the instant of a key."""
    return _EPOCH + key * _MICROSECOND
