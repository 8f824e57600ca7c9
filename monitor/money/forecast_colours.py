"""How likely each colour is on Tempo days to come: the days left of a season, spread as in earlier seasons. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from math import sqrt

from monitor.money.calendars import TEMPO, Calendars
from monitor.money.tempo import RED, WHITE, bundled_colours, first_day, season_of

_LEFT = {"red": RED, "white": WHITE}  # of a whole season; all other days are blue
_COLD_SPELLS = 2.0  # red and white days come together, so their number varies more than by chance
_RULE = Calendars()
_SUNDAY = 6


class Chances:
    """The chances of colours after the last day of which the colour is known; without any, after `today`."""

    def __init__(self, known: Mapping[date, str], today: date) -> None:
        self._known = known
        self._today = max(known, default=today)
        self._seasons: dict[int, dict[str, tuple[float, float]]] = {}

    def of(self, day: date) -> Mapping[str, float]:
        """Return how likely each colour is; together they are 1."""
        if (colour := self._known.get(day)) is not None:
            return {colour: 1.0}
        red, white = (self._chance(day, colour) for colour in _LEFT)
        white = min(white, 1 - red)
        return {"red": red, "white": white, "blue": 1 - red - white}

    def spread(self, days: Iterable[date], colour: str) -> float:
        """Return by how many the number of days of a colour differs from what is expected (standard deviation)."""
        coming = [day for day in days if day not in self._known]
        variance = 0.0
        for year in {season_of(day) for day in coming}:
            left, weight = self._of_season(year)[colour]
            share = sum(_weight(day, colour) for day in coming if season_of(day) == year) / weight if weight else 0
            variance += left * share * max(1 - share, 0)
        return sqrt(_COLD_SPELLS * variance)

    def _chance(self, day: date, colour: str) -> float:
        left, weight = self._of_season(season_of(day))[colour]
        return min(left * _weight(day, colour) / weight, 1.0) if weight else 0.0

    def _of_season(self, year: int) -> Mapping[str, tuple[float, float]]:
        """Return of each colour the days that are left, and the weight of all days that may get them."""
        if year not in self._seasons:
            length = (first_day(year + 1) - first_day(year)).days
            days = [first_day(year) + timedelta(number) for number in range(length)]
            unknown = [day for day in days if day > self._today and day not in self._known]
            past = [day for day in days if day <= self._today]
            self._seasons[year] = {
                colour: (self._left(days, past, colour), sum(_weight(day, colour) for day in unknown))
                for colour in _LEFT
            }
        return self._seasons[year]

    def _left(self, days: Sequence[date], past: Sequence[date], colour: str) -> float:
        if all(day in self._known for day in past):
            used = sum(self._known.get(day) == colour for day in days)
            return max(_LEFT[colour] - used, 0)
        whole = sum(_weight(day, colour) for day in days)
        return _LEFT[colour] * (1 - sum(_weight(day, colour) for day in past) / whole)


def _weight(day: date, colour: str) -> float:
    """Return how often a day like this one had a colour, of the days of earlier seasons that may have it."""
    return _habits().get((colour, day.month), 0.0) if _may_be(day, colour) else 0.0


def _may_be(day: date, colour: str) -> bool:
    return not _RULE.cannot_be(TEMPO, day, "red") if colour == "red" else day.weekday() != _SUNDAY


@cache
def _habits() -> Mapping[tuple[str, int], float]:
    had, could = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for day, known in bundled_colours().items():
        for colour in _LEFT:
            if _may_be(day, colour):
                could[colour, day.month] += 1
                had[colour, day.month] += known == colour
    return {key: had[key] / count for key, count in could.items()}
