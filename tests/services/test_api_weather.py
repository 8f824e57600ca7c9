"""`weather` of the API: two Januaries by days, one of them colder."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.fetch_settings import FetchSettings, TemperatureSwitch
from monitor.base.household import Household
from monitor.base.request_errors import RequestError
from monitor.money.prices import PriceTable
from monitor.places.now.routes import METERS
from monitor.places.review import weather, why
from storer.database.meters import add_meters
from storer.imports import writer
from storer.imports.model import Period
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.servers import Database as Server
from tests.support.sources import write_source
from tests.support.storing import make_tables, query

ADDRESS, OTHER = "031961000001", "031961000002"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NONE = PriceTable([])
JANUARY = f"meter={ADDRESS}&from=2026-01-01&to=2026-02-01"
COLD = (3, 8, 13)  # °C in January 2025; a year later each is 3 °C less


def begin(year: int) -> datetime:
    """Return when 1 January begins in Paris."""
    return datetime(year, 1, 1, tzinfo=UTC) - HOUR


def add_days(database: Database, wh: Callable[[int, int], int]) -> None:
    """Import the days of two Januaries; `wh` of each from the year and the number of the day."""
    with contextlib.closing(database.connect()) as connection:
        add_meters(connection, [ADDRESS, OTHER])
        meter, _ = writer.find_meter(connection, ADDRESS)
        assert meter is not None
        for year in (2025, 2026):
            days = [Period(begin(year) + (number + 1) * DAY, 24, 0, wh(year, number)) for number in range(31)]
            writer.write(connection, meter, "csv", f"{year}.csv", bytes([year % 256] * 32), days)


def add_thermometer(database: Database, name: str, celsius: Callable[[int, int], float], hours: int = 24) -> None:
    rows = {
        begin(year) + number * DAY + hour * HOUR: SourceMinute(
            60, None, None, None, None, round(celsius(year, number) * 10)
        )
        for year in (2025, 2026)
        for number in range(31)
        for hour in range(hours)
    }
    write_source(database, name, "temperature", rows, ADDRESS)


def outside(year: int, number: int) -> float:
    return COLD[number % 3] - 3 * (year == 2026)


def heated(year: int, number: int) -> int:
    """Return 8 kWh and 2 kWh a degree day; in 2026 4.08 kWh less, about 12 % of a mean day."""
    return round(8000 + 2000 * (18 - outside(year, number))) - 4080 * (year == 2026)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NOW)


def test_without_a_thermometer_there_is_nothing(tables: Database) -> None:
    add_days(tables, heated)
    answer = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)
    check(answer, weather.ROUTE.schema)
    assert (answer["thermometer"], answer["compared"]) == (None, None)
    assert not any("weather" in one for one in ask(METERS, tables, NOW, NONE)["meters"])


def test_a_colder_month_at_equal_weather(tables: Database) -> None:
    """31 days, 11 of them the warmest: 18 less 3, 8, 13 °C are 15, 10, 5 degree days; 11 * 15 + 10 * 10 + 10 * 5."""
    add_days(tables, heated)
    add_thermometer(tables, "salon", lambda year, number: 19.5)
    add_thermometer(tables, "jardin", outside)
    answer = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)
    check(answer, weather.ROUTE.schema)
    assert (answer["base"], answer["thermometer"]) == (18, "jardin")
    cold = 11 * 15 + 10 * 10 + 10 * 5
    before = 31 * 8000 + 2000 * cold
    equal = before + 2000 * 3 * 31
    assert answer["compared"] == {
        "first": "2026-01-01",
        "last": "2026-01-31",
        "days": 31,
        "degree_days": cold + 3 * 31,
        "degree_days_before": cold,
        "wh": equal - 31 * 4080,
        "wh_before": before,
        "wh_per_degree_day": 2000,
        "quality": 1,
        "why_not": None,
        "change": round(-31 * 4080 / equal, 4),
    }
    assert answer["compared"]["change"] == pytest.approx(-0.12, abs=0.002)
    flags = {one["id"]: one.get("weather") for one in ask(METERS, tables, NOW, NONE)["meters"]}
    assert flags == {ADDRESS: True, OTHER: None}


def test_a_colder_time_is_a_cause_of_its_difference(tables: Database) -> None:
    """30 days of 13 degree days, and 10 a year before: 2 kWh for each of the 3 more."""
    add_days(tables, lambda year, number: round(8000 + 2000 * (18 - outside(year, number))))
    add_thermometer(tables, "jardin", outside)
    answer = ask(why.ROUTE, tables, NOW, NONE, f"meter={ADDRESS}&from=2026-01-01&to=2026-01-31")
    check(answer, why.ROUTE.schema)
    (cause,) = answer["parts"]
    assert (cause["kind"], cause["before"], cause["now"], cause["wh"]) == ("weather", 8.0, 5.0, 30 * 6000)
    assert answer["rest"]["wh"] == 0


def test_a_house_without_electric_heating_is_told_so(tables: Database) -> None:
    add_days(tables, lambda year, number: 20_000 if number % 7 > 4 else 9000)
    add_thermometer(tables, "jardin", outside)
    compared = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)["compared"]
    assert (compared["why_not"], compared["change"]) == ("weak", None)


def test_days_that_are_half_known_do_not_count(tables: Database) -> None:
    add_days(tables, heated)
    add_thermometer(tables, "jardin", outside, hours=19)
    compared = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)["compared"]
    assert (compared["days"], compared["why_not"]) == (0, "days")


def test_a_month_that_is_not_over_is_compared_so_far(tables: Database) -> None:
    add_days(tables, heated)
    add_thermometer(tables, "jardin", outside)
    compared = ask(weather.ROUTE, tables, datetime(2026, 1, 15, 12, tzinfo=UTC), NONE, JANUARY)["compared"]
    assert (compared["last"], compared["days"], compared["why_not"]) == ("2026-01-14", 14, None)
    compared = ask(weather.ROUTE, tables, datetime(2026, 1, 14, 12, tzinfo=UTC), NONE, JANUARY)["compared"]
    assert (compared["days"], compared["why_not"]) == (13, "days")


def test_imported_temperatures_are_used_as_those_of_a_thermometer(tables: Database) -> None:
    add_days(tables, heated)
    rows = ",".join(
        f"('temperature', '{year}-01-{number + 1:02}', {outside(year, number):.1f}, 'import 1')"
        for year in (2025, 2026)
        for number in range(31)
    )
    query(tables, f"INSERT INTO outside VALUES {rows}")
    answer = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)
    assert (answer["thermometer"], answer["compared"]["days"]) == (None, 31)
    assert answer["compared"]["change"] == pytest.approx(-0.12, abs=0.002)


def test_thermometers_of_two_places_are_not_mixed(tables: Database) -> None:
    """One measured this year only, and the station the year before only: no day is known in both years."""
    add_days(tables, heated)
    add_thermometer(tables, "jardin", outside)
    query(tables, "UPDATE source_hours SET temperature_mean = NULL WHERE hour < '2025-06-01'")
    rows = ",".join(
        f"('temperature', '{datetime(2025, 1, number + 1, tzinfo=UTC):%Y-%m-%d}', 5, 'import 1')"
        for number in range(31)
    )
    query(tables, f"INSERT INTO outside VALUES {rows}")
    compared = ask(weather.ROUTE, tables, NOW, NONE, JANUARY)["compared"]
    assert (compared["days"], compared["why_not"]) == (0, "days")


def living_in(place: str | None) -> MonitorConfig:
    return MonitorConfig(household=Household(fetch=FetchSettings(temperature=TemperatureSwitch(place=place))))


def test_only_temperatures_of_the_place_that_is_named_are_used(tables: Database) -> None:
    """Lyon has both Januaries, Lille the first ten days of them: after a move to Lille, ten days are known."""
    add_days(tables, heated)
    rows = ",".join(
        f"('temperature', '{year}-01-{number + 1:02}', {outside(year, number):.1f}, 'open-meteo.com {position}')"
        for position, days in (("45.8 4.8", 31), ("50.6 3.1", 10))
        for year in (2025, 2026)
        for number in range(days)
    )
    query(tables, f"INSERT INTO outside VALUES {rows}")
    for place, host, days in (
        ("Lyon", "open-meteo.com", 31),
        ("Lille", "open-meteo.com", 10),
        ("45.76, 4.84", "open-meteo.com", 31),
        ("Brest", None, None),
        (None, None, None),
    ):
        answer = ask(weather.ROUTE, tables, NOW, NONE, JANUARY, config=living_in(place))
        compared = answer["compared"]
        assert (answer["thermometer"], compared and compared["days"]) == (host, days), place


def test_an_imported_month_is_not_a_day(tables: Database) -> None:
    """31 January is known from the days in 2025; in 2026 there is a month that ends with it."""
    add_days(tables, heated)
    add_thermometer(tables, "jardin", outside)
    query(tables, "UPDATE imported_hours SET hours = 744 WHERE hour = '2026-01-31 22:00:00'")
    assert ask(weather.ROUTE, tables, NOW, NONE, JANUARY)["compared"]["days"] == 30


@pytest.mark.parametrize("asked", ["", "from=2024-01-01&to=2026-01-01"])
def test_ranges_that_are_not_answered(tables: Database, asked: str) -> None:
    add_days(tables, heated)
    with pytest.raises(RequestError):
        ask(weather.ROUTE, tables, NOW, NONE, f"meter={ADDRESS}&{asked}", config=MonitorConfig())
