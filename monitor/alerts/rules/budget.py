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
    priced = [one.daily for one in facts.meters if one.daily.month_so_far is not None]  # a producer may have no price
    month = f"{today:%Y-%m}"
    present = [daily for daily in priced if f"{daily.at.astimezone(facts.zone):%Y-%m}" == month]
    is_known = bool(priced) and len(present) == len(priced) and all(one.month_cost is not None for one in present)
    # Of a meter without a forecast it is at least what it cost until now.
    limit, cost = facts.budget * _EURO, sum(one.month_cost or one.month_so_far or 0 for one in present)
    if cost > _OVER * limit:
        holds = Holds.YES
    elif not is_known:
        holds = Holds.UNKNOWN
    else:
        holds = Holds.NO if cost < _WITHIN * limit else Holds.BETWEEN
    figures: dict[str, Figure] = {"expected": cost, "budget": limit}
    return [Sign("budget", holds, "", month, figures=figures)]
