"""Energy of local days and months: kept whole, since nobody knows at which of their hours it was drawn."""

from datetime import date, timedelta
from fractions import Fraction

from storer.imports.intervals import EMPTY, Carry
from storer.imports.local_clock import DOUBLED, LocalClock
from storer.imports.model import Parsed, Period, check_wh, refused


class Days:
    """Collects the energy of days, or of longer stretches of them."""

    def __init__(self, clock: LocalClock, register: int) -> None:
        self._clock = clock
        self._register = register
        self._found: dict[tuple[date, date], Fraction] = {}
        self._parsed = Parsed()

    def add(self, day: date, value: Fraction | None, factor: int, line: int, end: date | None = None) -> None:
        """Take the energy from a day to `end` (exclusive; one day without it), in units of `factor` Wh."""
        end = end or day + timedelta(days=1)
        if value is None:
            self._parsed.left_out[EMPTY] += 1
            return
        wh = value * factor
        check_wh(float(wh), self._clock.hours_of(day, end), line)
        known = self._found.get((day, end))
        if known is None:
            self._found[day, end] = wh
        elif known == wh:
            self._parsed.left_out[DOUBLED] += 1
        else:
            raise refused(f"{day} has several values: {float(known):g} Wh and {float(wh):g} Wh", line)

    def parsed(self) -> Parsed:
        """Return the days, each as one period; what rounding leaves is carried on within a month."""
        carry = Carry()
        self._parsed.periods = [
            Period(
                self._clock.midnight(end),
                self._clock.hours_of(day, end),
                self._register,
                carry.whole(wh, day.replace(day=1)),
            )
            for (day, end), wh in sorted(self._found.items())
        ]
        return self._parsed
