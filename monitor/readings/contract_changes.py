"""Finds when a meter began to tell another contract, without reading each hour."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from monitor.readings.hours import Hours, Meter
from monitor.readings.memory import Change, Known, Memory, is_settled
from monitor.readings.meter_contracts import Contracts, MeterContract

_HOUR = timedelta(hours=1)


class ContractChanges:
    """Finds the changes of contracts, and keeps what it found in the memory."""

    def __init__(self, hours: Hours, contracts: Contracts, memory: Memory) -> None:
        self._hours = hours
        self._contracts = contracts
        self._memory = memory

    def between(self, meter: Meter, low: datetime, high: datetime) -> list[Change]:
        """Return the contract at `low`, and each change before `high`: a sample a day, a search where two differ."""
        known = self._memory.of(meter)
        ends = self._hours.readings_at(meter, [low + _HOUR, high])
        samples = {reading.hour for reading in ends if reading is not None}
        day = low.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        while day < high:
            samples.add(day)
            day += timedelta(days=1)
        contracts = self._sample(meter, known, samples)
        found = [(hour, contract) for hour in sorted(samples) if (contract := contracts[hour]) is not None]
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

    def _sample(self, meter: Meter, known: Known, hours: Iterable[datetime]) -> Mapping[datetime, MeterContract | None]:
        contracts = dict(known.contracts)
        missing = sorted(set(hours) - contracts.keys())
        found = self._contracts.at(meter.number, missing)
        new = {hour: found.get(hour) for hour in missing}
        known.contracts |= {hour: contract for hour, contract in new.items() if is_settled(meter, hour)}
        return contracts | new

    def _search(
        self, meter: Meter, before: datetime, old: MeterContract, after: datetime, new: MeterContract
    ) -> list[Change]:
        """Return the changes between two hours with different contracts."""
        while after - before > _HOUR:
            middle = before + (after - before) // _HOUR // 2 * _HOUR
            (reading,) = self._hours.readings_at(meter, [middle + _HOUR])
            if reading is None or reading.hour <= before:
                before = middle  # nothing was read between them
                continue
            found = self._contracts.at(meter.number, [reading.hour]).get(reading.hour)
            if found is None or found.is_like(old):
                before = middle
            elif found.is_like(new):
                after = reading.hour
            else:
                return [
                    *self._search(meter, before, old, reading.hour, found),
                    *self._search(meter, reading.hour, found, after, new),
                ]
        return [(after, new)]
