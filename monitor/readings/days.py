"""Cuts time into local days, and caches the results of past days."""

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from monitor.base.calendar import Calendar
from monitor.readings.cache import Cache, is_settled
from monitor.readings.hours import Meter

_HOUR = timedelta(hours=1)

T = TypeVar("T")
#: Finds what is known between neighbouring limits, of each of the keys.
Find = Callable[[Sequence[datetime]], Sequence[Sequence[T]]]


class Days:
    """Knows what was found of local days."""

    def __init__(self, zone: ZoneInfo, cache: Cache) -> None:
        self._calendar = Calendar(zone)
        self._cache = cache

    # One loop: what is remembered and what must be looked up come in turns, in the order of the pieces.
    def of(
        self,
        meter: Meter,
        keys: Sequence[Hashable],
        limits: Sequence[datetime],
        find: Find[T],
        cuts: Iterable[datetime] = (),
    ) -> tuple[list[datetime], list[list[T]]]:
        """Return the beginnings of pieces of time, and of each key what is known of them.

        A piece is a local day, or what limits and cuts make of one.

        Args:
            meter: that it is about.
            keys: of what is asked for; there is at least one.
            limits: whole hours, in order.
            find: finds what is not remembered.
            cuts: whole hours between the limits, such as those at which a contract begins.
        """
        begin = self._calendar.floor("day", limits[0])
        days = set(self._calendar.boundaries("day", begin, limits[-1] + _HOUR)[:-1])
        pieces = sorted({*limits, *cuts, *(day for day in days if day > limits[0])})
        remembered = self._cache.of(meter).days
        found: list[list[T]] = [[] for _ in keys]

        def is_remembered(piece: tuple[datetime, datetime]) -> bool:
            return all((key, *piece) in remembered for key in keys)

        for is_known, run in itertools.groupby(itertools.pairwise(pieces), is_remembered):
            inside = list(run)
            if is_known:
                new: Sequence[Sequence[T]] = [[remembered[key, *piece] for piece in inside] for key in keys]
            else:
                new = find([inside[0][0], *(end for _, end in inside)])
                over = [days.issuperset(piece) and is_settled(meter, piece[1]) for piece in inside]
                for key, values in zip(keys, new, strict=True):
                    of_days = itertools.compress(zip(inside, values, strict=True), over)
                    remembered.update({(key, *piece): value for piece, value in of_days})
            for known, more in zip(found, new, strict=True):
                known += more
        return pieces[:-1], found

    def all(self, meter: Meter) -> list[datetime]:
        """Return limits of all local days of which a meter knows something; it has readings."""
        return [self._calendar.floor("day", at) for at in (meter.first, meter.last) if at is not None]


def in_periods(ends: Iterable[datetime], starts: Sequence[datetime], pieces: Sequence[T]) -> Iterator[list[T]]:
    """Yield the pieces of each period, by the ends of periods that follow each other and the starts of pieces."""
    place = 0
    for end in ends:
        first = place
        while place < len(starts) and starts[place] < end:
            place += 1
        yield list(pieces[first:place])
