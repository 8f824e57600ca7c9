"""Says in words what a comparison of offers found, and when each price holds; report and page say the same. Pure."""

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from common.contract.tariff import capitalise
from common.runtime.logs import printable
from monitor.base.formats import Formats, round_money
from monitor.base.texts import TEXTS
from monitor.money.price_status import is_assumed
from monitor.money.rules import CHOICE, DAY, METER, REST, DayTest, Hours, MonthDay, Rule, Span, clock
from monitor.places.contracts.comparison import Comparison, OfferCost, extent
from monitor.places.contracts.usage_curve import Why

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
        "assumed": cost.yours and is_assumed(comparison.priced_as),
    }


_EVENING, _LATE, _MORNING = 20 * 60, 5 * 60, 9 * 60  # a window that begins between the first two is at night


def rule_words(rule: Rule | None, formats: Formats) -> dict[str, str]:
    """Return when each period of a rule holds, such as `La nuit de 22 h à 6 h`; without a rule, nothing."""
    if rule is None:
        return {}
    found: dict[str, list[str]] = {}
    for place, test in enumerate(rule.days):
        day = _day(rule, place, formats)
        for one in rule.hours[test.name]:
            hours = _hours(rule, one, formats, alone=len(rule.hours[test.name]) == 1)
            text = ", ".join(part for part in (day, hours) if part) or formats.text("rule_always")
            found.setdefault(one.period, []).append(text)
    return {period: capitalise(formats.text("rule_between").join(texts)) for period, texts in found.items()}


def _day(rule: Rule, place: int, formats: Formats) -> str:
    """Say which days are of a type; nothing where all are alike."""
    test = rule.days[place]
    if len(rule.days) == 1:
        return ""
    days = _listed(_named_days(rule, test, formats), formats)
    dates = "" if test.dates is None else _dates(test.dates, formats)
    if days or dates:
        return ", ".join(part for part in (days, dates) if part)
    seasons = all(one.dates is not None and not _has_days(one) for one in rule.days[:place])
    return formats.text("rule_other_season" if seasons else "rule_other_days")


def _has_days(test: DayTest) -> bool:
    return bool(test.weekdays or test.chosen or test.holidays or test.calendar)


def _named_days(rule: Rule, test: DayTest, formats: Formats) -> Iterable[str]:
    weekdays = sorted(test.weekdays)
    if {5, 6} <= test.weekdays:
        yield formats.text("rule_weekend")
        weekdays = [day for day in weekdays if day not in (5, 6)]
    yield from (formats.text("rule_weekday", day=formats.weekday(day)) for day in weekdays)
    if test.chosen:
        yield formats.text("rule_chosen_day", days=_listed(map(formats.weekday, rule.weekdays), formats, "rule_or"))
    if test.holidays:
        yield formats.text("rule_holidays")
    if test.calendar is not None:
        known = f"rule_{test.calendar}_{test.kind}"
        key = known if known in TEXTS[formats.language] else "rule_calendar"
        days = formats.text(key, calendar=test.calendar, kind=test.kind or "")
        start = _clock(rule.day_starts % DAY, formats)
        key = "rule_day_from" if rule.day_starts > 0 else "rule_eve_from"
        yield formats.text(key, days=days, start=start) if rule.day_starts else days


def _dates(dates: tuple[MonthDay, MonthDay], formats: Formats) -> str:
    first, last = (formats.month_day(month, day) for month, day in dates)
    return formats.text("rule_dates", first=first, last=last)


def _hours(rule: Rule, one: Hours, formats: Formats, *, alone: bool) -> str:
    if one.by == REST:
        return "" if alone else formats.text("rule_rest")
    if one.by == METER:
        return formats.text("rule_meter")
    if one.by == CHOICE:
        slots = (_span(span, formats) for span in rule.slots)
        return formats.text("rule_chosen_slot", slots=_listed(slots, formats, "rule_or"))
    return _listed((_window(span, formats) for span in one.spans), formats)


def _window(span: Span, formats: Formats) -> str:
    start, end = span
    night = (start >= _EVENING or start < _LATE) and 0 < end <= _MORNING
    return formats.text("rule_night", hours=_span(span, formats)) if night else _span(span, formats)


def _span(span: Span, formats: Formats) -> str:
    start, end = (_clock(minute % DAY, formats) for minute in span)
    return formats.text("rule_span", start=start, end=end)


def _clock(minute: int, formats: Formats) -> str:
    if minute == 0:
        return formats.text("rule_midnight")
    hour, rest = divmod(minute, 60)
    if formats.language == "fr":
        return f"{hour}\u202fh" + (f"\u202f{rest:02}" if rest else "")
    return f"{hour:02}:{rest:02}"


def _listed(parts: Iterable[str], formats: Formats, last: str = "rule_and") -> str:
    """Write a list: `a, b and c`."""
    texts: Sequence[str] = list(parts)
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {formats.text(last)} {texts[-1]}"
