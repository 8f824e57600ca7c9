"""Market prices by quarter of an hour, of energy-charts.info: once the past year, then each day those of tomorrow."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.outside import MOST_ROWS, WHATS
from monitor.base.calendar import midnight
from monitor.fetch.client import Answer, Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, Provider, Rows

HOST = "api.energy-charts.info"
_SPOT = WHATS["spot"]
_DAY, _HOUR, _QUARTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
_PAST = timedelta(days=365)  # how far back the first time
_LONGEST = 90  # days of a request
_AGAIN = timedelta(days=7)  # days that are asked once more: some come late
_CALLS = 2  # of one run
_QUARTERS_SINCE = date(2025, 10, 1)  # the market has been in quarters since this delivery day, in hours before
_IN_KWH = 2.0  # no day of the market is below it throughout: prices in EUR per kWh are
_BETWEEN = 60.0  # seconds between two runs of the first time


@dataclass(frozen=True, slots=True)
class _Window:
    """Local days, both asked for."""

    first: date
    last: date


def fetch(client: Client, ask: Ask) -> Fetched:
    """Return the prices of the days that are not there yet, the newest first.

    Raises:
        FetchFailed: there is no answer, or it cannot be used.
    """
    today = ask.now.astimezone(ask.zone).date()
    tomorrow, oldest = today + _DAY, today - _PAST
    since, until = _day(ask.kept.get("since")), _day(ask.kept.get("until"))
    if since is None or until is None or until < tomorrow - timedelta(days=_LONGEST):  # more than one request ago
        since = until = None
    windows = list(_windows(since, until, oldest, tomorrow))
    values: dict[datetime, float] = {}
    licence, failed = str(ask.kept.get("license") or ""), None
    for window in windows[:_CALLS]:
        try:
            found, said = _ask(client, ask.zone, window)
        except FetchFailed as error:
            if error.why == "no_data" and until is not None:
                found, said = {}, licence  # nothing of these days is published
            elif values:
                failed = error
                break
            else:
                raise
        values |= found
        licence = said or licence
        whole = [day for day in _days(window) if _is_whole(found, day, ask.zone)]
        until = max([*whole, *([] if until is None else [until])], default=None)
        since = window.first if since is None else min(since, window.first)
    is_new = until != _day(ask.kept.get("until")) or since != _day(ask.kept.get("since"))
    if not is_new and ask.kept.get("day") == today.isoformat():
        values = {}  # asked only for tomorrow, which is not there yet: the storer has all of it
    kept = {
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
        "day": today.isoformat(),
        "license": licence,
    }
    again = None
    if failed is not None:
        again = failed.retry_after or _HOUR.total_seconds()
    elif len(windows) > _CALLS:
        again = _BETWEEN
    elif until is None or until < tomorrow:
        again = _HOUR.total_seconds()
    rows = sorted(values.items())
    parts = [rows[place : place + MOST_ROWS] for place in range(0, len(rows), MOST_ROWS)]
    fr, en = _sentences(until, tomorrow, licence)
    return Fetched(
        rows=[Rows(_SPOT.name, HOST, dict(part)) for part in parts],
        kept=kept,
        again=again,
        fr=fr,
        en=en,
    )


def _windows(since: date | None, until: date | None, oldest: date, tomorrow: date) -> Iterator[_Window]:
    """Yield what is to be asked: first up to tomorrow, then back to the oldest day."""
    low = tomorrow - timedelta(days=_LONGEST - 1)
    if until is not None:
        low = min(until + _DAY, tomorrow - _AGAIN)
    before = low if since is None else since
    if until != tomorrow or before <= oldest:
        yield from _cut(low, tomorrow)
    if before > oldest:
        yield from _cut(oldest, before - _DAY)


def _cut(first: date, last: date) -> Iterator[_Window]:
    """Cut days into windows, the newest first."""
    while last >= first:
        low = max(first, last - timedelta(days=_LONGEST - 1))
        yield _Window(low, last)
        last = low - _DAY


def _days(window: _Window) -> Iterator[date]:
    for number in range((window.last - window.first).days + 1):
        yield window.first + timedelta(days=number)


def _ask(client: Client, zone: ZoneInfo, window: _Window) -> tuple[dict[datetime, float], str]:
    """Return the prices of a window by the start of their quarter, and the licence."""
    query = {"bzn": "FR", "start": window.first.isoformat(), "end": window.last.isoformat()}
    return read(client.get(HOST, "/price", query), zone, window.first, window.last)


def read(answer: Answer, zone: ZoneInfo, first: date, last: date) -> tuple[dict[datetime, float], str]:
    """Return the prices of local days, both included, by the start of their quarter (UTC), and the licence.

    Other days of the answer are left out, and quarters without a price.

    Raises:
        FetchFailed: it is not what this service answers, or of other days only.
    """
    document = answer.json()
    if not isinstance(document, dict):
        raise _odd("no object")
    starts, prices = document.get("unix_seconds"), document.get("price")
    if not isinstance(starts, list) or not isinstance(prices, list) or len(starts) != len(prices):
        raise _odd("unix_seconds and price")
    asked: dict[date, dict[datetime, float]] = {}
    for start, price in zip(map(_start, starts), map(_price, prices), strict=True):
        day = start.astimezone(zone).date()
        if price is None or not first <= day <= last:
            continue
        if asked.setdefault(day, {}).setdefault(start, price) != price:
            raise _odd(f"{start:%Y-%m-%dT%H:%MZ}")
    if starts and not any(first <= _start(start).astimezone(zone).date() <= last for start in starts):
        raise FetchFailed(
            "not_understood",
            "Le service a répondu pour d’autres jours que ceux demandés.",
            "The service answered for other days than those that were asked for.",
        )
    _check_unit(str(document.get("unit", "")), [price for day in asked.values() for price in day.values()])
    values: dict[datetime, float] = {}
    for day, found in asked.items():
        values |= _in_quarters(day, found)
    return values, str(document.get("license_info") or "")


def _in_quarters(day: date, prices: Mapping[datetime, float]) -> Mapping[datetime, float]:
    """Return the prices of a day by quarter: hours of an old day as four; of a later one they are not the market's."""
    if any(start.minute for start in prices):
        return prices
    if day >= _QUARTERS_SINCE:
        return {}
    return {start + number * _QUARTER: price for start, price in prices.items() for number in range(4)}


