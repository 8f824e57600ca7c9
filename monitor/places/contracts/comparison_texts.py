"""Says in words what a comparison of offers found; report and page have the same sentences. Pure."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from common.contract.tariff import capitalise
from common.runtime.logs import printable
from monitor.base.formats import Formats, round_money
from monitor.money.price_status import is_assumed
from monitor.money.rules import clock
from monitor.places.contracts.comparison import Comparison, OfferCost
from monitor.places.contracts.reasons import Why
from monitor.places.contracts.year_coverage import extent

_INSTANT = timedelta(microseconds=1)


def yours_of(comparison: Comparison) -> OfferCost | None:
    """Return the present offer, if it can be compared."""
    return next((cost for cost in comparison.offers if cost.yours and cost.rankable), None)


def choice(cost: OfferCost, formats: Formats) -> str:
    """Write what a customer should choose of an offer, if there is something to choose."""
    if not cost.choices:
        return ""
    best = cost.choices[0]
    chosen = formats.weekday(best.weekday) if best.weekday is not None else ""
    return f" ({clock(best.slot) if best.slot is not None else chosen})"


def refusal(cost: OfferCost, comparison: Comparison, formats: Formats) -> str:
    """Say why an offer has no rank."""
    why = cost.refused or comparison.withheld
    if why is None:
        return ""
    checked, until, days = cost.offer.checked, comparison.colours_until, cost.unknown_days
    calendars = () if cost.offer.rule is None else cost.offer.rule.calendars
    unknown = cost.unknown.get(why, 0)
    count = formats.number(Decimal(unknown), 0)
    return formats.text(
        f"why_{why.value}",
        count=count,
        quarters=formats.text("quarter" if unknown == 1 else "quarters", count=count),
        days=formats.text("power_day" if days == 1 else "power_days", count=formats.number(Decimal(days), 0)),
        calendar=", ".join(sorted(calendars)),
        until="" if until is None else formats.calendar_day(until),
        power=comparison.question.power,
        day="" if checked is None else formats.calendar_day(checked),
        **_measured(comparison, formats),
    )


def withheld(comparison: Comparison, formats: Formats) -> str | None:
    """Say why no offer is ranked, if so."""
    why = comparison.withheld
    if why is None:
        return None
    numbers = _measured(comparison, formats)
    sentences = [formats.text(f"why_{why.value}", **numbers)]
    if why is Why.HOURS and comparison.recovered_wh:
        sentences.append(formats.text("why_hours_recovered", **numbers))
    return " ".join(sentences)


def _measured(comparison: Comparison, formats: Formats) -> dict[str, str]:
    return {
        "missing": formats.number(Decimal(comparison.hours - comparison.read), 0),
        "hours": formats.number(Decimal(comparison.hours), 0),
        "recovered": formats.kwh(comparison.recovered_wh),
        "kwh": formats.kwh(comparison.wh),
    }


def verdict(comparison: Comparison, formats: Formats) -> str | None:
    """Say whether another offer would have been cheaper; None: nothing can be concluded."""
    yours = yours_of(comparison)
    ranked = [cost for cost in comparison.offers if cost.rank is not None]
    if yours is None or len(ranked) < 2:
        return None
    best = ranked[0]
    if best is yours:
        name = formats.text("yours_maybe" if is_assumed(comparison.priced_as) else "yours")
        return _among(comparison, _over(comparison, formats.text("cheapest", yours=capitalise(name)), formats), formats)
    amount, offer = formats.money(yours.total - best.total), printable(best.offer.title)
    key = "shifted" if comparison.question.shift else "unchanged"
    return _among(comparison, _over(comparison, formats.text(key, offer=offer, amount=amount), formats), formats)


def _among(comparison: Comparison, sentence: str, formats: Formats) -> str:
    """End a verdict with how many offers it is about."""
    ranked = sum(cost.rank is not None for cost in comparison.offers)
    others = len(comparison.offers) - ranked
    return sentence.removesuffix(".") + formats.text("among" if others else "among_all", count=ranked, others=others)


def _over(comparison: Comparison, sentence: str, formats: Formats) -> str:
    """Begin a verdict with what it is about, where that is not a year."""
    question = comparison.question
    first, last = (moment.astimezone(formats.zone).date() for moment in (question.start, question.end - _INSTANT))
    found = extent(first, last)
    if found.whole_year:
        return sentence
    months = min(round(found.days / 30.4), 11)
    without = "" if found.without is None else formats.text(f"without_{found.without}")
    if months < 2:
        over = formats.text("over_days", count=found.days, without=without)
    else:
        over = formats.text("over_months", count=formats.text("numbers").split()[months - 2], without=without)
    return over + sentence[0].lower() + sentence[1:]


def json_offers(comparison: Comparison, formats: Formats) -> str:
    """Return a list of offers; amounts are texts with two decimals, null where an offer cannot be computed."""
    return json.dumps(
        [_json_offer(cost, comparison, formats) for cost in comparison.offers], indent=1, ensure_ascii=False
    )


def _json_offer(cost: OfferCost, comparison: Comparison, formats: Formats) -> dict[str, Any]:
    computed = not cost.unknown and comparison.withheld is None
    return {
        "offer": cost.offer.id,
        "supplier": cost.offer.supplier,
        "name": cost.offer.name or cost.offer.id,
        "energy": str(round_money(cost.energy)) if computed else None,
        "subscription": str(round_money(cost.subscription)) if computed else None,
        "total": str(round_money(cost.total)) if computed else None,
        "rank": cost.rank,
        "refused": None if cost.rank is not None else refusal(cost, comparison, formats),
        "yours": cost.yours,
    }
