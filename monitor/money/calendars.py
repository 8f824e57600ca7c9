"""What is known of days: bank holidays, and the calendars of offers. A day that no source names is not guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from common.settings.yaml_file import read_yaml
from monitor.money.holidays import holidays
from monitor.money.tempo_days import bundled_colours

_FILE = Path(__file__).with_name("data") / "other_days.yaml"
TEMPO = "tempo"
_RED_MONTHS = (11, 12, 1, 2, 3)  # a red day is one from 1 November to 31 March, Monday to Friday, and no bank holiday
_SATURDAY, _SUNDAY = 5, 6  # a white day is none of Sunday


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
    written: Mapping[date, str] = field(default_factory=dict)  # as the user's file says
    listed: Mapping[str, Listed] = field(default_factory=bundled_calendars)
    alsace_moselle: bool = False

    @property
    def colours_until(self) -> date:
        """The last Tempo day of which the colour is known."""
        return max(max(colours) for colours in (self.shown, self.written, bundled_colours()) if colours)

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a bank holiday."""
        return day in holidays(day.year, alsace_moselle=self.alsace_moselle)

    def kind(self, calendar: str, day: date) -> str | None:
        """Return what a calendar says of a day; None: it is not known."""
        if calendar == TEMPO:
            known = self.shown.get(day) or self.written.get(day) or bundled_colours().get(day)
            return known or ("blue" if day.weekday() == _SUNDAY else None)
        listed = self.listed.get(calendar)
        return None if listed is None else listed.of(day)

    def cannot_be(self, calendar: str, day: date, kind: str) -> bool:
        """Tell whether a day cannot be of a kind."""
        if calendar != TEMPO or kind != "red":
            return False
        # Nationwide: the two holidays of Alsace and Moselle do not count.
        return day.weekday() >= _SATURDAY or day.month not in _RED_MONTHS or day in holidays(day.year)
