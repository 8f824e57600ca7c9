"""Bank holidays and the calendars of offers, bundled, as announced and as the owner wrote them down.

A day that no source names is not guessed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from common.settings.yaml_file import read_yaml
from monitor.money.prices import PriceTable
from monitor.money.tempo import bundled_colours

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))  # month and day
_AFTER_EASTER = (1, 39, 50)  # days: Easter Monday, Ascension, Whit Monday
_ALSACE_MOSELLE = (-2,)  # Good Friday; and 26 December
_FILE = Path(__file__).with_name("data") / "other_days.yaml"
TEMPO = "tempo"
_RED_MONTHS = (11, 12, 1, 2, 3)  # a red day is one from 1 November to 31 March, Monday to Friday, and no bank holiday
_SATURDAY, _SUNDAY = 5, 6  # a white day is never a Sunday


@cache
def holidays(year: int, *, alsace_moselle: bool = False) -> frozenset[date]:
    """Return the bank holidays of a year; in Alsace and Moselle there are two more."""
    sunday = easter(year)
    found = {date(year, month, day) for month, day in _FIXED}
    found |= {sunday + timedelta(days) for days in _AFTER_EASTER}
    if alsace_moselle:
        found |= {date(year, 12, 26), *(sunday + timedelta(days) for days in _ALSACE_MOSELLE)}
    return frozenset(found)


def easter(year: int) -> date:
    """Return Easter Sunday (Meeus, Astronomical Algorithms, chapter 8).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A calendar that lists special days, complete from `first` to `last`; all others are ordinary."""

    days: Mapping[date, str]  # their kinds
    first: date
    last: date
    months: frozenset[int] = frozenset(range(1, 13))  # in which it may have such days

    def of(self, day: date) -> str | None:
        """Return the kind of a day; an empty text: an ordinary one; None: that is not known."""
        if day in self.days:
            return self.days[day]
        return "" if self.first <= day <= self.last or day.month not in self.months else None


@cache
def bundled_calendars() -> Mapping[str, Listed]:
    """Return the calendars that are bundled, but for Tempo."""
    found = {}
    for name, entry in read_yaml(_FILE).items():
        first, last = entry["known"]
        days = {day: str(entry["kind"]) for season in entry["days"].values() for day in season}
        months = frozenset(entry.get("months", range(1, 13)))
        found[name] = Listed(days, first, last, months)
    return found


@dataclass(frozen=True, slots=True)
class Calendars:
    """The facts that rules ask for."""

    shown: Mapping[date, str] = field(default_factory=dict)  # blue, white or red: as the meter showed
    written: Mapping[date, str] = field(default_factory=dict)  # as the owner wrote them down
    announced: Mapping[date, str] = field(default_factory=dict)  # as they were fetched
    listed: Mapping[str, Listed] = field(default_factory=bundled_calendars)
    alsace_moselle: bool = False

    @property
    def colours_until(self) -> date:
        """The last Tempo day of which the colour is known."""
        known = (self.shown, self.written, self.announced, bundled_colours())
        return max(max(colours) for colours in known if colours)

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a bank holiday."""
        return day in holidays(day.year, alsace_moselle=self.alsace_moselle)

    def colours(self, first: date, last: date) -> dict[date, str]:
        """Return the colours that are known without a meter of the Tempo days from `first` to `last`, both included."""
        known = {**bundled_colours(), **self.announced, **self.written}
        return {day: colour for day, colour in known.items() if first <= day <= last}

    def ahead(self, day: date) -> str | None:
        """Return the colour of a Tempo day before the meter shows it; None: it is not known."""
        return self.written.get(day) or self.announced.get(day)

    def kind(self, calendar: str, day: date) -> str | None:
        """Return what a calendar says of a day; None: it is not known."""
        if calendar == TEMPO:
            known = self.shown.get(day) or self.ahead(day) or bundled_colours().get(day)
            return known or ("blue" if day.weekday() == _SUNDAY else None)
        listed = self.listed.get(calendar)
        return None if listed is None else listed.of(day)

    def cannot_be(self, calendar: str, day: date, kind: str) -> bool:
        """Tell whether a day cannot be of a kind."""
        if calendar != TEMPO or kind not in ("red", "white"):
            return False
        if kind == "white":
            return day.weekday() == _SUNDAY
        # Nationwide: the two holidays of Alsace and Moselle do not count.
        return day.weekday() >= _SATURDAY or day.month not in _RED_MONTHS or day in holidays(day.year)


def calendars_of(
    tempo: Mapping[date, str],
    days: Mapping[str, Mapping[date, str]],
    *,
    alsace_moselle: bool,
    announced: Mapping[date, str] | None = None,
) -> Calendars:
    """Return the calendars with the days that the owner wrote down, and those that were fetched.

    Args:
        tempo: colours: blue, white or red.
        days: kinds of days, by the name of their calendar; those that are not listed are ordinary from the first to
            the last.
        alsace_moselle: count the bank holidays of Alsace and Moselle, too.
        announced: colours that were fetched.
    """
    own = {name: Listed(kinds, min(kinds), max(kinds)) for name, kinds in days.items() if kinds}
    listed = {**bundled_calendars(), **own}
    return Calendars(written=tempo, announced=announced or {}, listed=listed, alsace_moselle=alsace_moselle)


def foreign_words(days: Mapping[str, Mapping[date, str]], prices: PriceTable) -> Iterable[tuple[str, Collection[str]]]:
    """Yield the calendars without a day of the kinds that offers ask for, with these: all days would be ordinary."""
    for name, kinds in days.items():
        asked = prices.day_kinds(name)
        if asked and not set(asked) & set(kinds.values()):
            yield name, asked
