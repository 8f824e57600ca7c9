"""Routes of the API that show the history of a meter, on a database of a week with a change of time."""

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.database.mariadb import Connection, Database
from demo.history import History
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.request_errors import RequestError
from monitor.money.home import Home
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.now.routes import METERS
from monitor.places.review import energy
from monitor.places.review.routes import BASELOAD, PEAKS, PROFILE
from monitor.readings.periods import HourEnergy
from monitor.web.route import Route
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(
    2026, 10, 21, 22, tzinfo=UTC
)  # Thursday 22 October 2026, 00:00 in Paris; the clock changes on the 25th
END = datetime(2026, 10, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KIND = "standard-three-phase-producer"
METER = SimulatedMeter(KIND).address
OTHER_KIND = "historic-single-phase-hchp"
EMPTY = "099999999999"
NO_PRICES = PriceTable([])


def fill(database: Database, kind: str, end: datetime = END) -> None:
    with contextlib.closing(database.connect()) as connection:
        History(connection, SimulatedMeter(kind)).write(BEGIN, end)


def hour(day: int, number: int) -> str:
    return f"WHERE hour = '2026-10-{day} {number}:00:00'"


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """The history of a producer, two hours of another meter, and a third one without readings; only read it."""
    database.create_database()
    client = make_tables(database)
    fill(client, KIND)
    query(
        client,
        # In each of these nights another hour would have the least.
        f"UPDATE hours SET drawn_wh = 3, seconds = 3000 {hour(22, 1)}",
        f"UPDATE hours SET drawn_wh = 4 {hour(23, 1)}",
        f"UPDATE hours SET meter_id = 4000 {hour(23, 0)}",
        f"UPDATE hours SET drawn_wh = 5, first_at = first_at + INTERVAL 65 SECOND {hour(24, 1)}",
        f"UPDATE hours SET drawn_wh = 6 {hour(26, 5)}",  # 06:00 in Paris
        f"UPDATE hours SET drawn_wh = 7 {hour(27, 4)}",  # 05:00 in Paris
        f"INSERT INTO meters (id, identifier) VALUES (98, '{EMPTY}')",
        "SELECT 1",
    )
    fill(client, OTHER_KIND, BEGIN + 2 * HOUR)
    return client


def asked(route: Route, database: Database, question: str = "", meter: str = METER) -> Any:
    """Ask, and check the answer against the schema."""
    found = ask(route, database, END, NO_PRICES, "&".join(filter(None, [f"meter={meter}", question])))
    check(found, route.schema)
    return found


def hours_of(database: Database) -> dict[datetime, tuple[int, int, int]]:
    rows = query(database, "SELECT hour, drawn_wh, power_max, power_max_second FROM hours WHERE meter_id = 1")
    return {hour.replace(tzinfo=UTC): (int(wh), int(power), int(second)) for hour, wh, power, second in rows}


def test_meters_have_their_contract_as_configured_else_as_they_say(tables: Database) -> None:
    found = ask(METERS, tables, END, NO_PRICES)
    check(found, METERS.schema)
    assert (found["zone"], found["now"]) == ("Europe/Paris", "2026-10-28T12:00:00Z")
    by_id = {meter["id"]: meter for meter in found["meters"]}
    producer, single = by_id[METER], by_id[SimulatedMeter(OTHER_KIND).address]
    assert (producer["mode"], producer["phases"], producer["producer"]) == ("standard", 3, True)
    assert (producer["first"], producer["contract_year"]) == ("2026-10-22", None)
    assert producer["last"].startswith("2026-10-28T11:59:5")
    assert (producer["name"], producer["replaced"]) == (None, [])
    assert METER not in producer["serial"]
    assert (single["mode"], single["phases"], single["offer"], single["producer"]) == ("historic", 1, "hchp", False)
    line = ContractLine(single["id"], date(2025, 3, 1), "base", 6)
    (known,) = [
        meter
        for meter in ask(METERS, tables, END, NO_PRICES, config=MonitorConfig(household=Household(contracts=(line,))))[
            "meters"
        ]
        if meter["id"] == single["id"]
    ]
    assert (known["offer"], known["subscribed"], known["contract_year"]) == ("base", 6000, "03-01")
    # A regulated offer has the name that meters give it, by which the page knows Tempo.
    prices = PriceTable([read_document({"offers": [{"id": "trv-tempo", "meter": "tempo", "rows": []}]}, "test")])
    config = MonitorConfig(household=Household(contracts=(replace(line, offer="trv-tempo"),)))
    assert "tempo" in {meter["offer"] for meter in ask(METERS, tables, END, prices, config=config)["meters"]}


def test_many_meters_are_read_with_as_many_queries_as_one(tables: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[str] = []
    query_ = Connection.query

    def counting(self: Connection, sql: str, arguments: Any = ()) -> Any:
        asked_for.append(sql)
        return query_(self, sql, arguments)

    monkeypatch.setattr(Connection, "query", counting)
    assert len(ask(METERS, tables, END, NO_PRICES)["meters"]) == 3
    assert len(asked_for) == 7


def test_energy_that_was_imported_is_known_since_its_first_day(tables: Database, database: Server) -> None:
    try:
        database.sql(
            f"INSERT INTO {database.name}.imported_hours (meter_id, hour, register, source, wh, hours)"
            " VALUES (1, '2023-05-10 21:00:00', 0, 'csv', 9000, 24), (1, '2023-05-11 21:00:00', 0, 'csv', 9000, 24)"
        )
        found = {one["id"]: one for one in ask(METERS, tables, END, NO_PRICES)["meters"]}
        assert (found[METER]["known_since"], found[METER]["first"]) == ("2023-05-10", "2026-10-22")
        other = found[SimulatedMeter(OTHER_KIND).address]
        assert other["known_since"] == other["first"]
        assert found[EMPTY]["known_since"] is None
    finally:
        database.sql(f"DELETE FROM {database.name}.imported_hours")


def test_registers_have_the_words_of_the_meter_written_out(tables: Database) -> None:
    names = asked(energy.ROUTE, tables, "by=day&from=2026-10-23&to=2026-10-24")["names"]
    assert list(names.values()) == ["Index unique (producteur)"]  # INDEX NON CONSO


def test_a_meter_without_readings_is_there_with_nothing_known(tables: Database) -> None:
    (empty,) = [one for one in ask(METERS, tables, END, NO_PRICES)["meters"] if one["id"] == EMPTY]
    assert (empty["first"], empty["last"], empty["offer"]) == (None, None, None)
    assert asked(PEAKS, tables, meter=EMPTY)["peaks"] == []
    assert asked(BASELOAD, tables, meter=EMPTY)["watts"] == []
    assert asked(PROFILE, tables, meter=EMPTY)["rows"] == []


def test_peaks_are_the_highest_of_each_day(tables: Database) -> None:
    wanted: dict[date, tuple[int, datetime]] = {}
    for hour, (_, power, second) in sorted(hours_of(tables).items()):
        day = hour.astimezone(PARIS).date()
        if power > wanted.get(day, (0, hour))[0]:
            wanted[day] = power, hour + timedelta(seconds=second)
    ranked = sorted(wanted.items(), key=lambda one: (-one[1][0], one[1][1]))
    found = asked(PEAKS, tables)
    assert len(wanted) == 7
    assert [(one["day"], one["power"], one["at"]) for one in found["peaks"]] == [
        (day.isoformat(), power, f"{at:%Y-%m-%dT%H:%M:%SZ}") for day, (power, at) in ranked
    ]
    assert {one["phase"] for one in found["peaks"]} <= {1, 2, 3}
    assert asked(PEAKS, tables, "n=2")["peaks"] == found["peaks"][:2]
    (one,) = asked(PEAKS, tables, "from=2026-10-24&to=2026-10-25")["peaks"]
    assert one["day"] == "2026-10-24"


def reference(hours: list[HourEnergy]) -> dict[date, int]:
    """Return the least of each night as its definition says, hour by hour."""
    nights: dict[date, int] = {}
    for hour in hours:
        local = hour.start.astimezone(PARIS)
        if local.hour < 6 and hour.covered >= 3540 and not hour.recovered and not hour.imported:
            nights[local.date()] = min(hour.wh, nights.get(local.date(), hour.wh))
    return nights


def test_the_base_load_is_that_of_whole_hours_of_the_night(tables: Database) -> None:
    with contextlib.closing(tables.connect()) as connection:
        answers = Home(connection, MonitorConfig(), NO_PRICES)
        (meter,) = [one for one in answers.meters() if one.identifier == METER]
        wanted = reference(answers.reader.hours(meter, BEGIN, END))
    del wanted[date(2026, 10, 22)]  # whether its first hour follows another one, a range cannot tell
    found = asked(BASELOAD, tables)
    first = date.fromisoformat(found["first"])
    days = {first + timedelta(number): watts for number, watts in enumerate(found["watts"])}
    assert {day: days[day] for day in wanted} == wanted
    assert wanted[date(2026, 10, 27)] == 7
    assert min(watts for day, watts in days.items() if day != date(2026, 10, 27)) > 7
    assert [month["month"] for month in found["months"]] == ["2026-10"]
    assert found["months"][0]["watts"] == found["median"]


def test_a_profile_by_day_has_each_hour_of_days_of_24_and_25_hours(tables: Database) -> None:
    found = asked(PROFILE, tables, "from=2026-10-22&to=2026-10-29")
    assert found["first"] == "2026-10-22"
    assert [len(day) for day in found["rows"]] == [24, 24, 24, 25, 24, 24, 24]
    known = hours_of(tables)
    flat = [wh for day in found["rows"] for wh in day]
    assert flat == [known.get(BEGIN + number * HOUR, (None, 0, 0))[0] for number in range(len(flat))]
    assert flat[26] is None
    assert flat[-1] is None


def test_a_profile_by_weekday_has_the_means_of_its_hours(tables: Database) -> None:
    found = asked(PROFILE, tables, "by=weekday")
    known = hours_of(tables)
    assert [len(day) for day in found["rows"]] == [24] * 7
    assert found["rows"][3][7] == known[BEGIN + 7 * HOUR][0]  # the Thursday
    # Sunday 02:00 came twice.
    both = [known[datetime(2026, 10, 25, number, tzinfo=UTC)][0] for number in (0, 1)]
    assert found["rows"][6][2] == round(sum(both) / 2)


@pytest.mark.parametrize("route", [PEAKS, BASELOAD, PROFILE])
def test_ranges_that_are_wrong_or_too_long_are_refused(tables: Database, route: Route) -> None:
    for start, end in (("2026-10-24", "2026-10-24"), ("2000", "2099"), ("hier", "2026"), ("2026-10-25", "2026-10-24")):
        with pytest.raises(RequestError) as refusal:
            asked(route, tables, f"from={start}&to={end}")
        assert refusal.value.status == 400
    with pytest.raises(RequestError) as refusal:
        asked(route, tables, meter="1+OR+1%3D1")
    assert refusal.value.status == 404


def test_numbers_and_words_that_are_wrong_are_refused(tables: Database) -> None:
    for number in ("0", "101", "-1", "1e9", "٣", "9" * 400, ""):
        with pytest.raises(RequestError) as refusal:
            asked(PEAKS, tables, f"n={number}")
        assert refusal.value.status == 400
    with pytest.raises(RequestError) as refusal:
        asked(PROFILE, tables, "by=second")
    assert refusal.value.status == 400
