"""What days to come will cost: each stretch between changes of prices or contract at its own prices. Pure."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import sqrt
from zoneinfo import ZoneInfo

from common.contract.offers import Offer
from monitor.calendar import midnight
from monitor.cost.bill import Bill, Cost
from monitor.cost.contracts import Contract, contract_at
from monitor.forecast.colours import Chances
from monitor.forecast.registers import Habits, Split
from monitor.readings.periods import Energy

_OTHERS = ("red", "white")  # than the ordinary colour


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
