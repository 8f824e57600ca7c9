"""Finds when a meter began to tell another contract, without reading each hour."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.readings.hours import Meter
from monitor.readings.memory import Change, Memory, is_settled, settled_until
from monitor.readings.meter_contracts import Contracts, MeterContract

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class ContractChanges:
    """Finds the changes of contracts, and keeps what it found in the memory."""

    def __init__(self, contracts: Contracts, memory: Memory) -> None:
        self._contracts = contracts
        self._memory = memory

    def between(self, meter: Meter, low: datetime, high: datetime) -> list[Change]:
        """Return the contract at `low`, and each change before `high`: a sample a day, a search where two differ.

        The meter has readings.
        """
        known = self._memory.of(meter)
        days = {hour: contract for hour, contract in self._days(meter, low, high) if low < hour < high}
        found = sorted((days | self._contracts.before(meter.number, [low + _HOUR, high])).items())
        if not found:
            return []
        changes = [(low, found[0][1])]
        for (before, old), (after, new) in itertools.pairwise(found):
            if new.is_like(old):
                continue
            between = known.changes.get((before, after))
            if between is None:
                between = self._search(meter, before, old, after, new)
                if is_settled(meter, after):
                    known.changes[before, after] = between
            changes += between
        return changes

    def _days(self, meter: Meter, low: datetime, high: datetime) -> list[Change]:
        """Return the contracts at midnights, of all in [low, high) that differ from a neighbour, and of some others."""
        known, settled = self._memory.of(meter), settled_until(meter)
        start, end, samples = known.contracts or (min(low, settled), min(low, settled), [])
        samples = [*self._at_midnights(meter, low, start), *samples, *self._at_midnights(meter, end, high)]
        until = max(end, min(high, settled))
        known.contracts = min(low, start), until, _thinned([one for one in samples if one[0] < until])
        return samples

    def _at_midnights(self, meter: Meter, start: datetime, end: datetime) -> list[Change]:
        first = start.replace(hour=0, minute=0, second=0, microsecond=0)
        midnights = [first + number * _DAY for number in range((end - first) // _DAY + 1)]
        found = self._contracts.at(meter.number, [hour for hour in midnights if start <= hour < end])
        return sorted(found.items())

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


def _thinned(samples: Sequence[Change]) -> list[Change]:
    """Return the samples but for those that are as the one before and the one after them."""
    return [
        sample
        for place, sample in enumerate(samples)
        if place in (0, len(samples) - 1) or not samples[place - 1][1] == sample[1] == samples[place + 1][1]
    ]