def _is_whole(values: Mapping[datetime, float], day: date, zone: ZoneInfo) -> bool:
    """Tell whether each quarter of a local day, 92, 96 or 100, has a price."""
    start, end = midnight(day, zone), midnight(day + _DAY, zone)
    return all(start + number * _QUARTER in values for number in range((end - start) // _QUARTER))


def _start(value: Any) -> datetime:
    number = _number(value)
    if number is None or number % _QUARTER.total_seconds() or not 0 < number < 1e11:
        raise _odd(f"{value!r}")
    return datetime.fromtimestamp(number, UTC)


def _price(value: Any) -> float | None:
    if value is None:
        return None
    price = _number(value)
    if price is None or not _SPOT.low <= price <= _SPOT.high:
        raise _odd(f"{value!r} {_SPOT.unit}")
    return price


def _number(value: Any) -> float | None:
    """Return a number, which may be written as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _check_unit(unit: str, prices: Sequence[float]) -> None:
    """Refuse another unit; where none is said, prices that can only be of a kWh."""
    if unit.replace(" ", "") == "EUR/MWh" or not prices:
        return
    if unit not in ("", "None", "No Unit") or max(map(abs, prices)) < _IN_KWH:
        raise _odd(f"unit {unit!r}")


def _odd(what: str) -> FetchFailed:
    return FetchFailed(
        "not_understood",
        f"La réponse de {HOST} n’est pas celle attendue ({what[:60]}) : rien n’est pris.",
        f"The answer of {HOST} is not as expected ({what[:60]}): nothing is taken.",
    )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _sentences(until: date | None, tomorrow: date, licence: str) -> tuple[str, str]:
    if until is None:
        return "Aucun prix n’est encore publié.", "No price is published yet."
    fr, en = f"Prix connus jusqu’au {until:%d/%m/%Y} inclus", f"Prices are known up to {until:%Y-%m-%d}"
    if until < tomorrow:
        fr, en = f"{fr} ; ceux de demain ne sont pas encore publiés", f"{en}; those of tomorrow are not published yet"
    return (f"{fr}. Source : {licence}", f"{en}. Source: {licence}") if licence else (f"{fr}.", f"{en}.")


PROVIDER = Provider(
    name="spot",
    hosts=(HOST,),
    window=(time(13, 30), time(15, 0)),
    most_a_day=30,
    fetch=fetch,
)
