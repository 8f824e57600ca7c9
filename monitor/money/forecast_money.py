"""What days to come will cost: each stretch between changes of prices or contract at its own prices. Pure.

Which registers will count their energy: it is divided as this home's own was, lately.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import sqrt
from zoneinfo import ZoneInfo

from common.contract.offers import BY_REGISTER, Offer, is_off_peak
from monitor.base.calendar import midnight
from monitor.money.bill import Bill, Cost
from monitor.money.contracts import Contract, contract_at
from monitor.money.forecast_model import Chances
from monitor.readings.periods import Energy

_OTHERS = ("red", "white")  # than the ordinary colour
#: Shares of the energy of a day by register, by the day's colour; None: on any day.
Split = Mapping[str | None, Mapping[str, float]]


class Habits:
    """How a home's energy was divided: `recent` in the last weeks, `year` in the last year; Wh by register."""

    def __init__(self, recent: Mapping[str, int], year: Mapping[str, int]) -> None:
        self._recent = recent
        self._year = year

    @property
    def offer(self) -> Offer | None:
        """The structure whose registers counted most; None: they only have numbers."""
        most = max(self._recent, key=lambda name: self._recent[name], default="")
        return BY_REGISTER[most][0] if most in BY_REGISTER else None

    def split(self, offer: Offer | None) -> Split | None:
        """Return how the energy of a day is divided with an offer; None: these registers do not tell."""
        total = sum(self._recent.values())
        if offer is None or (offer is self.offer and not any(register.off_peak for register in offer.registers)):
            return {None: {name: wh / total for name, wh in self._recent.items()}} if total > 0 else None
        if len(offer.registers) == 1:
            return {None: {offer.registers[0].name: 1.0}}
        found: dict[str | None, dict[str, float]] = {}
        for register in offer.registers:
            if register.off_peak is None or (off_peak := self._off_peak(register.colour)) is None:
                return None
            found.setdefault(register.colour, {})[register.name] = off_peak if register.off_peak else 1 - off_peak
        return found

    def _off_peak(self, colour: str | None) -> float | None:
        """Return the share of off-peak hours, on days of this colour if there were any."""
        of_colour = {
            name: wh for name, wh in self._year.items() if name in BY_REGISTER and BY_REGISTER[name][1].colour == colour
        }
        for counted in (of_colour, self._recent):
            known = {name: wh for name, wh in counted.items() if is_off_peak(name) is not None}
            if (total := sum(known.values())) > 0:
                return sum(wh for name, wh in known.items() if is_off_peak(name)) / total
        return None


@dataclass(frozen=True, slots=True)
class ComingCost:
    """What days to come are expected to cost, EUR, and by how much their colours alone may change it (1 sigma)."""

    energy: Decimal
    subscription: Decimal
    spread: float


@dataclass(frozen=True, slots=True)
class ComingEnergy:
    """What is expected from `start` to `end`: Wh by local day, divided by registers as habits and colours have it."""

    start: datetime
    end: datetime
    wh: Mapping[date, float]
    habits: Habits
    chances: Chances
    zone: ZoneInfo

    def cost(
        self, bill: Bill, contracts: Sequence[Contract], structure: Callable[[str], Offer | None]
    ) -> ComingCost | None:
        """Return what it will cost; None: a contract or a price is not known.

        Args:
            bill: computes costs up to the end.
            contracts: that hold, in order.
            structure: returns that of an offer, as far as meters name it.
        """
        cost, variance = Cost(), 0.0
        for low, high in itertools.pairwise([self.start, *bill.cuts(self.start, self.end), self.end]):
            contract = contract_at(contracts, low)
            if contract is None or contract.offer is None:
                return None
            split = self.habits.split(structure(contract.offer) or self.habits.offer)
            if split is None:
                return None
            days = [day for day in self.wh if low <= max(midnight(day, self.zone), self.start) < high]
            energy = self._by_register(days, split)
            bill.add(cost, Energy(low, high, energy, None, 0, imported_wh=0, covered=0, expected=0))
            if "blue" in split and not cost.partial:
                variance += self._variance(days, split, bill, contract)
        return None if cost.partial else ComingCost(cost.energy, cost.subscription, sqrt(variance))

    def _by_register(self, days: Sequence[date], split: Split) -> dict[str, int]:
        counted: dict[str, float] = {}
        for day in days:
            for colour, chance in self.chances.of(day).items() if "blue" in split else [(None, 1.0)]:
                for name, share in split[colour].items():
                    counted[name] = counted.get(name, 0.0) + self.wh[day] * chance * share
        return {name: round(wh) for name, wh in counted.items()}

    def _variance(self, days: Sequence[date], split: Split, bill: Bill, contract: Contract) -> float:
        if not days:
            return 0.0
        rates = bill.rates(contract, days[0])
        mean_kwh = sum(self.wh[day] for day in days) / len(days) / 1000
        price = {
            colour: sum(float(rates.kwh(name) or 0) * share for name, share in shares.items())
            for colour, shares in split.items()
        }
        return sum(
            (self.chances.spread(days, colour) * (price[colour] - price["blue"]) * mean_kwh) ** 2 for colour in _OTHERS
        )
