"""By how much a register can rise: the subscribed power bounds what it counts in a time. Pure.

The reader judges by it the registers of a line, and those that another device has decoded.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from common.contract.frame import Value
from common.contract.labels import LABELS, Mode
from common.contract.power import VA_PER_AMPERE, is_three_phase

MARGIN = 1.5  # times the subscribed power; a meter needs minutes to cut off at 1.4 times (54E, 7)
SLACK = 2  # Wh; a register is rounded to 1 Wh, and may be one frame old
MAX_POWER = 36_000  # VA; larger sites have another kind of meter

#: By mode and label: whether the subscribed power bounds its rise. Exported and reactive energy may only not fall.
REGISTERS: Mapping[Mode, Mapping[str, bool]] = MappingProxyType(
    {
        mode: MappingProxyType(
            {
                label.name: label.unit == "Wh" and label.name != "EAIT"
                for label in labels.values()
                if label.cumulative and label.unit in ("Wh", "VArh")  # not GAZ and AUTRE: there is no rule for them
            }
        )
        for mode, labels in LABELS.items()
    }
)


class Implausible(NamedTuple):
    """The first implausible value of an index; further ones, until a plausible one comes, are not reported."""

    label: str
    value: int
    accepted: int  # the last plausible value


def largest_rise(power: int, seconds: float) -> float:
    """Return by how many Wh an index can rise within a time, under a subscribed power in VA."""
    return SLACK + MARGIN * power * seconds / 3600


class SubscribedPower:
    """The subscribed power of one meter, as far as its values have shown it."""

    def __init__(self) -> None:
        self._three_phase = False
        self._kva = 0  # PREF
        self._amperes = 0  # ISOUSC, of each phase; only the one that came last is set

    def update(self, values: Mapping[str, Value]) -> int | None:
        """Take over the values of a frame; return the power in VA, None if it is not known."""
        if not self._three_phase:
            self._three_phase = is_three_phase(values)
        # No contract is for 0, so a 0 is ignored like a missing group.
        kva, amperes = values.get("PREF"), values.get("ISOUSC")
        if isinstance(kva, int) and kva > 0:
            self._kva, self._amperes = kva, 0
        elif isinstance(amperes, int) and amperes > 0:
            self._kva, self._amperes = 0, amperes
        return self._kva * 1000 or self._amperes * VA_PER_AMPERE * (3 if self._three_phase else 1) or None
