"""A month that will cost more than its budget."""

from datetime import date

from monitor.alerts.facts import Facts
from monitor.alerts.signs import Figure, Holds, Sign

_EURO = 10_000  # 1e-4 EUR
_OVER, _WITHIN = 1.03, 0.97  # times the budget: a forecast moves by a little each day


def budget(facts: Facts, today: date) -> list[Sign]:
    """Return whether the present month will cost more than the budget, all meters together."""
    if facts.budget is None:
        return []
    priced = [one for one in facts.meters if one.daily.month_so_far is not None]  # one of a producer may have no price
    month = f"{today:%Y-%m}"
    costs = [one.daily.month_cost for one in priced if f"{one.daily.at.astimezone(facts.zone):%Y-%m}" == month]
    known = [cost for cost in costs if cost is not None]
    if not priced or len(known) < len(priced):
        return [Sign("budget", Holds.UNKNOWN, "", month)]
    limit, cost = facts.budget * _EURO, sum(known)
    holds = Holds.YES if cost > _OVER * limit else Holds.NO if cost < _WITHIN * limit else Holds.BETWEEN
    figures: dict[str, Figure] = {"expected": cost, "budget": limit}
    return [Sign("budget", holds, "", month, figures=figures)]
