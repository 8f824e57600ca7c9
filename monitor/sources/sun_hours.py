"""What a roof made and what of it was used at home, in pieces of time; days that are over are remembered."""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.readings.days import Days
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.sources import Source, Sources

_DAY = timedelta(days=1)
_HOUR = 3600  # seconds


@dataclass(slots=True)
class Slot:
    """A piece of time."""

    made: int = 0  # Wh
    heard: int = 0  # seconds in which a source sent something
    surplus: int = 0  # hours in which more was injected than drawn
    used: dict[str, int] = field(default_factory=dict)  # production less injection, Wh, by register at each hour's end


class SunHours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, hours: Hours, sources: Sources, reader: EnergyReader, days: Days) -> None:
        self._hours = hours
        self._sources = sources
        self._reader = reader
        self._days = days

    def slots(
        self,
        meter: Meter,
        roofs: Sequence[Source],
        limits: Sequence[datetime],
        cuts: Iterable[datetime] = (),
    ) -> tuple[list[datetime], list[Slot]]:
        """Return when pieces of the time between limits begin, and what is known of them; see `Days.of`."""
        key = ("sun", *(roof.number for roof in roofs))
        starts, (found,) = self._days.of(meter, [key], limits, lambda asked: [self._between(meter, roofs, asked)], cuts)
        return starts, found

    def injects(self, meter: Meter, before: datetime) -> bool:
        """Tell whether a meter counted what it injected, in the day before a moment."""
        return any(
            injected is not None
            for part in meter.parts
            for _, _, injected, _ in self._hours.injections(part.number, before - _DAY, before)
        )

    def _between(self, meter: Meter, roofs: Sequence[Source], limits: Sequence[datetime]) -> list[Slot]:
        start, end = limits[0], limits[-1]
        # The register that ran last is that of hours of which the meter says nothing.
        before = self._hours.last_read(meter, start) - _DAY
        rows = [row for part in meter.parts for row in self._hours.injections(part.number, before, end)]
        running = {hour: supplier for hour, supplier, *_ in rows if supplier is not None}
        register_at = self._reader.register_at(meter, running, before, end)
        begins = [int(limit.timestamp()) for limit in limits[:-1]]
        slots = [Slot() for _ in begins]

        def slot_at(hour: int) -> Slot:
            return slots[bisect.bisect_right(begins, hour) - 1]

        def use(slot: Slot, hour: int, wh: int) -> None:
            register = register_at(hour) or ""
            slot.used[register] = slot.used.get(register, 0) + wh

        heard: dict[int, int] = {}
        for roof in roofs:
            for hour, wh, seconds in self._sources.by_hour(roof, start, end):
                heard[hour] = min(heard.get(hour, 0) + seconds, _HOUR)
                if wh:
                    slot = slot_at(hour)
                    slot.made += wh
                    use(slot, hour, wh)
        for hour, seconds in heard.items():
            slot_at(hour).heard += seconds
        for hour, _, sold, _ in rows:
            if sold and hour >= begins[0]:
                use(slot_at(hour), hour, -sold)
        for hour in {hour for hour, *_, is_surplus in rows if is_surplus and hour >= begins[0]}:
            slot_at(hour).surplus += 1
        return slots
