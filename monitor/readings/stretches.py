"""How the total of a meter and its supplier's registers go together, from one turn to the next.

They are read at the same moment, so what the total shows and no register is a rounding, or drawn outside the contract.
Of a meter that arrives decoded it is neither: adapters report the total and the registers at different moments.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.contract.registers import REGISTERS, SUPPLIER, TOTAL
from monitor.readings.hours import Break, Hours, Meter, is_decoded
from monitor.readings.rows import Reading, Values

_HOUR = timedelta(hours=1)
NOTHING: Values = (None,) * len(REGISTERS)
#: |EAST - sum of EASF| changes by no more while only rounding does it: each of up to eleven registers is rounded down.
ROUNDING = 10


def difference(values: Values) -> int | None:
    """Return by how much the total is more than all registers of the supplier; None: one of the two is not there."""
    total, suppliers = values[TOTAL], [value for place in SUPPLIER if (value := values[place]) is not None]
    return None if total is None or not suppliers else total - sum(suppliers)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one turn to the next: the meter has the same registers, and is read in the same way."""

    start: datetime
    end: datetime
    outside: bool  # the total shows more than the supplier's registers
    base: Values = NOTHING  # of a meter that arrives decoded: the readings at its beginning


class StretchReader:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, hours: Hours) -> None:
        """Read through `hours`."""
        self._hours = hours

    def between(
        self,
        meter: Meter,
        start: datetime,
        end: datetime,
        turns: Sequence[datetime],
        shapes: Sequence[tuple[datetime, int]],
        breaks: Sequence[Break],
    ) -> list[Stretch]:
        """Return the stretches that [start, end) touches.

        What the total shows and no register is decided for a whole stretch, whatever part of it is asked for: so the
        parts of a range add up to it by register, too.

        Args:
            meter: from `Hours.meters`.
            start: the beginning.
            end: the end.
            turns: all of the meter, and the end of its readings.
            shapes: from when on it has which registers, of all its time.
            breaks: of all its time.
        """
        # From the end of the hour of a turn to the next turn; the first one begins with the readings.
        intervals = [
            (low + _HOUR, high) for low, high in itertools.pairwise(turns) if low < end and start < high > low + _HOUR
        ]
        limits = sorted({limit for interval in intervals for limit in interval})
        readings = dict(zip(limits, self._hours.readings_at(meter, limits), strict=True))
        rests = {limit: None if reading is None else difference(reading.values) for limit, reading in readings.items()}
        found = []
        for low, high in intervals:
            if decoded_at(shapes, low):
                (base,) = self.last_known(meter, [low], [readings[low]])
                found.append(Stretch(low - _HOUR, high, outside=False, base=base))
                continue
            before, after = rests[low], rests[high]
            if before is not None and after is not None:
                broken = sum_breaks(breaks, low, high).get(TOTAL, 0)
                found.append(Stretch(low - _HOUR, high, outside=after - before - broken > ROUNDING))
        return found

    def late(
        self,
        meter: Meter,
        limits: Sequence[datetime],
        readings: Sequence[Reading | None],
        values: Sequence[Values],
        stretches: Sequence[Stretch],
        name: Callable[[int | None, int], str | None],
    ) -> list[dict[str, int]]:
        """Return what registers were further behind the total at the end of each piece than at its start.

        Adapters report the total and the registers at different moments, up to 100 Wh apart. What the total shows
        before the registers do is of the one that runs at that moment. `name` gives its name.
        """
        found: list[dict[str, int]] = [{} for _ in limits[1:]]
        if not any(stretch.base != NOTHING for stretch in stretches):
            return found
        running = self._hours.drawn(meter.number, sorted({reading.hour for reading in readings if reading is not None}))
        for place, low in enumerate(limits[:-1]):
            stretch = stretch_at(stretches, low)
            for limit, sign in ((place, -1), (place + 1, 1)):
                reading = readings[limit]
                behind = None if stretch is None else _behind(values[limit], stretch.base)
                if behind is None or reading is None or reading.hour not in running:
                    continue
                _, supplier = running[reading.hour]
                if (register := name(supplier, int((limits[place + 1] - _HOUR).timestamp()))) is not None:
                    found[place][register] = found[place].get(register, 0) + sign * behind
        return found

    def last_known(self, meter: Meter, limits: Sequence[datetime], readings: Sequence[Reading | None]) -> list[Values]:
        """Return the latest value of each register at each limit, also of those that the last hour did not have."""
        result: list[Values] = []
        known = NOTHING
        if readings[0] is not None:
            ever = {place for one in readings if one for place, value in enumerate(one.values) if value is not None}
            absent = [place for place in ever if readings[0].values[place] is None]
            earlier = self._hours.last_values(meter.number, absent, meter.first or limits[0], limits[0])
            known = tuple(earlier.get(place) for place in range(len(known)))
        for reading in readings:
            if reading is not None:
                pairs = zip(reading.values, known, strict=True)
                known = tuple(last if value is None else value for value, last in pairs)
            result.append(NOTHING if reading is None else known)
        return result


def decoded_at(shapes: Sequence[tuple[datetime, int]], moment: datetime) -> bool:
    """Tell whether a meter arrives decoded from a moment on."""
    return next((is_decoded(shape) for since, shape in reversed(shapes) if since <= moment), False)


def stretch_at(stretches: Iterable[Stretch], moment: datetime) -> Stretch | None:
    """Return the stretch of a moment."""
    return next((stretch for stretch in stretches if stretch.start <= moment < stretch.end), None)


def _behind(values: Values, base: Values) -> int | None:
    """Return by how much registers are further behind the total than they were; None: these are not the same ones."""
    now, before = difference(values), difference(base)
    same = [value is None for value in values] == [value is None for value in base]
    return now - before if same and now is not None and before is not None else None


def sum_breaks(breaks: Iterable[Break], start: datetime, end: datetime) -> dict[int, int]:
    """Return what is no energy in [start, end), by register."""
    total: dict[int, int] = {}
    for one in breaks:
        if start <= one.hour < end:
            total[one.register] = total.get(one.register, 0) + one.step
    return total
