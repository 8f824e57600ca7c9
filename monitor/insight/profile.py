"""The mean energy of each hour of the week: when a house draws."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.model import HourEnergy

_WHOLE = 3540  # seconds covered: what is less is not that hour's energy


@dataclass(frozen=True, slots=True)
class Profile:
    """Mean Wh by weekday (0: Monday) and local hour, None where no hour was whole; and how many hours counted."""

    mean_wh: tuple[tuple[int | None, ...], ...]
    hours: int


def profile(hours: Iterable[HourEnergy], zone: ZoneInfo) -> Profile:
    """Compute the profile; hours with recovered energy are left out, they hold that of other hours."""
    sums = [[[0, 0] for _ in range(24)] for _ in range(7)]
    for hour in hours:
        if hour.covered < _WHOLE or hour.recovered:
            continue
        local = hour.start.astimezone(zone)
        cell = sums[local.weekday()][local.hour]
        cell[0] += hour.wh
        cell[1] += 1
    return Profile(
        tuple(tuple(round(wh / count) if count else None for wh, count in day) for day in sums),
        sum(count for day in sums for _, count in day),
    )
