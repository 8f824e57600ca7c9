"""Forecasts of a meter of which whole days are known, so that what is expected can be told by hand."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.registers import REGISTERS
from common.database.mariadb import Database
from monitor.base.calendar import midnight
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, House, Household
from monitor.money.forecast import Forecast
from monitor.money.home import Home
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.review import forecast
from storer.database.meters import add_meters
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.prices import bundled_prices
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

PARIS = ZoneInfo("Europe/Paris")
ADDRESS, OLD = "031961123456", "021861999999"
A_DAY = {"total": 10_000}
PRICES = PriceTable(
    [
        read_document(
            {
                "offers": [
                    {"id": "base", "rows": [
                        {"from": date(2024, 1, 1), "subscription_year": {9: 365}, "kwh": {"BASE": 0.2}},
                        {"from": date(2026, 11, 16), "subscription_year": {9: 365}, "kwh": {"BASE": 0.4}},
                    ]},
                    {"id": "other", "rows": [
                        {"from": date(2024, 1, 1), "subscription_year": {9: 730}, "kwh": {"BASE": 0.1}},
                    ]},
                    {"id": "tempo", "rows": [
                        {"from": date(2024, 1, 1), "subscription_year": {9: 365}, "kwh": {
                            "BBRHCJB": 0.1, "BBRHPJB": 0.2, "BBRHCJW": 1, "BBRHPJW": 1, "BBRHCJR": 9, "BBRHPJR": 9,
                        }},
                    ]},
                ],
            },
            "test",
        )
    ]
)  # fmt: skip
BASE = MonitorConfig(household=Household(contracts=(ContractLine(ADDRESS, date(2024, 1, 1), "base", 9),)))


def of(**household: Any) -> MonitorConfig:
    """Return the settings with another household."""
    return replace(BASE, household=replace(BASE.household, **household))


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    database.create_database()
    tables = make_tables(database, datetime(2026, 11, 1, tzinfo=UTC))
    with contextlib.closing(tables.connect()) as connection:
        add_meters(connection, [ADDRESS, OLD])
    return tables


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def live(
    tables: Database,
    first: str,
    last: str,
    wh: Mapping[str, int] = A_DAY,
    *,
    address: str = ADDRESS,
    whole: bool = False,
) -> None:
    """Import the days from `first` to `last`; `whole`: as one, such as a month."""
    days = [date.fromisoformat(first)]
    while days[-1] < date.fromisoformat(last):
        days.append(days[-1] + timedelta(1))
    pieces = [(days[0], days[-1])] if whole else [(day, day) for day in days]
    rows = []
    for low, high in pieces:
        start, end = midnight(low, PARIS), midnight(high + timedelta(1), PARIS)
        hours, count = (end - start) // timedelta(hours=1), (high - low).days + 1
        rows += [
            f"((SELECT id FROM meters WHERE identifier = '{address}'), '{end - timedelta(hours=1):%F %T}',"
            f" {REGISTERS.index(name)}, 'test', {amount * count}, {hours})"
            for name, amount in wh.items()
        ]
    insert = "INSERT INTO imported_hours (meter_id, hour, register, source, wh, hours) VALUES "
    query(tables, insert + ", ".join(rows), "SELECT 1")


@pytest.fixture(autouse=True)
def nothing_known(tables: Database) -> None:
    query(tables, "DELETE FROM imported_hours", "SELECT 1")


def looked(tables: Database, now: str, config: MonitorConfig = BASE, kind: str = "month") -> Forecast | None:
    with contextlib.closing(tables.connect()) as connection:
        answers = Home(connection, config, PRICES)
        return answers.forecasts.of(answers.meter(ADDRESS), kind, at(now))


def forecasts(tables: Database, now: str, config: MonitorConfig = BASE, kind: str = "month") -> Forecast:
    found = looked(tables, now, config, kind)
    assert found is not None
    return found


def euros(found: Forecast) -> float | None:
    return None if found.expected_cost is None else found.expected_cost / 10_000


def test_a_month_has_what_was_and_what_is_expected_of_the_days_to_come(tables: Database) -> None:
    live(tables, "2025-09-01", "2026-10-30")  # the clock changes on 25 October
    found = forecasts(tables, "2026-10-31T12:00")
    assert (found.start, found.end, found.until) == (at("2026-10-01"), at("2026-11-01"), at("2026-10-31"))
    assert (found.so_far_wh, found.expected_wh) == (300_000, 310_000)
    assert found.so_far_cost == 900_000  # 30 days of 1 EUR, and of 10 kWh at 0.20
    assert found.expected_cost == 930_000
    assert (found.low_wh, found.high_cost) == (310_000, 930_000)  # it never was otherwise


def test_in_its_first_hour_a_month_is_all_to_come_and_a_price_may_change_in_it(tables: Database) -> None:
    live(tables, "2026-08-20", "2026-10-31")
    found = forecasts(tables, "2026-11-01T00:30")
    assert (found.so_far_wh, found.so_far_cost, found.expected_wh) == (0, 0, 300_000)
    assert euros(found) == 30 + 15 * 10 * 0.2 + 15 * 10 * 0.4


def test_an_offer_that_begins_within_the_month_counts_from_its_day_on(tables: Database) -> None:
    live(tables, "2026-08-20", "2026-10-31")
    other = ContractLine(ADDRESS, date(2026, 11, 16), "other", 9)
    found = forecasts(tables, "2026-11-01T00:30", of(contracts=(*BASE.household.contracts, other)))
    assert euros(found) == 15 * (1 + 10 * 0.2) + 15 * (2 + 10 * 0.1)


def test_a_february_of_a_leap_year_has_29_days(tables: Database) -> None:
    live(tables, "2024-01-10", "2024-02-10")
    found = forecasts(tables, "2024-02-11T08:00")
    assert (found.so_far_wh, found.expected_wh) == (100_000, 290_000)
    assert euros(found) == pytest.approx(29 * 365 / 366 + 58, abs=1e-4)


@pytest.mark.parametrize(
    ("first", "last", "now", "kind", "why"),
    [
        ("2026-10-08", "2026-10-20", "2026-10-21T08:00", "month", "few_days"),  # 13 of them
        ("2026-10-08", "2026-10-21", "2026-10-22T08:00", "month", None),
        ("2026-10-08", "2026-11-20", "2026-11-21T08:00", "year", "no_year"),
        ("2026-10-08", "2026-11-30", "2026-12-01T08:00", "year", None),  # a month ahead needs no year before
        ("2025-09-08", "2026-10-20", "2026-10-21T08:00", "year", None),
        ("2026-08-08", "2026-10-13", "2026-10-21T08:00", "month", "silent"),
    ],
)
def test_what_the_past_does_not_tell_is_not_guessed(
    tables: Database, first: str, last: str, now: str, kind: str, why: str | None
) -> None:
    live(tables, first, last)
    found = forecasts(tables, now, kind=kind)
    assert found.why_not == why
    assert (found.expected_wh is None) == (why is not None)
    assert (found.expected_cost is None) == (why is not None)


def test_a_house_of_which_nothing_is_known_has_no_forecast(tables: Database) -> None:
    assert looked(tables, "2026-10-21T08:00") is None


def test_a_year_of_the_contract_is_one_only_where_its_beginning_is_known(tables: Database) -> None:
    live(tables, "2024-03-01", "2026-03-30")
    began = of(contracts=(ContractLine(ADDRESS, date(2024, 4, 11), "base", 9),))
    found = forecasts(tables, "2026-03-31T08:00", began, "contract-year")
    assert (found.start, found.end) == (at("2025-04-11"), at("2026-04-11"))
    assert (found.expected_wh, euros(found)) == (3_650_000, 365 * 3)
    assert looked(tables, "2026-03-31T08:00", MonitorConfig(), "contract-year") is None


def test_what_the_month_had_before_the_first_reading_is_not_expected_either(tables: Database) -> None:
    live(tables, "2026-10-08", "2026-10-23")
    found = forecasts(tables, "2026-10-24T08:00")
    assert (found.so_far_wh, found.expected_wh) == (160_000, 240_000)
    assert euros(found) == 24 * 3


def test_a_month_that_was_imported_as_one_counts_as_its_days(tables: Database) -> None:
    live(tables, "2026-08-01", "2026-08-31")
    live(tables, "2026-09-01", "2026-09-30", whole=True)
    live(tables, "2026-10-01", "2026-10-10")
    found = forecasts(tables, "2026-10-11T08:00")
    assert found.expected_wh == 310_000
    assert found.low_wh == pytest.approx(310_000, rel=0.2)


def test_days_that_are_missing_at_the_end_are_expected_as_those_to_come(tables: Database) -> None:
    live(tables, "2026-08-20", "2026-10-29")
    found = forecasts(tables, "2026-11-02T08:00")  # the month began in the gap
    assert (found.so_far_wh, found.expected_wh) == (0, 300_000)


def test_a_replaced_meter_and_its_successor_are_one_past(tables: Database) -> None:
    live(tables, "2026-08-20", "2026-10-10", address=OLD)
    live(tables, "2026-10-11", "2026-10-20")
    found = forecasts(tables, "2026-10-21T08:00", of(meters=(House(ADDRESS, None, (OLD,)),)))
    assert (found.so_far_wh, found.expected_wh) == (200_000, 310_000)


def test_tempo_days_to_come_have_the_colours_that_are_left(tables: Database) -> None:
    # All 22 red and 43 white days of this season were over by 29 May.
    config = of(contracts=(ContractLine(ADDRESS, date(2024, 1, 1), "tempo", 9),))
    live(tables, "2026-03-01", "2026-06-10", {"supplier_1": 4_000, "supplier_2": 6_000})
    found = forecasts(tables, "2026-06-11T08:00", config)
    assert found.expected_wh == 300_000
    assert euros(found) == 30 + 30 * (4 * 0.1 + 6 * 0.2)
    in_march = forecasts(tables, "2026-03-25T08:00", config)
    assert in_march.so_far_cost is not None
    assert in_march.high_cost is not None
    assert in_march.expected_cost is not None
    sure = in_march.so_far_cost + 7 * (1 + 1.6) * 10_000
    assert sure < in_march.expected_cost < in_march.high_cost  # white days were left then


def test_the_api_has_each_period_and_the_budget(tables: Database) -> None:
    live(tables, "2026-08-20", "2026-10-30")
    config = of(budget=120)
    answer = ask(forecast.ROUTE, tables, at("2026-10-31T12:00"), PRICES, f"meter={ADDRESS}", config=config)
    check(answer, forecast.ROUTE.schema)
    assert answer["budget"] == 1_200_000
    month = answer["month"]
    assert (month["from"], month["to"]) == ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z")
    assert (month["wh"]["so_far"], month["wh"]["expected"], month["cost"]["expected"]) == (300_000, 310_000, 930_000)
    assert answer["year"]["why_not"] == "no_year"
    assert answer["year"]["cost"] == {
        "so_far": answer["year"]["cost"]["so_far"],
        "expected": None,
        "low": None,
        "high": None,
    }
    assert answer["contract_year"]["why_not"] == "no_year"


READ_SINCE, NOW = datetime(2026, 10, 9, 22, tzinfo=UTC), datetime(2026, 11, 1, 12, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def read(database: Server) -> Database:
    return make_past(database, READ_SINCE, NOW.replace(minute=0))


def test_a_meter_that_is_read_has_a_forecast_up_to_its_last_hour(read: Database) -> None:
    with contextlib.closing(read.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        meter = answers.meter(None)
        found = answers.forecasts.of(meter, "month", NOW)
        so_far = answers.costs.energy(meter, "hour", at("2026-11-01"), NOW.replace(minute=0), NOW).whole.energy
    assert found is not None
    assert (found.until, found.so_far_wh) == (NOW.replace(minute=0), so_far.total_wh)
    assert found.expected_wh is not None
    assert 300_000 < found.expected_wh < 2_000_000


def test_an_offer_whose_periods_the_meter_does_not_count_costs_as_it_did_lately(read: Database) -> None:
    with contextlib.closing(read.connect()) as connection:
        prices = bundled_prices()
        meter = Home(connection, MonitorConfig(), prices).meter(None)
        line = ContractLine(meter.identifier, date(2026, 9, 15), "edf-zen-we", 9)
        found = Home(connection, MonitorConfig(household=Household(contracts=(line,))), prices).forecasts.of(
            meter, "month", NOW
        )
    assert found is not None
    assert found.expected_wh is not None
    assert found.expected_cost is not None
    assert found.so_far_cost is not None
    rest_of_month = (at("2026-12-01") - found.until) / timedelta(days=365)
    money = (found.expected_cost - found.so_far_cost) / 10_000 - 238.56 * rest_of_month
    assert 0.1710 < money / (found.expected_wh - found.so_far_wh) * 1000 < 0.2285  # weekends, other days


@pytest.mark.parametrize("until", ["2026-10-19 15:00", "2026-10-22 23:00"])  # on a part of a day; at 01:00 in Paris
def test_days_without_frames_share_what_was_counted_meanwhile(read: Database, database: Server, until: str) -> None:
    def expected() -> int | None:
        with contextlib.closing(read.connect()) as connection:
            answers = Home(connection, MonitorConfig(), PRICES)
            found = answers.forecasts.of(answers.meter(None), "month", NOW)
            return None if found is None else found.expected_wh

    before = expected()
    gap = f"hour >= '2026-10-14 10:00' AND hour < '{until}'"
    database.sql(f"DELETE FROM {database.name}.hours WHERE {gap}")
    assert expected() == pytest.approx(before, rel=0.05)
