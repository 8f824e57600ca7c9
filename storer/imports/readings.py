"""From readings of an index to the energy of hours: the rule of the rollups, for readings from elsewhere."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from storer.database.months import ceil_hour
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, MAX_POWER, Parsed, Period

FALLS = "falls of an index"
JUMPS = "jumps of an index that no meter of 36 kVA can make"
UNCLEAR_TIMES = "readings of the repeated hour of October, between which the others count on"


def differences(readings: Iterable[tuple[datetime, int]], register: int, left_out: Counter[str]) -> list[Period]:
    """Return the energy between the last readings of each hour, in order; `readings` are in Wh.

    A reading at the end of an hour belongs to that hour. Where hours have no reading, the energy is that of all hours
    since the one before. What an index loses, or gains beyond reason, is no energy: left out, and counted.
    """
    last: dict[datetime, tuple[datetime, int]] = {}
    for instant, wh in readings:
        end = ceil_hour(instant)
        if end not in last or last[end][0] <= instant:
            last[end] = (instant, wh)
    periods = []
    for (start, (_, before)), (end, (_, after)) in pairwise(sorted(last.items())):
        hours = (end - start) // HOUR
        if after < before:
            left_out[FALLS] += 1
        elif after - before > MAX_POWER * hours:
            left_out[JUMPS] += 1
        else:
            periods.append(Period(end, hours, register, after - before))
    return periods


def local_differences(
    readings: Iterable[tuple[datetime, Fraction]], register: int, clock: LocalClock, parsed: Parsed
) -> None:
    """Add the energy between readings of an index in Wh at local times.

    Readings of the hour that comes twice are left out: the energy is then that of the hours around it together.
    """
    clear = []
    for local, wh in readings:
        if clock.is_twice(local):
            parsed.left_out[UNCLEAR_TIMES] += 1
        else:
            clear.append((clock.utc(local), round(wh)))
    parsed.periods += differences(clear, register, parsed.left_out)
