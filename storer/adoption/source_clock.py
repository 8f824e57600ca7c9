"""Converts the times of the original program's table to UTC. No I/O.

The original program wrote local time as text, and the server took it for the session's zone. If that was the same zone,
the times are right but for one hour a year: the one that comes twice in October. Both passes were taken for the first,
so the hour after it is empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from storer.database.months import floor_hour

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the table's own times, and what is added to them to give UTC."""

    begin: datetime
    end: datetime  # exclusive
    add: timedelta
    #: Both passes of an hour may be in it; a row of the second pass is an hour later.
    doubled: bool = False
    #: It is not doubled if there are rows in the hour behind it. False: that hour says nothing.
    next_is_empty: bool = False


@dataclass(frozen=True, slots=True)
class SourceClock:
    """What is known of the times in the table.

    `shift` hours are added to each. With a `zone`, they are local times of that zone, as a server writes them whose
    session is in UTC.
    """

    shift: int = 0
    zone: ZoneInfo | None = None

    def pieces(self, begin: datetime, end: datetime) -> Iterator[Piece]:
        """Yield the pieces of a stretch of the table's times, without gaps and in order.

        A doubled hour is yielded whole only if the stretch begins and ends outside of it.
        """
        at = begin
        piece: Piece | None = None
        while at < end:
            until = min(floor_hour(at) + _HOUR, end)
            hour = self._hour(at, until)
            if piece is None:
                piece = hour
            elif (hour.add, hour.doubled) == (piece.add, piece.doubled):
                piece = Piece(piece.begin, hour.end, hour.add, hour.doubled, hour.next_is_empty)
            else:
                yield piece
                piece = hour
            at = until
        if piece is not None:
            yield piece

    def to_utc(self, time: datetime) -> datetime:
        """Return the UTC time of a time in the table; of the first pass, if its hour is doubled."""
        return time + self._hour(time, time).add

    def _hour(self, begin: datetime, end: datetime) -> Piece:
        if self.zone is None:
            add = self.shift * _HOUR
            doubled = _is_doubled_in_france(begin + add)
            return Piece(begin, end, add, doubled, next_is_empty=doubled)
        first, second = (begin.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        assert first is not None
        assert second is not None
        return Piece(begin, end, self.shift * _HOUR - first, doubled=first > second)


def _is_doubled_in_france(instant: datetime) -> bool:
    """Return whether a UTC time is in the first pass: from 0:00 to 1:00 on the last Sunday of October."""
    utc = instant.replace(tzinfo=UTC)
    return utc.month == 10 and utc.weekday() == 6 and (utc + 7 * _DAY).month == 11 and utc.hour == 0
