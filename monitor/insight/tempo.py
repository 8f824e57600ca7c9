"""The colours of Tempo days, learned from the registers that ran, and how many of a season are left.

A colour holds from 06:00 to 06:00; a season runs from 1 September to 31 August: 22 red days, 43 white, the others blue.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from monitor.model import HourEnergy

RED, WHITE = 22, 43
COLOURS = {"J": "blue", "B": "blue", "W": "white", "R": "red"}  # by the last letter of a register: BBRHCJB
_TEMPO = "BBR"


@dataclass(frozen=True, slots=True)
class TempoSeason:
    """The season that began on 1 September of `year`."""

    year: int
    days: Mapping[date, str]  # blue, white or red, those that are known
    used: Mapping[str, int]
    remaining: Mapping[str, int] | None  # None: days of the past are not known, so nobody can tell


def learn_colours(hours: Iterable[HourEnergy], zone: ZoneInfo) -> dict[date, str]:
    """Return the colour of each Tempo day (local date of its 06:00) that hours show.

    An hour shows the register at its end. That of 05:00 may be past the change by a minute: most hours decide.
    """
    votes: dict[date, Counter[str]] = {}
    for hour in hours:
        if hour.imported or hour.register is None or not hour.register.startswith(_TEMPO):
            continue
        local = hour.start.astimezone(zone)
        day = local.date() - timedelta(1) if local.hour < 6 else local.date()
        votes.setdefault(day, Counter())[COLOURS[hour.register[-1]]] += 1
    return {day: counts.most_common(1)[0][0] for day, counts in sorted(votes.items())}


def season(colours: Mapping[date, str], year: int, today: date) -> TempoSeason:
    """Return a season's days, and what is left of it after `today` (a Tempo day)."""
    first, last = date(year, 9, 1), date(year + 1, 8, 31)
    days = {day: colour for day, colour in sorted(colours.items()) if first <= day <= last}
    used = Counter(days.values())
    passed = [first + timedelta(number) for number in range((min(today, last) - first).days + 1)]
    remaining = None
    if all(day in days for day in passed):
        length = (last - first).days + 1
        whole = {"red": RED, "white": WHITE, "blue": length - RED - WHITE}
        remaining = {colour: max(count - used[colour], 0) for colour, count in whole.items()}
    return TempoSeason(year, days, {colour: used[colour] for colour in ("blue", "white", "red")}, remaining)
