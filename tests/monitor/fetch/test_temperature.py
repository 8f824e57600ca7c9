import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.fetch_settings import FetchSettings, TemperatureSwitch
from monitor.fetch.client import FetchFailed
from monitor.fetch.provider import Ask, Fetched
from monitor.fetch.temperature import ARCHIVE, FORECAST, fetch
from tests.support.outside_world import RecordedClient, Reply

NOW = datetime(2026, 12, 2, 4, 30, tzinfo=UTC)
JSON = "application/json"


def asked(place: str | None = "Lyon", kept: Mapping[str, Any] | None = None, now: datetime = NOW) -> Ask:
    settings = FetchSettings(temperature=TemperatureSwitch(on=True, place=place))
    return Ask(now=now, zone=ZoneInfo("Europe/Paris"), settings=settings, kept=kept or {})


def days(first: str, count: int, mean: Any = 5.0) -> bytes:
    start = date.fromisoformat(first)
    names = [(start + timedelta(number)).isoformat() for number in range(count)]
    return json.dumps({"daily": {"time": names, "temperature_2m_mean": [mean] * count}}).encode()


def hours(first: str, values: list[Any]) -> bytes:
    start = datetime.fromisoformat(first)
    names = [f"{start + timedelta(hours=number):%Y-%m-%dT%H:%M}" for number in range(len(values))]
    return json.dumps({"hourly": {"time": names, "temperature_2m": values}}).encode()


def world(archive: bytes, forecast: bytes) -> RecordedClient:
    return RecordedClient(
        {(ARCHIVE, "/v1/archive"): [(200, JSON, archive)], (FORECAST, "/v1/forecast"): [(200, JSON, forecast)]}
    )


def by_day(fetched: Fetched) -> dict[str, float]:
    (rows,) = fetched.rows
    assert (rows.what, rows.source) == ("temperature", "open-meteo.com 45.8 4.8")
    return {f"{start:%Y-%m-%d}": value for start, value in rows.values.items()}


def test_the_first_time_three_years_are_asked_and_the_last_days() -> None:
    # From 23:00 UTC, midnight in Paris: a day of 1 °C, one of 2 °C, and the running one.
    client = world(days("2026-11-24", 2), hours("2026-11-29T23:00", [1.0] * 24 + [2.0] * 24 + [9.0] * 6))
    found = fetch(client, asked())
    assert by_day(found) == {"2026-11-24": 5.0, "2026-11-25": 5.0, "2026-11-30": 1.0, "2026-12-01": 2.0}
    archive, forecast = client.asked
    assert (archive.query["start_date"], archive.query["end_date"]) == ("2023-11-30", "2026-11-25")
    assert all((one.query["latitude"], one.query["longitude"]) == ("45.8", "4.8") for one in (archive, forecast))
    assert forecast.query["timezone"] == "UTC"


def test_the_archive_counts_where_both_have_a_day() -> None:
    client = world(days("2026-11-24", 1, 5.0), hours("2026-11-23T23:00", [7.0] * 24))
    assert by_day(fetch(client, asked())) == {"2026-11-24": 5.0}


@pytest.mark.parametrize(
    ("first", "count", "day"),
    [("2026-03-28T23:00", 23, "2026-03-29"), ("2026-10-24T22:00", 25, "2026-10-25")],
)
def test_days_of_23_and_of_25_hours_are_whole(first: str, count: int, day: str) -> None:
    now = datetime.fromisoformat(first).replace(tzinfo=UTC) + timedelta(days=2)
    kept = {"position": [45.8, 4.8], "until": now.date().isoformat()}
    for values, found in (([4.0] * count, {day: 4.0}), ([4.0] * (count - 1), None)):
        client = RecordedClient({(FORECAST, "/v1/forecast"): [(200, JSON, hours(first, values))]})
        if found is None:
            with pytest.raises(FetchFailed):
                fetch(client, asked(kept=kept, now=now))
        else:
            assert by_day(fetch(client, asked(kept=kept, now=now))) == found


def test_later_only_what_may_have_changed_is_asked_and_another_place_begins_anew() -> None:
    kept = fetch(world(days("2026-11-24", 2), hours("2026-11-30T23:00", [2.0] * 24)), asked()).kept
    assert kept is not None
    later = NOW + timedelta(days=1)
    client = world(days("2026-11-20", 2), hours("2026-12-01T23:00", [3.0] * 24))
    fetch(client, asked(kept=kept, now=later))
    assert client.asked[0].query["start_date"] == "2026-11-17"
    client = world(days("2026-11-20", 2), hours("2026-12-01T23:00", [3.0] * 24))
    fetch(client, asked("Lille", kept, later))
    assert client.asked[0].query["start_date"] == "2023-12-01"


def test_hours_without_a_value_make_no_day() -> None:
    client = world(days("2026-11-24", 2, None), hours("2026-11-29T23:00", [1.0] * 23 + [None] + [2.0] * 24))
    assert by_day(fetch(client, asked())) == {"2026-12-01": 2.0}


def test_without_a_place_nobody_is_asked() -> None:
    client = RecordedClient({})
    with pytest.raises(FetchFailed, match="place"):
        fetch(client, asked(None))
    assert client.asked == []


GOOD = hours("2026-11-29T23:00", [1.0] * 48)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ((200, JSON, b""), "not_understood"),
        ((200, JSON, b"{}"), "not_understood"),
        ((200, JSON, hours("2020-01-01T00:00", [1.0] * 48)), "not_understood"),
        ((200, "text/html", b"<html>502</html>"), "not_understood"),
        ((200, JSON, GOOD[:-20]), "not_understood"),
        ((200, JSON, GOOD[:-20], {"Content-Length": str(len(GOOD))}), "not_understood"),
        ((200, JSON, hours("2026-11-29T23:00", ["1,5"] * 48)), "not_understood"),
        ((200, JSON, hours("2026-11-29T23:00", [900] * 48)), "not_understood"),
        ((200, JSON, hours("2026-11-29T23:00", [True] * 48)), "not_understood"),
        ((200, JSON, b'{"hourly": {"time": ["2026-11-29T23:00"], "temperature_2m": []}}'), "not_understood"),
        ((400, JSON, b'{"error": true, "reason": "no such place"}'), "not_understood"),
        ((401, JSON, b"{}"), "token"),
        ((403, JSON, b"{}"), "not_allowed"),
        ((404, JSON, b"{}"), "no_data"),
        ((429, JSON, b'{"error": true, "reason": "too many"}'), "later"),
        ((429, JSON, b"{}", {"Retry-After": "3600"}), "later"),
        ((500, "text/html", b"<html>"), "later"),
    ],
)
def test_a_bad_answer_is_refused_as_a_whole(reply: Reply, why: str) -> None:
    kept = {"position": [45.8, 4.8], "until": "2026-12-01"}
    with pytest.raises(FetchFailed) as failed:
        fetch(RecordedClient({(FORECAST, "/v1/forecast"): [reply]}), asked(kept=kept))
    assert failed.value.why == why
    assert failed.value.retry_after == (3600 if len(reply) == 4 and "Retry-After" in reply[3] else None)


def test_values_as_text_are_numbers() -> None:
    client = world(days("2026-11-24", 1, "5.04"), hours("2026-11-30T23:00", ["2.0"] * 24))
    assert by_day(fetch(client, asked())) == {"2026-11-24": 5.0, "2026-12-01": 2.0}
