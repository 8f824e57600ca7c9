"""Single devices in the API: their share of the home, what a run costs, and what is on."""

import bisect
import contextlib
import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.money.home import Home
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.day import interval
from monitor.places.now.routes import DEVICES, METERS
from monitor.places.review import csv as energy_csv
from monitor.places.review import energy
from monitor.places.review.csv import json_rows
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sources import Measured
from monitor.sources.sun import SunAnswers
from monitor.web.route import Route
from tests.services.test_api_sun import PRICES
from tests.support.api import ask
from tests.support.asked import NotedDatabase
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.sources import write_source
from tests.support.storing import make_tables, query, store

DAY = datetime(2026, 11, 9, 23, tzinfo=UTC)  # Tuesday, 10 November, in Paris
LATER = DAY + timedelta(days=2)
NOW = LATER + timedelta(hours=2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TWO_DAYS = "from=2026-11-10&to=2026-11-12"
METER = "031961000001"
NONE = PriceTable([])


def write_home(tables: Database, base_from: datetime = LATER) -> None:
    """A home that draws 25 Wh in a quarter of an hour; off-peak until 6:30, with 150 Wh in each quarter from 6:00.

    From 6:30 to 7:00 it draws 50 Wh in each. Its heater takes 200 Wh of that hour, and 20 Wh at 12:00. Two days alike.
    """
    frames, east, easf = [], 500, [100, 400]
    minutes: dict[datetime, SourceMinute] = {}
    heated = 10
    for quarter in range(-8, 2 * 96):
        start = DAY + quarter * 15 * MINUTE
        hour, part = divmod(quarter % 96, 4)
        off_peak = hour < 6 or (hour == 6 and part < 2)
        running = 0 if off_peak or start >= base_from else 1
        drawn = 25 if hour != 6 else 150 if off_peak else 50
        offer = " BASE " if start >= base_from else " H PLEINE/CREUSE "
        for at, wh in ((start + timedelta(seconds=5), 0), (start + timedelta(minutes=14, seconds=30), drawn)):
            east, easf[running] = east + wh, easf[running] + wh
            values: dict[str, Value] = {"ADSC": METER, "NGTF": offer, "EAST": east, "PREF": 9}
            values |= {"EASF01": easf[0], "EASF02": easf[1], "NTARF": running + 1, "SINSTS": 4 * drawn}
            frames.append(Frame(meter=METER, timestamp=at, mode=Mode.STANDARD, values=values))
        heated += 50 if hour == 6 else 5 if hour == 12 else 0
        minutes[start + 14 * MINUTE] = SourceMinute(60, heated, power=200 if hour == 6 else 0)
    store(tables, frames)
    roll_up(tables, NOW)
    write_source(tables, "chauffe-eau", "device", minutes)


def write_roof(tables: Database, start: datetime = DAY - 2 * HOUR) -> None:
    """A roof that makes 20 Wh in each quarter of an hour, all of which is used."""
    query(tables, "UPDATE hours SET injected_first = 7, injected_last = 7, injected_wh = 0")
    write_source(
        tables, "toit", "production",
        {start + quarter * 15 * MINUTE: SourceMinute(60, 20 * quarter) for quarter in range(50 * 4)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(database: Server) -> Database:
    """For tests that only read it; they come first."""
    database.create_database()
    tables = make_tables(database, LATER)
    write_home(tables)
    return tables


@pytest.fixture
def own_home(fresh_database: Server) -> Database:
    """For a test that changes it."""
    tables = make_tables(fresh_database, LATER)
    write_home(tables)
    return tables


def test_a_device_costs_the_mean_price_of_the_registers_of_each_hour(home: Database) -> None:
    # Of the 200 Wh from 6:00 to 7:00 three quarters are off-peak, as of the home's 400 Wh; the 20 Wh are of peak hours.
    # The first day: 150 x 0.1 + 70 x 0.2; the second: 150 x 0.3 + 70 x 0.4.
    costs = [290, 730]
    answer = ask(energy.ROUTE, home, NOW, PRICES, f"by=day&{TWO_DAYS}")
    check(answer, energy.ROUTE.schema)
    assert answer["devices"] == {"chauffe-eau": [220, 220]}
    assert answer["devices_cost"] == {"chauffe-eau": costs}
    assert answer["devices_whole"] == {
        "devices": {"chauffe-eau": {"wh": 440, "cost": sum(costs)}},
        "house_wh": 5400,
        "rest_wh": 4960,
        "rest_cost": 900 + 3600 + 2700 + 7200 - sum(costs),  # 0.9 kWh off-peak and 1.8 kWh at peak a day
        "above": None,
    }
    by_hour = ask(energy.ROUTE, home, NOW, PRICES, f"by=hour&{TWO_DAYS}")
    assert by_hour["devices"]["chauffe-eau"][5:8] == [0, 200, 0]
    assert by_hour["devices_cost"]["chauffe-eau"][5:8] == [0, 250, 0]
    for by in ("hour", "month"):
        other = ask(energy.ROUTE, home, NOW, PRICES, f"by={by}&{TWO_DAYS}")
        assert other["devices_whole"] == answer["devices_whole"]
        assert sum(other["devices_cost"]["chauffe-eau"]) == sum(costs)


@pytest.mark.parametrize(
    ("low", "high", "wh", "cost"),
    [
        ("10T05:00", "10T05:30", 100, 100),  # 6:00 to 6:30 in Paris, off-peak
        ("10T05:30", "10T06:00", 100, 200),  # at peak
        ("10T04:45", "10T06:15", 200, 250),
        ("10T04:00", "10T12:00", 220, 290),
        ("10T10:00", "10T10:20", 0, 0),
        ("10T04:10", "11T12:00", 440, 290 + 730),  # prices change at midnight
    ],
)
def test_what_a_run_costs(home: Database, low: str, high: str, wh: int, cost: int) -> None:
    question = f"from=2026-11-{low}:00Z&to=2026-11-{high}:00Z"
    answer = ask(interval.ROUTE, home, NOW, PRICES, question)
    check(answer, interval.ROUTE.schema)
    assert (answer["devices"], answer["devices_cost"]) == ({"chauffe-eau": wh}, {"chauffe-eau": cost})


def test_days_that_are_over_are_remembered(home: Database) -> None:
    with contextlib.closing(home.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        found = answers.costs.energy(answers.meter(None), "day", DAY, LATER, NOW)
        DeviceAnswers(answers).remember(answers.meter(None))
        first, second = (DeviceAnswers(answers).of(found, None, NOW) for _ in range(2))
    assert first == second
    assert first is not None
    assert first.devices[0].cost == [Decimal("0.029"), Decimal("0.073")]


def test_without_prices_energy_is_known_and_no_amount(home: Database) -> None:
    answer = ask(energy.ROUTE, home, NOW, NONE, f"by=day&{TWO_DAYS}")
    check(answer, energy.ROUTE.schema)
    assert answer["devices"] == {"chauffe-eau": [220, 220]}
    assert answer["devices_cost"] == {"chauffe-eau": [None, None]}
    assert answer["devices_whole"]["rest_cost"] is None


def test_a_file_and_a_report_have_devices(home: Database) -> None:
    body = ask(energy_csv.ROUTE, home, NOW, PRICES, f"by=day&locale=c&{TWO_DAYS}").content.decode()
    head, *rows = csv.reader(io.StringIO(body))
    assert [head[-1], *(row[-1] for row in rows)] == ["chauffe-eau_wh", "220", "220"]
    with contextlib.closing(home.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        found = answers.costs.energy(answers.meter(None), "day", DAY, LATER, NOW)
        used = DeviceAnswers(answers).of(found, None, NOW)
    assert [row["devices"] for row in json.loads(json_rows(found, Measured(None, used)))] == [{"chauffe-eau": 220}] * 2


def test_meters_name_their_devices(home: Database) -> None:
    (meter,) = ask(METERS, home, NOW, PRICES)["meters"]
    check(ask(METERS, home, NOW, PRICES), METERS.schema)
    assert meter["devices"] == ["chauffe-eau"]


def test_meters_and_sources_are_looked_up_once_in_an_answer(home: Database) -> None:
    tables = NotedDatabase(home)
    ask(energy.ROUTE, tables, NOW, PRICES, f"by=day&{TWO_DAYS}")
    for table in ("meters", "sources"):
        assert sum(f"FROM {table} " in f"{sql} " for sql in tables.asked) == 1


def test_a_contract_may_change_during_a_day(fresh_database: Server) -> None:
    """From 11:00 of the first day on there is one price, 0.5: of the 20 Wh at noon, and of the second day's 220.

    The roof gives 80 Wh an hour: six of the hours are off-peak, five at peak, 37 after the change.
    """
    tables = make_tables(fresh_database, LATER)
    write_home(tables, DAY + 11 * HOUR)
    base = {"id": "base", "rows": [{"from": date(2026, 2, 1), "subscription_year": {9: 365}, "kwh": {"BASE": 0.5}}]}
    prices = PriceTable([*PRICES.files, read_document({"offers": [base]}, "test")])
    assert ask(interval.ROUTE, tables, NOW, prices, TWO_DAYS)["devices_cost"]["chauffe-eau"] == 1450
    write_roof(tables)
    for by in ("hour", "day", "month"):
        answer = ask(energy.ROUTE, tables, NOW, prices, f"by={by}&{TWO_DAYS}")
        assert answer["devices_whole"]["devices"]["chauffe-eau"]["cost"] == 250 + 240 * 5
        assert answer["sun"]["saved"] == 80 * (6 * 1 + 5 * 2 + 37 * 5)


def test_after_a_night_without_the_meter_the_register_of_the_evening_before_holds(own_home: Database) -> None:
    """The roof gives 80 Wh an hour; on the second day all hours count as peak, whatever is remembered of the first."""
    write_roof(own_home)
    query(own_home, "UPDATE hours SET supplier = NULL WHERE hour >= '2026-11-10 23:00' AND hour < '2026-11-11 09:00'")
    with contextlib.closing(own_home.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        found = answers.costs.energy(answers.meter(None), "day", DAY, LATER, NOW)
        for _ in range(2):
            sun = SunAnswers(answers).of(found, "day", NOW)
            assert sun is not None
            assert [one.saved for one in sun.periods] == [Decimal("0.336"), Decimal("0.768")]


def test_after_days_without_the_meter_the_last_register_holds_in_any_range(own_home: Database) -> None:
    """The roof gives 80 Wh an hour, and the heater takes 20 Wh at 12:00: at peak prices, by the day as by its hours."""
    write_roof(own_home)
    query(own_home, "UPDATE hours SET supplier = NULL, drawn_wh = NULL, first_at = NULL, last_at = NULL"
          " WHERE hour >= '2026-11-10 10:00'", "SELECT 1")  # fmt: skip
    assert ask(energy.ROUTE, own_home, NOW, PRICES, f"by=day&{TWO_DAYS}")["saved"][1] == 24 * 320
    by_hour = ask(energy.ROUTE, own_home, NOW, PRICES, "by=hour&from=2026-11-11T11:00:00Z&to=2026-11-11T23:00:00Z")
    assert by_hour["saved"] == [320] * 12
    assert by_hour["devices_cost"]["chauffe-eau"] == [80, *[0] * 11]


def test_devices_above_the_home_are_told_with_figures(own_home: Database) -> None:
    query(own_home, "UPDATE source_hours SET energy_first = energy_first * 20, energy_last = energy_last * 20")
    later = datetime(2026, 12, 2, tzinfo=UTC)
    for by, periods in (("day", 2), ("hour", 1), ("month", 1)):
        whole = ask(energy.ROUTE, own_home, later, PRICES, f"by={by}&{TWO_DAYS}")["devices_whole"]
        assert whole["above"] == {"periods": periods, "devices_wh": 8800, "house_wh": 5400}
        assert whole["rest_wh"] == -3400
    # A day that is not over contradicts nothing.
    answer = ask(energy.ROUTE, own_home, DAY + 20 * HOUR, PRICES, "by=day&from=2026-11-10&to=2026-11-11")
    assert answer["devices_whole"]["above"] is None


def test_what_a_roof_made_is_part_of_what_the_home_used(own_home: Database) -> None:
    write_roof(own_home)
    answer = ask(energy.ROUTE, own_home, NOW, PRICES, f"by=day&{TWO_DAYS}")
    whole = answer["devices_whole"]
    assert whole["house_wh"] == 5400 + 2 * 96 * 20
    assert whole["rest_wh"] == whole["house_wh"] - 440
    assert whole["rest_cost"] is None


@pytest.mark.parametrize("by", ["hour", "day", "month"])
def test_what_the_home_used_is_not_known_from_before_its_roof_is(own_home: Database, by: str) -> None:
    write_roof(own_home, DAY + 10 * HOUR)
    whole = ask(energy.ROUTE, own_home, NOW, PRICES, f"by={by}&{TWO_DAYS}")["devices_whole"]
    assert (whole["house_wh"], whole["rest_wh"]) == (None, None)


def test_what_is_on_now(own_home: Database) -> None:
    now = DAY + timedelta(hours=12, minutes=3)
    write_source(own_home, "voiture", "device", {
        now - 5 * MINUTE: SourceMinute(60, power=7000), now - 2 * MINUTE: SourceMinute(60, power=7400)
    })  # fmt: skip
    write_source(own_home, "cave", "device", {
        now - 8 * MINUTE: SourceMinute(60, 100), now - 2 * MINUTE: SourceMinute(60, 50, -60)
    })  # fmt: skip
    answer = ask(DEVICES, own_home, now, PRICES)
    check(answer, DEVICES.schema)
    assert answer["devices"] == [
        {"name": "voiture", "power": 7400, "on": True, "at": "2026-11-10T11:02:00Z"},
        {"name": "cave", "power": 100, "on": True, "at": "2026-11-10T11:02:00Z"},  # 10 Wh in 6 minutes
        {"name": "chauffe-eau", "power": 0, "on": False, "at": "2026-11-10T11:00:00Z"},
    ]
    silent = ask(DEVICES, own_home, NOW + HOUR, PRICES)
    assert [(one["power"], one["on"], one["at"]) for one in silent["devices"]] == [(None, False, None)] * 3


BEGIN, END = datetime(2026, 10, 20, 22, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC)


def test_a_house_without_sources_has_no_trace_of_them_and_pays_one_look_at_an_empty_table(database: Server) -> None:
    tables = NotedDatabase(make_past(database, END - timedelta(days=2), END))

    def asked(route: Route, question: str = "") -> Any:
        tables.asked.clear()
        answer = ask(route, tables, END, PRICES, question)
        assert sum("FROM sources" in sql for sql in tables.asked) == 1
        return answer

    for route in (energy.ROUTE, interval.ROUTE):
        assert not {name for name in asked(route, "from=2026-11-03&to=2026-11-04") if name.startswith("devices")}
    assert asked(DEVICES)["devices"] == []
    assert "devices" not in asked(METERS)["meters"][0]


@pytest.fixture(scope="module")
def counted(database: Server) -> tuple[Database, dict[str, list[tuple[datetime, int]]]]:
    """The past of a home, and what each of its devices had counted by when."""
    tables = make_past(database, BEGIN, END)
    random = Random(26)
    counted: dict[str, list[tuple[datetime, int]]] = {}
    for name in ("voiture", "lave-linge"):
        energies, at, counter = [], BEGIN - 2 * HOUR, 0
        minutes: dict[datetime, SourceMinute] = {}
        reading = 5000
        while (at := at + random.choice((1, 1, 1, 5, 90, 600)) * MINUTE) < END:
            wh, reset = random.randrange(4), random.random() < 0.01
            counter += wh
            reading, step = (wh, -reading) if reset else (reading + wh, None)
            minutes[at] = SourceMinute(60, reading, step)
            energies.append((at + MINUTE, counter))
        counted[name] = energies
        write_source(tables, name, "device", minutes)
    return tables, counted


@pytest.mark.parametrize(
    "question",
    [
        "by=hour&from=2026-10-24&to=2026-10-27",  # with a day of 25 hours
        "by=day&from=2026-10-21&to=2026-11-04",
        "by=week&from=2026-10-19&to=2026-11-02",
        "by=month&from=2026-10&to=2026-12",
    ],
)
def test_devices_and_the_rest_add_up_to_the_home_in_any_period(
    counted: tuple[Database, dict[str, list[tuple[datetime, int]]]], question: str
) -> None:
    tables, devices_energies = counted
    answer = ask(energy.ROUTE, tables, END, PRICES, question)
    check(answer, energy.ROUTE.schema)
    starts = [_instant(text) for text in answer["start"]]
    ends = [*starts[1:], min(datetime.fromisoformat(answer["whole"]["to"]), END)]
    whole = answer["devices_whole"]
    total = 0
    for name, energies in devices_energies.items():
        expected = [_upto(energies, end) - _upto(energies, start) for start, end in zip(starts, ends, strict=True)]
        assert answer["devices"][name] == expected
        assert whole["devices"][name]["wh"] == sum(expected)
        total += sum(expected)
    assert whole["house_wh"] == answer["whole"]["total_wh"]
    assert whole["rest_wh"] + total == whole["house_wh"]


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Europe/Paris"))


def _upto(energies: list[tuple[datetime, int]], end: datetime) -> Any:
    place = bisect.bisect_right(energies, end.astimezone(UTC), key=lambda one: one[0])
    return energies[max(place - 1, 0)][1]
