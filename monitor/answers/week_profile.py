"""The mean energy of each hour of the week: when a house draws."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.readings.hour_curves import WeekHour


@dataclass(frozen=True, slots=True)
class Profile:
    """Mean Wh by weekday (0: Monday) and local hour, None where no hour was whole; and how many hours counted."""

    mean_wh: tuple[tuple[int | None, ...], ...]
    hours: int


def profile(cells: Iterable[WeekHour]) -> Profile:
    """Compute the profile; a place of the week may come several times."""
    sums = [[0, 0] for _ in range(7 * 24)]
    for place, wh, hours in cells:
        sums[place][0] += wh
        sums[place][1] += hours
    means = [round(wh / hours) if hours else None for wh, hours in sums]
    return Profile(tuple(tuple(means[day * 24 : day * 24 + 24]) for day in range(7)), sum(hours for _, hours in sums))
