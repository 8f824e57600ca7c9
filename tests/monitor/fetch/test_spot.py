"""Market prices by the quarter of an hour."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.fetch_settings import FetchSettings
from monitor.fetch.client import FetchFailed
from monitor.fetch.provider import Ask, Fetched
from monitor.fetch.spot import HOST, PROVIDER
from monitor.money.calendars import Calendars
from monitor.money.contracts import Contract
from monitor.money.dated_files import SpotPrices
from monitor.money.prices import PriceTable
from monitor.money.unit_price import unit_price
from tests.support.outside_world import RecordedClient, Reply
from tests.support.prices import bundled_prices

ZONE = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)  # 14:00 in Paris
LICENCE = "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de"
JSON = "application/json"
KEPT = {"since": "2025-12-01", "until": "2026-12-01", "day": "2026-11-30", "license": LICENCE}


def quarters(first: date, last: date, step: int = 900) -> list[int]:
    """Return the starts of the steps of local days, both included, counted in Unix time."""
    low, high = (datetime(day.year, day.month, day.day, tzinfo=ZONE) for day in (first, last + timedelta(1)))
    return list(range(int(low.timestamp()), int(high.timestamp()), step))


def document(starts: list[int], prices: list[Any] | None = None, **changes: Any) -> Reply:
    found = {
        "license_info": LICENCE,
        "unix_seconds": starts,
        "price": [61.2 + number % 7 for number in range(len(starts))] if prices is None else prices,
        "unit": "EUR / MWh",
        "deprecated": False,
        **changes,
    }
    return 200, JSON, json.dumps(found).encode()


def ask(kept: Mapping[str, Any] = KEPT, now: datetime = NOW) -> Ask:
    return Ask(now, ZONE, FetchSettings(spot=True), kept=kept)


def client(*replies: Reply | OSError) -> RecordedClient:
    return RecordedClient({(HOST, "/price"): replies})


def of(found: Fetched) -> dict[datetime, float]:
    return {start: price for rows in found.rows for start, price in rows.values.items()}


def windows(asked: RecordedClient) -> list[tuple[str, str]]:
    return [(query["start"], query["end"]) for _, _, query, _ in asked.asked]


class Service:
    """Answers any days with a price for each quarter, up to the last one that is published."""

    def __init__(self, last: date) -> None:
        self.last = last

    def __call__(self, query: Mapping[str, str], _: Mapping[str, str]) -> Reply:
        assert query["bzn"] == "FR"
        first, last = date.fromisoformat(query["start"]), date.fromisoformat(query["end"])
        return document(quarters(first, min(last, self.last)))

    def client(self) -> RecordedClient:
        return RecordedClient({(HOST, "/price"): self})


def test_the_first_time_the_past_year_comes_in_wide_calls_two_a_minute() -> None:
    service = Service(date(2026, 12, 2))
    kept: Mapping[str, Any] = {}
    seen: dict[datetime, float] = {}
    calls, waits = [], []
    for _ in range(3):
        asked = service.client()
        found = PROVIDER.fetch(asked, ask(kept))
        assert all(len(rows.values) <= 4000 for rows in found.rows)
        assert not seen.keys() & of(found).keys()
        seen |= of(found)
        kept = found.kept or {}
        calls.append(windows(asked))
        waits.append(found.again)
    assert calls == [
        [("2026-09-04", "2026-12-02"), ("2026-06-06", "2026-09-03")],
        [("2026-03-08", "2026-06-05"), ("2025-12-08", "2026-03-07")],
        [("2025-12-01", "2025-12-07")],
    ]
    assert waits == [60.0, 60.0, None]
    assert len(seen) == 367 * 96  # an hour less in March, and one more in October
    assert (kept["since"], kept["until"]) == ("2025-12-01", "2026-12-02")


def test_each_day_the_last_week_and_tomorrow_are_asked_in_one_call() -> None:
    asked = Service(date(2026, 12, 2)).client()
    found = PROVIDER.fetch(asked, ask())
    assert windows(asked) == [("2026-11-25", "2026-12-02")]
    assert len(of(found)) == 8 * 96
    assert {(rows.what, rows.source) for rows in found.rows} == {("spot", "api.energy-charts.info")}
    assert found.again is None
    assert found.kept == {**KEPT, "until": "2026-12-02", "day": "2026-12-01"}
    assert found.fr == f"Prix connus jusqu’au 02/12/2026 inclus. Source : {LICENCE}"
    assert found.en == f"Prices are known up to 2026-12-02. Source: {LICENCE}"


def test_while_tomorrow_is_not_there_it_is_asked_again_in_an_hour_and_nothing_is_sent_twice() -> None:
    service = Service(date(2026, 12, 1))
    first = PROVIDER.fetch(service.client(), ask())
    assert (first.again, len(of(first))) == (3600.0, 7 * 96)
    second = PROVIDER.fetch(service.client(), ask(first.kept or {}))
    assert (second.again, second.rows) == (3600.0, [])
    assert "ceux de demain ne sont pas encore publiés" in second.fr
    service.last = date(2026, 12, 2)
    third = PROVIDER.fetch(service.client(), ask(second.kept or {}))
    assert third.again is None
    assert datetime(2026, 12, 2, 22, 45, tzinfo=UTC) in of(third)


def test_a_switch_that_was_off_for_a_month_fills_the_month() -> None:
    asked = Service(date(2026, 12, 2)).client()
    PROVIDER.fetch(asked, ask({**KEPT, "until": "2026-10-31"}))
    assert windows(asked) == [("2026-11-01", "2026-12-02")]


def test_a_switch_that_was_off_for_half_a_year_begins_anew() -> None:
    asked = Service(date(2026, 12, 2)).client()
    found = PROVIDER.fetch(asked, ask({**KEPT, "until": "2026-05-31"}))
    assert windows(asked) == [("2026-09-04", "2026-12-02"), ("2026-06-06", "2026-09-03")]
    assert (found.kept or {})["since"] == "2026-06-06"


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 29), 92), (date(2026, 3, 30), 96), (date(2026, 10, 25), 100)]
)
def test_a_day_has_92_96_or_100_quarters(day: date, count: int) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(1)
    kept = {"since": "2025-01-01", "until": (day - timedelta(1)).isoformat(), "day": "", "license": ""}
    starts = quarters(day, day)
    assert len(starts) == count
    found = PROVIDER.fetch(client(document(starts)), ask(kept, now))
    assert sorted(of(found)) == [datetime.fromtimestamp(start, UTC) for start in starts]
    assert (found.again, (found.kept or {})["until"]) == (None, day.isoformat())
    lacking = PROVIDER.fetch(client(document(starts[:-1])), ask(kept, now))
    assert (lacking.again, (lacking.kept or {})["until"]) == (3600.0, kept["until"])


def test_a_quarter_without_a_price_is_left_out_and_negative_ones_are_prices() -> None:
    starts = quarters(date(2026, 12, 2), date(2026, 12, 2))[:4]
    found = PROVIDER.fetch(client(document(starts, [-12.5, None, 0, "61.20"])), ask())
    assert list(of(found).values()) == [-12.5, 0.0, 61.2]
    assert datetime.fromtimestamp(starts[1], UTC) not in of(found)


def test_other_days_than_those_asked_for_are_left_out() -> None:
    starts = quarters(date(2026, 11, 20), date(2026, 12, 5))
    found = PROVIDER.fetch(client(document(starts)), ask())
    days = {start.astimezone(ZONE).date() for start in of(found)}
    assert (min(days), max(days)) == (date(2026, 11, 25), date(2026, 12, 2))


def test_hours_of_before_october_2025_become_four_quarters_as_costs_understand_them() -> None:
    now = datetime(2025, 10, 1, 12, tzinfo=UTC)
    hours, after = quarters(date(2025, 9, 30), date(2025, 9, 30), 3600), quarters(date(2025, 10, 1), date(2025, 10, 1))
    prices = [100.0 + number for number in range(24)] + [50.0] * 96
    kept = {"since": "2024-01-01", "until": "2025-09-29", "day": "", "license": ""}
    found = PROVIDER.fetch(client(document([*hours, *after], prices)), ask(kept, now))
    assert len(of(found)) == 2 * 96
    spot = SpotPrices.of_starts({int(start.timestamp()): Decimal(str(price)) for start, price in of(found).items()})
    assert spot.of(hours[3], 3600) == Decimal("0.103")
    assert spot.of(after[0], 900) == Decimal("0.05")


def test_hours_of_a_day_of_quarters_are_not_mixed_in() -> None:
    starts = quarters(date(2026, 12, 1), date(2026, 12, 1)) + quarters(date(2026, 12, 2), date(2026, 12, 2), 3600)
    found = PROVIDER.fetch(client(document(starts)), ask())
    assert {start.astimezone(ZONE).date() for start in of(found)} == {date(2026, 12, 1)}
    assert found.again == 3600.0


@pytest.mark.parametrize("unit", ["EUR / MWh", "EUR/MWh", "No Unit", None])
def test_the_unit_may_be_missing_where_prices_are_those_of_a_mwh(unit: str | None) -> None:
    starts = quarters(date(2026, 12, 2), date(2026, 12, 2))
    assert len(of(PROVIDER.fetch(client(document(starts, unit=unit)), ask()))) == 96


TOMORROW = quarters(date(2026, 12, 2), date(2026, 12, 2))


@pytest.mark.parametrize(
    ("reply", "why", "wait"),
    [
        (TimeoutError(), "unreachable", None),
        ((200, "text/html", b"<html>"), "not_understood", None),
        ((200, JSON, b'{"unix_seconds":[17'), "not_understood", None),
        ((200, JSON, b"{}", {"Content-Length": "70000"}), "not_understood", None),
        ((200, JSON, b"[]"), "not_understood", None),
        ((200, JSON, b"{}"), "not_understood", None),
        (document(TOMORROW, [1.0]), "not_understood", None),
        (document([start + 60 for start in TOMORROW]), "not_understood", None),
        (document(["x"], [1.0]), "not_understood", None),  # type: ignore[list-item]
        (document([1e300], [1.0]), "not_understood", None),  # type: ignore[list-item]
        (document(TOMORROW, ["n/a"] * 96), "not_understood", None),
        (document(TOMORROW, [True] * 96), "not_understood", None),
        (document(TOMORROW, [61_200.0] * 96), "not_understood", None),
        (document(TOMORROW, [0.0612] * 96, unit="No Unit"), "not_understood", None),
        (document(TOMORROW, unit="EUR / kWh"), "not_understood", None),
        (document([TOMORROW[0]] * 2, [1.0, 2.0]), "not_understood", None),
        (document(quarters(date(2026, 1, 1), date(2026, 1, 2))), "not_understood", None),
        ((401, JSON, b"{}"), "token", None),
        ((403, "text/html", b"<html>"), "not_allowed", None),
        ((429, JSON, b"{}", {"Retry-After": "120"}), "later", 120.0),
        ((429, JSON, b"{}"), "later", None),
        ((500, "text/html", b"<html>"), "later", None),
        ((301, "", b"", {"Location": "https://example.org/price"}), "not_understood", None),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(reply: Reply | OSError, why: str, wait: float | None) -> None:
    with pytest.raises(FetchFailed) as failed:
        PROVIDER.fetch(client(reply), ask())
    assert (failed.value.why, failed.value.retry_after) == (why, wait)


@pytest.mark.parametrize("reply", [document([]), (404, JSON, b'{"detail":"no content"}'), (204, "", b"")])
def test_nothing_of_these_days_is_no_failure(reply: Reply) -> None:
    found = PROVIDER.fetch(client(reply), ask())
    assert (found.rows, found.again) == ([], 3600.0)
    assert found.kept == {**KEPT, "day": "2026-12-01"}


def test_nothing_at_all_the_first_time_is_one() -> None:
    with pytest.raises(FetchFailed) as failed:
        PROVIDER.fetch(client((404, JSON, b"{}")), ask({}))
    assert failed.value.why == "no_data"


def test_what_came_before_a_failure_is_kept_and_the_rest_follows() -> None:
    first = document(quarters(date(2026, 9, 4), date(2026, 12, 2)))
    found = PROVIDER.fetch(client(first, (429, JSON, b"{}", {"Retry-After": "300"})), ask({}))
    assert len(of(found)) == 90 * 96 + 4  # with the hour more of October
    assert found.again == 300.0
    assert (found.kept or {})["since"] == "2026-09-04"


def test_a_damaged_memory_begins_anew() -> None:
    asked = Service(date(2026, 12, 2)).client()
    PROVIDER.fetch(asked, replace(ask(), kept={"since": 3, "until": "soon"}))
    assert len(windows(asked)) == 2


def test_what_was_fetched_prices_an_indexed_offer() -> None:
    starts = quarters(date(2026, 12, 2), date(2026, 12, 2))
    found = PROVIDER.fetch(client(document(starts, [-20.0] * 48 + [100.0] * 48)), ask())
    prices = bundled_prices()
    market = SpotPrices.of_starts({int(start.timestamp()): Decimal(str(price)) for start, price in of(found).items()})
    table = PriceTable(prices.files, market)
    contract = Contract(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "sobry-socap", 6)
    moments = [datetime(2026, 12, 2, hour, 15, tzinfo=ZONE) for hour in (3, 15)]
    night, day = (unit_price(table, Calendars(), ZONE, contract, moment, None) for moment in moments)
    # Winter, EUR a kWh: (market + network 0.0632 + excise duty 0.03062 + fees 0.025) x 1.2; the cap is far above.
    assert night == Decimal("0.118584")
    assert day == Decimal("0.262584")
    assert unit_price(table, Calendars(), ZONE, contract, datetime(2026, 12, 3, 3, tzinfo=ZONE), None) is None
