"""What a visitor of the page can ask the API: the places, and the newest days, weeks, months and years."""

from collections.abc import Iterator
from datetime import date, timedelta

Question = tuple[str, dict[str, str]]  # a route, and its parameters

#: How many of each can be visited, with the one that goes on.
DAYS, WEEKS, MONTHS, YEARS = 15, 6, 13, 2
_LENGTH = 400  # days before the end of a period whose base load is shown beside it
_DAY = timedelta(days=1)
_HOUSE = (
    *("meters", "alerts", "requests", "settings", "settings/fields", "offers", "fetch", "forgettable", "ports"),
    "discovered",
)
_METER = "later", "devices", "notes", "forecast", "power", "status"


def questions(meter: str, today: date) -> Iterator[Question]:
    """Yield what is asked of a meter on a day, in this order; some of it twice."""
    yield from ((route, {}) for route in _HOUSE)
    yield "status", {}
    for route, asked in _of_meter(today):
        yield route, {"meter": meter, **asked}
    # Last: live values go on from there.
    yield from (("live", asked) for asked in ({}, {"meter": meter}))


def paths(today: date) -> Iterator[str]:
    """Yield the address of each place, and of what can be visited there."""
    yield from ("jour", "bilan", "contrats", "etat", "reglages")
    yield from (f"jour/{today - number * _DAY}" for number in range(DAYS))
    yield from (f"bilan/{monday:%G-W%V}" for monday in _weeks(today))
    yield from (f"bilan/{first:%Y-%m}" for first in _months(today))
    yield from (f"bilan/{first:%Y}" for first in _years(today))


def _of_meter(today: date) -> Iterator[Question]:
    yield from ((route, {}) for route in _METER)
    yield "events", {"limit": "20"}
    yield from (("compare", {"prices": prices, "shift": "0"}) for prices in ("today", "then"))
    yield "energy", {"by": "day"} | _span(today - 364 * _DAY, today)
    yield "energy", {"by": "month"} | _span(today - 364 * _DAY, today)
    first = date(today.year - (today.month < 9), 9, 1)  # Tempo's season
    yield "tempo", {"season": str(first.year)}
    yield "energy", {"by": "day"} | _span(first, _year_later(first) - _DAY)
    for day in (today - number * _DAY for number in range(DAYS)):
        asked = _span(day, day)
        yield "series", asked | {"points": "1500"}
        yield "energy", {"by": "hour"} | asked
        yield "baseload", asked
        yield "why", asked
        yield "peaks", asked | {"n": "1"}
    for monday in _weeks(today):
        yield from _period(monday, monday + 6 * _DAY, monday - 7 * _DAY, today)
    for first in _months(today):
        yield from _period(first, _month_later(first) - _DAY, (first - _DAY).replace(day=1), today)
    for first in _years(today):
        yield from _period(first, _year_later(first) - _DAY, _year_later(first, -1), today)
        yield "profile", {"by": "day"} | _span(first, _year_later(first) - _DAY)


def _period(first: date, last: date, before: date, today: date) -> Iterator[Question]:
    """Yield what *Bilan* asks of a period: what goes on is compared with the same days of others."""
    end = min(last, today)
    yield "energy", {"by": "day"} | _span(first, last)
    length = (today - _DAY - first) if last >= today else None
    if length is not None and length >= timedelta():
        yield "energy", {"by": "day"} | _span(first, first + length)
    for start, stop in ((before, first - _DAY), (_year_later(first, -1), _year_later(last, -1))):
        yield "energy", {"by": "day"} | _span(start, stop if length is None else min(stop, start + length))
    yield "peaks", _span(first, last) | {"n": "10"}
    yield "baseload", _span(first, end)
    yield "baseload", _span(end - _LENGTH * _DAY, end)
    yield "weather", _span(first, last)
    yield "why", _span(first, last)


def _span(first: date, last: date) -> dict[str, str]:
    return {"from": str(first), "to": str(last + _DAY)}


def _weeks(today: date) -> list[date]:
    return [today - timedelta(days=today.weekday() + 7 * number) for number in range(WEEKS)]


def _months(today: date) -> list[date]:
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - _DAY).replace(day=1))
    return found


def _years(today: date) -> list[date]:
    return [date(today.year - number, 1, 1) for number in range(YEARS)]


def _month_later(first: date) -> date:
    return (first + 31 * _DAY).replace(day=1)


def _year_later(day: date, years: int = 1) -> date:
    """Return the same day of another year; 29 February becomes the 28th."""
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)
