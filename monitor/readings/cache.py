"""Caches what rarely changes and is slow to look up: contracts, which registers run, results of past days.

An entry is valid for one version of the rollups; each change of past hours makes a new version. The newest hours, which
change each minute, are never cached. Readers in any threads may share a cache: two that look up the same thing at the
same time get the same result.

`ContractChanges` uses it to find when a meter began to send another contract without reading each hour.
"""

import itertools
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from monitor.readings.availability import MissingHours
from monitor.readings.hours import Meter
from monitor.readings.meter_contracts import Contracts, MeterContract

# The storer changes hours without another version until two and a half hours after their end.
_NEW = timedelta(hours=3)
_NEVER = datetime.min.replace(tzinfo=UTC)
_MOST_KEPT = 8  # answers about one meter
T = TypeVar("T")
#: An hour, and a number for the registers that are read from it on.
Shape = tuple[datetime, int]
Change = tuple[datetime, MeterContract]
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class MeterCache:
    """The cached facts of one meter."""

    def __init__(self, meter: Meter) -> None:
        """Start empty."""
        self._state = _state(meter)
        self.contracts: tuple[datetime, datetime, list[Change]] | None = None  # from when, until when, and samples
        self.changes: dict[tuple[datetime, datetime], list[Change]] = {}  # between two hours
        self.days: dict[tuple[Hashable, datetime, datetime], Any] = {}  # what was found of local days that are over
        self.missing_hours: MissingHours | None = None  # one that was filled since makes an answer slower, not wrong
        self._kept: dict[Hashable, Any] = {}
        self._shapes: list[Shape] = []
        self._shapes_until: datetime | None = None  # they are known before it; None: not at all

    def is_of(self, meter: Meter) -> bool:
        """Tell whether this is still right for a meter."""
        return self._state == _state(meter)

    def kept(self, key: Hashable) -> Any | None:
        """Return an answer that is kept; None: there is none."""
        return self._kept.get(key)

    def keep(self, meter: Meter, key: Hashable, end: datetime, answer: T) -> T:
        """Return an answer about the time up to `end`, and keep it if nothing of it may change any more."""
        if end <= settled_until(meter):
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = answer
        return answer

    def shapes(self, meter: Meter, find: Callable[[datetime | None], list[Shape]]) -> list[Shape]:
        """Return the hours from which other registers are read.

        Args:
            meter: as it is now.
            find: gives them: all, or those from a moment on, of which the first is what holds there.
        """
        shapes, until = self._shapes.copy(), self._shapes_until
        for hour, shape in find(until):
            if not shapes or shapes[-1][1] != shape:
                shapes.append((hour, shape))
        if meter.last is not None and (until is None or until < settled_until(meter)):
            self._shapes = [shape for shape in shapes if is_settled(meter, shape[0])]
            self._shapes_until = settled_until(meter)
        return shapes


class Cache:
    """Caches facts of meters."""

    def __init__(self) -> None:
        self._meters: dict[tuple[str, tuple[int, ...]], MeterCache] = {}

    def of(self, meter: Meter) -> MeterCache:
        """Return what is cached of a meter; nothing if that was of another version of its rollups."""
        key = meter.identifier, tuple(part.number for part in meter.parts)  # a house has the address of its newest one
        cached = self._meters.get(key)
        if cached is None or not cached.is_of(meter):
            cached = self._meters[key] = MeterCache(meter)
        return cached


def _state(meter: Meter) -> tuple[datetime | None, int, list[datetime | None]]:
    """Return what another one of changes hours that are settled: late ones of a meter that was replaced, too."""
    return meter.first, meter.version, [part.last for part in meter.parts[:-1]]


def settled_until(meter: Meter) -> datetime:
    """Return up to when the hours of a meter change only with the version."""
    return _NEVER if meter.last is None else meter.last - _NEW


def is_settled(meter: Meter, hour: datetime) -> bool:
    """Tell whether an hour of a meter changes only with the version."""
    return hour < settled_until(meter)


class ContractChanges:
    """Finds the changes of contracts, and keeps what it found in the cache."""

    def __init__(self, contracts: Contracts, cache: Cache) -> None:
        self._contracts = contracts
        self._cache = cache

    def between(self, meter: Meter, low: datetime, high: datetime) -> list[Change]:
        """Return the contract at `low`, and each change before `high`: a sample a day, a search where two differ.

        The meter has readings.
        """
        cached = self._cache.of(meter)
        days = {hour: contract for hour, contract in self._days(meter, low, high) if low < hour < high}
        found = sorted((days | self._contracts.before(meter.number, [low + _HOUR, high])).items())
        if not found:
            return []
        changes = [(low, found[0][1])]
        for (before, old), (after, new) in itertools.pairwise(found):
            if new.is_like(old):
                continue
            between = cached.changes.get((before, after))
            if between is None:
                between = self._search(meter, before, old, after, new)
                if is_settled(meter, after):
                    cached.changes[before, after] = between
            changes += between
        return changes

    def _days(self, meter: Meter, low: datetime, high: datetime) -> list[Change]:
        """Return the contracts at midnights, of all in [low, high) that differ from a neighbour, and of some others."""
        cached, settled = self._cache.of(meter), settled_until(meter)
        start, end, samples = cached.contracts or (min(low, settled), min(low, settled), [])
        found = self._contracts.at(meter.number, [*_midnights(low, start), *_midnights(end, high)])
        samples = sorted([*samples, *found.items()], key=lambda sample: sample[0])
        until = max(end, min(high, settled))
        cached.contracts = min(low, start), until, _thinned([one for one in samples if one[0] < until])
        return samples

    def _search(
        self, meter: Meter, before: datetime, old: MeterContract, after: datetime, new: MeterContract
    ) -> list[Change]:
        """Return the changes between two hours with different contracts."""
        while after - before > _HOUR:
            middle = before + (after - before) // _HOUR // 2 * _HOUR
            hour, found = next(iter(self._contracts.before(meter.number, [middle + _HOUR]).items()), (before, old))
            if hour <= before or found.is_like(old):  # or nothing was read between them
                before = middle
            elif found.is_like(new):
                after = hour
            else:
                return [
                    *self._search(meter, before, old, hour, found),
                    *self._search(meter, hour, found, after, new),
                ]
        return [(after, new)]


def _midnights(start: datetime, end: datetime) -> list[datetime]:
    """Return the midnights in UTC of [start, end)."""
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [first + number * _DAY for number in range((end - first) // _DAY + 1)]
    return [hour for hour in midnights if start <= hour < end]


def _thinned(samples: Sequence[Change]) -> list[Change]:
    """Return the samples but for those that are as the one before and the one after them."""
    return [
        sample
        for place, sample in enumerate(samples)
        if place in (0, len(samples) - 1) or not samples[place - 1][1] == sample[1] == samples[place + 1][1]
    ]
