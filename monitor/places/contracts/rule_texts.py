"""Says in words when each price of an offer holds. Pure."""

from collections.abc import Iterable, Sequence

from common.contract.tariff import capitalise
from monitor.base.formats import Formats
from monitor.base.texts import TEXTS
from monitor.money.rules import CHOICE, DAY, METER, REST, DayTest, Hours, MonthDay, Rule, Span

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
