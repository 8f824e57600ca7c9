"""Which entities of Home Assistant count energy, and what of an hour is theirs. Pure.

An entity is named by its key, the end of its identifier: `east`, `easf02`, `hchp`, `import_total_tempo`, `eait`.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from common.contract.offers import BY_REGISTER, registers_of
from common.contract.registers import INJECTED, NUMBERED, SUPPLIER, TOTAL, supplier_number
from monitor.money.bill import ZERO, Cost
from monitor.readings.periods import Energy
from monitor.readings.rows import Values

#: How the identifiers of our entities begin.
OURS = "teleinfo_"
_ALL, _ALL_HISTORIC, _INJECTED, _FLAT = "east", "import_total_", "eait", "BASE"
_NUMBERED = re.compile(rf"{NUMBERED.lower()}(\d\d)")


def is_register(key: str) -> bool:
    """Tell whether an entity counts energy of which our history knows the hours."""
    return key == _INJECTED or is_total(key) or is_part(key)


def is_total(key: str) -> bool:
    """Tell whether an entity counts all that is drawn."""
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
