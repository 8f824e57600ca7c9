"""The colours of Tempo days: bundled ones of the past, those learned from registers, and how many are left.

A colour holds from 06:00 to 06:00; a season runs from 1 September to 31 August: 22 red days, 43 white, the others blue.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from common.contract.offers import COLOUR_OF_LETTER, COLOURS, TEMPO
from common.settings.yaml_file import read_yaml

_FILE = Path(__file__).with_name("data") / "tempo_days.yaml"
RED, WHITE = 22, 43


@cache
def bundled_colours() -> Mapping[date, str]:
    """Return the colour of each day that is bundled: blue, white or red."""
    return {
        date(year, 9, 1) + timedelta(number): COLOUR_OF_LETTER[letter]
        for year, letters in read_yaml(_FILE)["seasons"].items()
        for number, letter in enumerate(letters)
    }


@dataclass(frozen=True, slots=True)
class TempoSeason:
    """How many days of a season had each colour, and how many will have it."""

    used: Mapping[str, int]
    remaining: Mapping[str, int] | None  # None: days of the past are not known, so nobody can tell


def learn_colours(running: Mapping[date, Mapping[str, int]]) -> dict[date, str]:
    """Return the colour of each Tempo day that the registers which ran on it show.

    Args:
        running: by Tempo day (local date of its 06:00), how many of its hours ended with each register. The last one
            may have ended a minute past the change, with that of the next day: most hours decide.
    """
    colours = {}
    for day, registers in running.items():
        votes: Counter[str] = Counter()
        for register, hours in registers.items():
            if (known := TEMPO.named(register)) is not None and known.colour is not None:
                votes[known.colour] += hours
        if votes:
            colours[day] = votes.most_common(1)[0][0]
    return colours


def first_day(year: int) -> date:
    """Return the first day of the season that begins in a year."""
    return date(year, 9, 1)


def season_of(day: date) -> int:
    """Return the year in which the season of a Tempo day began."""
    return day.year if day >= first_day(day.year) else day.year - 1


def season(colours: Mapping[date, str], year: int, today: date) -> TempoSeason:
    """Return the days of a season up to `today` (a Tempo day), and what is left of it after that."""
    first, last = first_day(year), first_day(year + 1) - timedelta(1)
    passed = [first + timedelta(number) for number in range((min(today, last) - first).days + 1)]
    used = Counter(colours[day] for day in passed if day in colours)
    remaining = None
    if used.total() == len(passed):
        length = (last - first).days + 1
        whole = {"red": RED, "white": WHITE, "blue": length - RED - WHITE}
        remaining = {colour: max(count - used[colour], 0) for colour, count in whole.items()}
    return TempoSeason({colour: used[colour] for colour in COLOURS}, remaining)
