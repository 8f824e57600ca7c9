"""Says in words what is wrong with prices, and which are out of date. Pure."""

from collections.abc import Iterable

from common.runtime.logs import printable
from monitor.base.formats import Formats
from monitor.money.price_age import OldPrice
from monitor.money.price_check import Issue, PriceProblem


def describe(problem: PriceProblem, formats: Formats) -> str:
    """Say what is wrong with the prices."""
    own = problem.issue is Issue.OLD and not problem.regulated  # the regulator has no prices of it
    return formats.text(
        f"issue_{problem.issue.value}" + ("_own" if own else ""),
        offer=printable(problem.offer),
        origin=problem.origin.rpartition("/")[2],
        start=formats.calendar_day(problem.start),
        end="" if problem.end is None else formats.calendar_day(problem.end),
        detail=problem.detail,
        powers=f" {formats.text('rule_or')} ".join(map(str, problem.powers)),
    )


def old_prices(prices: Iterable[OldPrice], f: Formats) -> Iterable[str]:
    """Say which prices are out of date."""
    market = []
    for old in prices:
        name, start = printable(old.title), f.calendar_day(old.start)
        if old.market:
            market.append(f"{name} ({start})")
        else:
            yield f.text("old_price" if old.regulated else "old_price_own", offer=name, start=start)
    if market:
        yield f.text("old_price_market", offers=", ".join(market))
