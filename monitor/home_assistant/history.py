"""Our side: energy, cost and readings of each hour, a year at a time, and what of an hour is an entity's.

An entity is named by its key, the end of its identifier: `east`, `easf02`, `hchp`, `import_total_tempo`, `eait`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from common.contract.offers import BY_REGISTER, registers_of
from common.contract.registers import INJECTED, NUMBERED, SUPPLIER, TOTAL, supplier_number
from monitor.base.calendar import Calendar, full_hour
from monitor.money.bill import ZERO, Cost
from monitor.money.contracts import Contract
from monitor.money.costs import Period
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.readings.rows import LAST, Values, values_of

_HOUR = timedelta(hours=1)
#: How the identifiers of our entities begin.
OURS = "teleinfo_"
_ALL, _ALL_HISTORIC, _INJECTED, _FLAT = "east", "import_total_", "eait", "BASE"
_NUMBERED = re.compile(rf"{NUMBERED.lower()}(\d\d)")


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
        return values_of(self._answers.connection, part.number, LAST, hours)

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


def is_register(key: str) -> bool:
    """Tell whether an entity counts energy of which our history knows the hours."""
    return key == _INJECTED or is_total(key) or is_part(key)


def is_total(key: str) -> bool:
    """Return whether an entity counts all the energy drawn from the grid."""
    return key == _ALL or key.startswith(_ALL_HISTORIC)


def is_part(key: str) -> bool:
    """Tell whether an entity is a register of the supplier, which has a price of its own."""
    return key.upper() in BY_REGISTER or _NUMBERED.fullmatch(key) is not None


def wh(key: str, energy: Energy, *, flat: bool) -> int:
    """Return how many Wh of a period an entity counts.

    Args:
        key: of the entity.
        energy: of the period.
        flat: the contract had one register only. In standard mode that is the first one; energy that was imported
            without a register is of none otherwise.
    """
    if key == _INJECTED:
        return energy.injected_wh or 0
    if is_total(key):
        return energy.total_wh
    return sum(counted for name, counted in energy.wh.items() if _is_of(key, name, flat=flat))


def cost(key: str | None, of_period: Cost, *, flat: bool) -> Decimal:
    """Return what the energy of an entity cost; without a key all of it, and the subscription."""
    if key is None:
        return of_period.total
    return sum((amount for name, amount in of_period.by_register.items() if _is_of(key, name, flat=flat)), ZERO)


def reading(key: str, values: Values) -> int | None:
    """Return what the register of an entity shows, of the readings of an hour; None: it was not read."""
    if key == _INJECTED:
        return values[INJECTED]
    if key in (_ALL, _FLAT.lower()):
        return values[TOTAL]
    if key.startswith(_ALL_HISTORIC):
        count = len(registers_of(key.removeprefix(_ALL_HISTORIC)))
        parts = [values[place] for place in SUPPLIER[:count]]
        known = [value for value in parts if value is not None]
        return sum(known) if known and len(known) == len(parts) else None
    number = supplier_number(key.upper())
    return None if number is None else values[SUPPLIER[number - 1]]


def _is_of(key: str, name: str, *, flat: bool) -> bool:
    """Tell whether a register as contracts name it is that of an entity."""
    if _NUMBERED.fullmatch(key) is None:
        return name == key.upper()
    number = 1 if flat and name == _FLAT else supplier_number(name)
    return number == supplier_number(key.upper())


def of_meter(identifiers: Iterable[str], meter: str) -> dict[str, str]:
    """Return which of the identifiers of entities are registers of a meter, by key.

    >>> of_meter(["teleinfo_031961000001_east", "teleinfo_031961000001_link"], "031961000001")
    {'east': 'teleinfo_031961000001_east'}
    """
    start = f"{OURS}{meter.replace('.', '_')}_"  # as the reader announces it
    keys = {name.removeprefix(start): name for name in identifiers if name.startswith(start)}
    return {key: name for key, name in sorted(keys.items()) if is_register(key)}
