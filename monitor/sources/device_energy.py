"""What single devices used of what a home used, and what it cost. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

#: Counters are read some seconds apart, and each of them is some percent wrong.
_APART, _WRONG = 100, Decimal("0.02")  # Wh, share


@dataclass(frozen=True, slots=True)
class Device:
    """What a device used in each period of an answer; None: not known yet, or something of it has no price."""

    name: str
    wh: Sequence[int | None]
    cost: Sequence[Decimal | None]  # EUR

    @property
    def total_wh(self) -> int | None:
        """What it used in the periods in which that is known."""
        known = [one for one in self.wh if one is not None]
        return sum(known) if known else None

    @property
    def total_cost(self) -> Decimal | None:
        """What that cost, None if the cost of one of these periods is not known."""
        costs = [cost for wh, cost in zip(self.wh, self.cost, strict=True) if wh is not None]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


@dataclass(frozen=True, slots=True)
class Above:
    """Periods in which devices counted more than the home used: a counter, its unit or its meter is wrong."""

    periods: int
    devices_wh: int
    house_wh: int


def above(periods: Iterable[tuple[int, int | None]]) -> Above | None:
    """Return what cannot be, of periods with what the devices and the home used; None: all can be."""
    found = [(devices, house) for devices, house in periods if house is not None and _is_above(devices, house)]
    return Above(len(found), sum(one for one, _ in found), sum(one for _, one in found)) if found else None


def _is_above(devices: int, house: int) -> bool:
    return devices - house > _APART + house * _WRONG


def by_mix(wh: int, mix: Mapping[str, int]) -> dict[str, int]:
    """Return energy divided as the mix of an hour is; the register that counted most has what rounding leaves.

    >>> by_mix(1001, {"HCHP": 250, "HCHC": 750}), by_mix(10, {"BASE": 3})
    ({'HCHP': 250, 'HCHC': 751}, {'BASE': 10})
    """
    if len(mix) == 1:  # of nearly all hours
        return dict.fromkeys(mix, wh)
    most = max(mix, key=lambda name: mix[name])
    total = sum(mix.values())
    parts = {name: round(wh * counted / total) for name, counted in mix.items()}
    parts[most] += wh - sum(parts.values())
    return parts
