"""Our side: energy, cost and readings of each hour, a year at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.base.calendar import Calendar, full_hour
from monitor.money.contracts import Contract
from monitor.money.costs import Period
from monitor.money.home import Home
from monitor.readings.hour_values import Values
from monitor.readings.hours import Meter

_HOUR = timedelta(hours=1)
_FLAT = "BASE"


class History:
    """The hours of one meter, or of a house whose meter was replaced, up to the last full hour."""

    def __init__(self, home: Home, meter: Meter, calendar: Calendar, now: datetime) -> None:
        self._answers = home
        self._meter = meter
        self._calendar = calendar
        self._now = now
        self.end = full_hour(now)
        first = home.first(meter)
        #: With the subscription of the month of the first hour, as a report has it.
        self.start = self.end if first is None else calendar.floor("month", first)
        self._contracts: Sequence[Contract] = home.costs.contracts(meter, self.start, self.end)

    def hours(self, start: datetime, end: datetime) -> dict[datetime, Period]:
        """Return the hours of [start, end) that have energy or cost something.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        start = max(start, self.start)
        if start >= end:
            return {}
        periods = self._answers.costs.energy(self._meter, "hour", start, end, self._now).periods
        return {period.energy.start: period for period in periods}

    def readings(self, address: str, start: datetime, end: datetime) -> dict[datetime, Values]:
        """Return the readings of one of the meters at the ends of the hours of [start, end) that have any."""
        part = self._part(address)
        if part.first is None or part.last is None:
            return {}
        start, end = max(start, part.first), min(end, part.last + _HOUR)
        hours = [start + number * _HOUR for number in range(max((end - start) // _HOUR, 0))]
        return {hour: one.values for hour, one in self._answers.hours.readings_of(part.number, hours).items()}

    def last_readings(self, address: str, before: datetime) -> Values | None:
        """Return the last readings of one of the meters before a moment."""
        (found,) = self._answers.hours.readings_at(self._part(address), [before])
        return None if found is None else found.values

    def is_flat(self, moment: datetime) -> bool:
        """Tell whether the contract had one register only; before the first contract that is known, as there."""
        known = [one for one in self._contracts if one.end > moment]
        offer = known[0].offer if known else None
        rows = [] if offer is None else self._answers.prices.rows(offer, moment.astimezone(self._calendar.zone).date())
        return any(_FLAT in band for row in rows for band in row.kwh.values())

    def _part(self, address: str) -> Meter:
        return next(part for part in self._meter.parts if part.identifier == address)


def views(house: Meter, registered: Sequence[str]) -> dict[str, Meter]:
    """Return for the meters of a house that have entities of whose energy these show the past.

    It is the meter's own, and that of the meters it replaced that have no entities themselves: nothing is shown twice.
    """
    found: dict[str, Meter] = {}
    waiting: list[Meter] = []
    for part in house.parts:
        waiting.append(part)
        if part.identifier in registered:
            found[part.identifier] = _together(house, waiting)
            waiting = []
    return found


def _together(house: Meter, parts: Sequence[Meter]) -> Meter:
    if len(parts) == len(house.parts):
        return house
    if len(parts) == 1:
        return parts[0]
    return Meter(
        number=parts[-1].number,
        identifier=parts[-1].identifier,
        first=min((part.first for part in parts if part.first), default=None),
        last=max((part.last for part in parts if part.last), default=None),
        version=house.version,
        name=house.name,
        replaced=tuple(part.identifier for part in parts[:-1]),
        of_house=tuple(parts),
    )
