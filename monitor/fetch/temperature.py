"""Mean temperatures of days, of Open-Meteo: the archive for the past, the forecast service for the last days.

Only a position that is rounded to 0.1° is sent. The running day is not over, and left out.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from common.contract.outside import WHATS
from monitor.base.calendar import midnight
from monitor.base.places import Position, position_of, temperatures_of
from monitor.fetch.client import Client, FetchFailed
from monitor.fetch.provider import Ask, Fetched, Provider, Rows

ARCHIVE, FORECAST = "archive-api.open-meteo.com", "api.open-meteo.com"
_WHAT = WHATS["temperature"]
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_YEARS = timedelta(days=3 * 366)
_LATE = timedelta(days=7)  # that the archive may lack
_OF_DAYS = {"daily": "temperature_2m_mean", "timezone": "Europe/Paris"}
_OF_HOURS = {"hourly": "temperature_2m", "timezone": "UTC", "past_days": "14", "forecast_days": "1"}
T = TypeVar("T", date, datetime)


def fetch(client: Client, ask: Ask) -> Fetched:
    """Return the means of the days that are over: of three years the first time, then of the last ones.

    Raises:
        FetchFailed: no place is chosen, there is no answer, or it cannot be used.
    """
    place = ask.settings.temperature.place
    position = None if place is None else position_of(place)
    if position is None:
        raise FetchFailed(
            "no_data",
            "Dites d’abord le lieu : une préfecture, ou latitude et longitude.",
            "First name the place: a prefecture, or latitude and longitude.",
        )
    today = ask.now.astimezone(ask.zone).date()
    means: dict[date, float] = {}
    is_new = ask.kept.get("position") != list(position)
    since = today - _YEARS if is_new else _day(ask.kept.get("until")) or today - _YEARS
    if today - since > _LATE:
        asked = {"start_date": since.isoformat(), "end_date": (today - _LATE).isoformat(), **_OF_DAYS}
        means |= _pairs(client.get(ARCHIVE, "/v1/archive", _query(position) | asked).json(), "daily", date)
    hours = _pairs(client.get(FORECAST, "/v1/forecast", _query(position) | _OF_HOURS).json(), "hourly", datetime)
    means = _of_days(hours, ask.zone) | means
    values = {day: mean for day, mean in means.items() if since - _LATE <= day < today}
    if not values:
        raise FetchFailed(
            "not_understood",
            "Open-Meteo a répondu pour d’autres jours que ceux demandés.",
            "Open-Meteo answered for other days than those that were asked for.",
        )
    last = max(values)
    return Fetched(
        rows=[
            Rows(
                _WHAT.name,
                temperatures_of(position),
                {datetime.combine(day, time.min, UTC): mean for day, mean in values.items()},
            )
        ],
        # The archive has the final values some days later: these days are asked once more.
        kept={"position": list(position), "until": (last - 2 * _LATE).isoformat()},
        fr=f"{len(values)} jours jusqu’au {last:%d/%m/%Y} (Open-Meteo.com, CC BY 4.0).",
        en=f"{len(values)} days until {last} (Open-Meteo.com, CC BY 4.0).",
    )


def _query(position: Position) -> dict[str, str]:
    return {"latitude": f"{position.latitude}", "longitude": f"{position.longitude}"}


def _pairs(document: Any, part: str, kind: type[T]) -> dict[T, float]:
    """Return the temperatures of an answer by day or by hour; those that are not known are left out."""
    columns = document.get(part) if isinstance(document, dict) else None
    name = {"daily": "temperature_2m_mean", "hourly": "temperature_2m"}[part]
    starts, values = (columns.get(key) if isinstance(columns, dict) else None for key in ("time", name))
    if not isinstance(starts, list) or not isinstance(values, list) or len(starts) != len(values):
        raise _odd()
    found: dict[T, float] = {}
    for text, value in zip(starts, values, strict=True):
        if value is None:
            continue
        try:
            start, number = kind.fromisoformat(text), float(value)
        except (TypeError, ValueError):
            raise _odd() from None
        if isinstance(value, bool) or not math.isfinite(number) or not _WHAT.low <= number <= _WHAT.high:
            raise _odd()
        found[start] = round(number, 1)
    return found


def _of_days(hours: Mapping[datetime, float], zone: ZoneInfo) -> dict[date, float]:
    """Return the means of the local days of which each hour is known; hours are in UTC, without saying so."""
    by_day: dict[date, list[float]] = {}
    for start, value in hours.items():
        by_day.setdefault(start.replace(tzinfo=UTC).astimezone(zone).date(), []).append(value)
    whole = {day: (midnight(day + _DAY, zone) - midnight(day, zone)) // _HOUR for day in by_day}
    return {day: round(sum(of_day) / len(of_day), 1) for day, of_day in by_day.items() if len(of_day) == whole[day]}


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _odd() -> FetchFailed:
    return FetchFailed(
        "not_understood",
        "La réponse d’Open-Meteo n’est pas celle attendue : rien n’est pris.",
        "The answer of Open-Meteo is not as expected: nothing is taken.",
    )


PROVIDER = Provider(
    name="temperature", hosts=(ARCHIVE, FORECAST), window=(time(4), time(6)), most_a_day=10, fetch=fetch
)
