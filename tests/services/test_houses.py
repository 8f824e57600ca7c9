"""A house whose meter was replaced: two addresses in the database, one meter in every answer."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.household import House as Configured
from monitor.base.request_errors import RequestError
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.places.contracts import compare, tempo
from monitor.places.contracts.compare import OfferAnswers
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.now.routes import METERS
from monitor.places.review import energy
from monitor.places.review.routes import BASELOAD, PEAKS, PROFILE
from monitor.places.status import status
from monitor.places.status.routes import EVENTS
from monitor.web.route import Route
from storer.frames.store import FrameStore
from tests.services.test_energy import House, counted
from tests.services.test_report import Monitor
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.settings import save_settings
from tests.support.storing import make_tables, query, store

BEGIN = datetime(2026, 3, 9, 23, tzinfo=UTC)  # Tuesday 10 March 2026, 00:00 in Paris
REMOVED, FITTED = BEGIN + timedelta(days=1, hours=10, minutes=20), BEGIN + timedelta(days=1, hours=10, minutes=50)
END = BEGIN + timedelta(days=3)
HOUR = timedelta(hours=1)
OLD, NEW, OTHER = "021861999999", "031961123456", "041961555555"
MEMBERS = Configured(NEW, "Maison", (OLD,))
CONFIG = MonitorConfig(household=Household(meters=(MEMBERS,)))
RANGE = "from=2026-03-10&to=2026-03-13"


def live(address: str, start: datetime, end: datetime, seed: int) -> House:
    house = House(seed, start, Mode.HISTORIC, address)
    house.calendar = "HC.."
    house.live(end, every=20, outages=0)
    return house


@pytest.fixture(scope="module")
def houses() -> list[House]:
    return [live(OLD, BEGIN, REMOVED, 1), live(NEW, FITTED, END, 2), live(OTHER, BEGIN + HOUR, BEGIN + 2 * HOUR, 3)]


@pytest.fixture(scope="module")
def tables(database: Server, houses: list[House]) -> Database:
    database.create_database()
    tables = make_tables(database)
    for house in houses:
        store(tables, house.frames)
    roll_up(tables, END + timedelta(days=1))
    return tables


def drawn(houses: list[House], label: str, start: datetime, end: datetime) -> int:
    return sum(counted(house.frames, label, start, end) for house in houses[:2])


def asked(route: Route, tables: Database, question: str, **more: Any) -> Any:
    found = ask(route, tables, END, bundled_prices(), question, **{"config": CONFIG, **more})
    check(found, route.schema)
    return found


def test_a_replaced_meter_is_in_the_list_once_under_the_address_of_the_new_one(tables: Database) -> None:
    first, second = asked(METERS, tables, "")["meters"]
    assert (first["id"], first["name"], first["replaced"]) == (NEW, "Maison", [OLD])
    assert (first["first"], first["known_since"]) == ("2026-03-10", "2026-03-10")
    assert first["last"] > "2026-03-12T22:50"
    assert (second["id"], second["name"], second["replaced"]) == (OTHER, None, [])


@pytest.mark.parametrize("by", ["hour", "day", "month"])
def test_the_energy_of_any_period_is_what_each_meter_counted_in_its_time(
    tables: Database, houses: list[House], by: str
) -> None:
    found = asked(energy.ROUTE, tables, f"meter={NEW}&by={by}&{RANGE}")
    assert found["meter"] == NEW
    for label in ("HCHC", "HCHP"):
        assert sum(found["wh"][label]) == drawn(houses, label, BEGIN, END)
        if by == "hour":
            hours = [BEGIN + number * HOUR for number in range(72)]
            assert found["wh"][label] == [drawn(houses, label, hour, hour + HOUR) for hour in hours]
    assert found["whole"]["total_wh"] == sum(drawn(houses, label, BEGIN, END) for label in ("HCHC", "HCHP"))
    assert (
        found["whole"]["recovered_wh"] == 0
    )  # nothing is counted from the last index of one to the first of the other
    assert found["offer"] == "hchp"


def test_asking_by_the_old_address_gives_the_house(tables: Database) -> None:
    old, new = (asked(energy.ROUTE, tables, f"meter={meter}&by=day&{RANGE}") for meter in (OLD, NEW))
    assert old == new
    with pytest.raises(RequestError):
        asked(energy.ROUTE, tables, f"meter=021861999998&by=day&{RANGE}")


def test_the_subscription_of_a_house_is_owed_once(tables: Database) -> None:
    found = asked(energy.ROUTE, tables, f"meter={NEW}&by=day&{RANGE}")
    # 6 kVA, grid of 1 February 2026: 187.80 EUR a year.
    assert found["subscription"] == [round(1878000 / 365)] * 3


def test_a_stretch_across_the_change_has_the_energy_of_both(tables: Database, houses: list[House]) -> None:
    start, end = REMOVED - timedelta(minutes=25), FITTED + timedelta(minutes=35)
    question = f"meter={NEW}&from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
    found = asked(interval.ROUTE, tables, question)
    assert found["wh"] == sum(drawn(houses, label, start, end) for label in ("HCHC", "HCHP"))
    days = asked(interval.ROUTE, tables, f"meter={NEW}&from={BEGIN:%Y-%m-%dT%H:%M:%SZ}&to=2026-03-12T22:10:00Z")
    until = datetime(2026, 3, 12, 22, 10, tzinfo=UTC)
    assert days["wh"] == sum(drawn(houses, label, BEGIN, until) for label in ("HCHC", "HCHP"))
    assert abs(days["subscription"] - 1878000 / 365 * (until - BEGIN).total_seconds() / 86400) <= 1  # owed once


def test_the_curve_of_the_day_goes_on_with_the_new_meter_and_its_gap_has_no_energy(tables: Database) -> None:
    found = asked(series.ROUTE, tables, f"meter={NEW}&from=2026-03-11&to=2026-03-12&source=minutes")
    known = [number for number, value in enumerate(found["max"]) if value is not None]
    assert known[0] == 0
    assert known[-1] == 1439
    removed = (REMOVED - BEGIN - timedelta(days=1)) // timedelta(minutes=1)
    assert not set(range(removed + 1, removed + 29)) & set(known)
    (gap,) = [gap for gap in found["gaps"] if gap[1] - gap[0] > 20 * 60_000]
    assert gap[2:] == ["unknown", None]


def test_peaks_profile_base_load_and_coverage_are_of_both_meters(tables: Database) -> None:
    for table, column in (("hours", "hour"), ("minutes", "minute")):
        query(
            tables,
            f"UPDATE {table} SET power_max = 7000 WHERE {column} = '2026-03-10 09:00'",
            f"UPDATE {table} SET power_max = 8000 WHERE {column} = '2026-03-12 09:00'",
            "SELECT 1",
        )
    found = asked(PEAKS, tables, f"meter={NEW}&{RANGE}")["peaks"]
    assert [peak["power"] for peak in found] == [8000, 7000, 1000]
    days = asked(PROFILE, tables, f"meter={NEW}&{RANGE}")["rows"]
    hours = asked(energy.ROUTE, tables, f"meter={NEW}&by=hour&{RANGE}")
    totals = [sum(of_hour) for of_hour in zip(*hours["wh"].values(), strict=True)]
    assert [wh for day in days for wh in day] == totals
    whole = hours["whole"]["coverage"]
    single = asked(energy.ROUTE, tables, f"meter={NEW}&by=hour&from=2026-03-10&to=2026-03-11")["whole"]["coverage"]
    assert single * 0.98 < whole <= single
    query(tables, "UPDATE hours SET seconds = 3600", "SELECT 1")  # as if there were a frame each second
    found = asked(BASELOAD, tables, f"meter={NEW}&{RANGE}")
    assert found["watts"] == [min(totals[1:6]), min(totals[24:30]), min(totals[48:54])]


def test_the_change_is_an_event_and_no_outage(tables: Database) -> None:
    found = asked(EVENTS, tables, f"meter={NEW}&kind=epoch,gap,outage")["events"]
    assert [(one["kind"], one["at"], one["text"]) for one in found] == [
        ("epoch", "2026-03-11T09:00:00Z", "registers"),
        ("epoch", "2026-03-09T23:00:00Z", "first"),
    ]


def test_pages_of_events_of_a_house_leave_none_out(tables: Database) -> None:
    whole = asked(EVENTS, tables, f"meter={NEW}")["events"]
    found, cursor = [], ""
    for _ in range(50):
        page = asked(EVENTS, tables, f"meter={NEW}&limit=1" + cursor)
        found += page["events"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == whole
    assert len(found) == 2


def test_the_lines_of_contracts_of_any_address_are_those_of_the_house(tables: Database) -> None:
    lines = (
        ContractLine(OLD, date(2026, 1, 1), "hchp", 6),
        ContractLine(NEW, date(2026, 3, 12), "hchp", 9),
    )
    config = MonitorConfig(household=Household(meters=(MEMBERS,), contracts=lines))
    found = asked(energy.ROUTE, tables, f"meter={NEW}&by=day&{RANGE}", config=config)
    six, nine = found["subscription"][0], found["subscription"][2]
    assert found["subscription"] == [six, six, nine]
    assert six < nine
    first = asked(METERS, tables, "", config=config)["meters"][0]
    # A new power is no new contract: it began while the old meter was there.
    assert (first["subscribed"], first["contract_year"]) == (9000, "01-01")


def test_offers_are_compared_on_the_energy_of_both(tables: Database, houses: list[House]) -> None:
    found = asked(compare.ROUTE, tables, f"meter={OLD}&{RANGE}")
    hours = [BEGIN + number * HOUR for number in range(72)]
    total = sum(drawn(houses, label, hour, hour + HOUR) for label in ("HCHC", "HCHP") for hour in hours)
    assert found["wh"] == total
    assert (found["hours"], found["why"]) == (72, None)  # each hour has readings of one of the two
    assert [offer["id"] for offer in found["offers"] if offer["yours"]] == ["trv-hphc"]


def test_status_and_tempo_know_the_house(tables: Database) -> None:
    found = asked(status.ROUTE, tables, f"meter={OLD}")
    assert found["meter"] == NEW
    assert found["yesterday"]["frames"] > 0
    assert asked(tempo.ROUTE, tables, f"meter={OLD}")["meter"] == NEW


@contextlib.contextmanager
def answering(tables: Database, config: MonitorConfig) -> Iterator[Home]:
    with contextlib.closing(tables.connect()) as connection:
        yield Home(connection, config, PriceTable([]))


def test_a_chain_of_three_meters_is_one(tables: Database) -> None:
    config = MonitorConfig(household=Household(meters=(Configured("051961000001", None, (OLD, NEW)),)))
    with answering(tables, config) as answers:
        (house,) = [meter for meter in answers.meters() if meter.has(NEW)]
        assert house.identifier == "051961000001"  # that it has no frames yet does not matter
        assert [part.identifier for part in house.parts] == [OLD, NEW]
        assert house.number in answers.facts([house], END)
        assert answers.last_frame(house, END) is not None
        assert answers.meter("051961000001") == answers.meter(OLD) == house


def test_the_report_has_the_name_and_finds_the_house_by_name_and_by_either_address(
    database: Server, tables: Database, tmp_path: Path
) -> None:
    monitor = Monitor(database, tmp_path)
    save_settings(tables, meters={NEW: {"name": "Maison", "replaces": OLD}})
    arguments = ("--from", "2026-03-10", "--to", "2026-03-13")
    texts = {meter: monitor.run("report", *arguments, "--meter", meter) for meter in ("Maison", "maison", OLD, NEW)}
    assert len(set(texts.values())) == 1
    assert texts[OLD].startswith("Maison, du 10 mars 2026 au 12 mars 2026")
    assert monitor.run("report", *arguments, "--meter", "3456", "--json") == monitor.run(
        "report", *arguments, "--meter", OLD, "--json"
    )
    rows = json.loads(monitor.run("report", "--by", "year", "--from", "2026", "--meter", "5555", "--json"))
    assert rows[0]["wh"]
    assert "Maison" in monitor.run("report", *arguments, code=2)


def test_both_are_counted_where_they_ran_at_once_and_imported_energy_only_where_neither_did(
    fresh_database: Server,
) -> None:
    tables = make_tables(fresh_database)
    parts = [live(OLD, BEGIN, BEGIN + 5 * HOUR, 4), live(NEW, BEGIN + 3 * HOUR, BEGIN + 9 * HOUR, 5)]
    for part in parts:
        store(tables, part.frames)
    roll_up(tables, END)
    numbers = dict(query(tables, "SELECT identifier, id FROM meters"))
    for hour in ("2026-03-09 20:00", "2026-03-09 23:00", "2026-03-10 06:00"):  # before, of the old one, of the new one
        for number in numbers.values():
            query(
                tables,
                "INSERT INTO imported_hours (meter_id, hour, register, source, wh)"
                f" VALUES ({number}, '{hour}', 0, 'csv', {number})",
                "SELECT 1",
            )
    found = asked(energy.ROUTE, tables, f"meter={NEW}&by=hour&from=2026-03-09T20:00:00Z&to=2026-03-10T09:00:00Z")
    for place, start in enumerate(datetime.fromisoformat(text) for text in found["start"]):
        expected = sum(drawn(parts, label, start, start + HOUR) for label in ("HCHC", "HCHP"))
        expected += sum(numbers.values()) if place == 0 else 0
        assert sum(column[place] for column in found["wh"].values()) == expected
    assert found["whole"]["imported_wh"] == sum(numbers.values())
    assert all(0 <= share <= 1 for share in found["coverage"])


def test_late_frames_of_the_last_hour_of_the_old_meter_are_in_the_next_comparison(fresh_database: Server) -> None:
    tables, prices, until = make_tables(fresh_database), bundled_prices(), BEGIN + timedelta(days=2)
    parts = [live(OLD, BEGIN, REMOVED, 1), live(NEW, FITTED, END, 2)]
    late = [frame for frame in parts[0].frames if frame.timestamp >= REMOVED - timedelta(minutes=10)]
    store(tables, [frame for part in parts for frame in part.frames if frame not in late])
    roll_up(tables, END + HOUR)
    with contextlib.closing(tables.connect()) as connection:
        running = Home(connection, CONFIG, prices)

        def compared() -> int:
            return OfferAnswers(running).compare(running.meter(NEW), BEGIN, until, END).wh

        counted_in_all = sum(drawn(parts, label, BEGIN, until) for label in ("HCHC", "HCHP"))
        assert compared() < counted_in_all
        with contextlib.closing(FrameStore(tables, "main", lambda: END + HOUR)) as frame_store:
            frame_store.write(late)
        roll_up(tables, END + HOUR)
        assert compared() == counted_in_all


def test_an_old_meter_of_which_only_a_file_is_left_is_a_part_of_the_house(fresh_database: Server) -> None:
    tables = make_tables(fresh_database)
    part = live(NEW, BEGIN + 3 * HOUR, BEGIN + 9 * HOUR, 6)
    store(tables, part.frames)
    roll_up(tables, END)
    rows = ", ".join(f"(9, '{BEGIN + number * HOUR:%F %T}', 0, 'csv', {100 + number})" for number in range(-24, 6))
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (9, '{OLD}')",
        f"INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES {rows}",
        "SELECT 1",
    )
    (meter,) = asked(METERS, tables, "")["meters"]
    assert (meter["id"], meter["first"], meter["known_since"]) == (NEW, "2026-03-10", "2026-03-09")
    lines = (ContractLine(OLD, date(2026, 1, 1), "base", 6),)
    config = MonitorConfig(household=Household(meters=(MEMBERS,), contracts=lines))
    found = asked(energy.ROUTE, tables, f"meter={OLD}&by=day&from=2026-03-09&to=2026-03-11", config=config)
    imported = [sum(100 + number for number in numbers) for numbers in (range(-24, 0), range(3))]
    read = sum(counted(part.frames, label, BEGIN, END) for label in ("HCHC", "HCHP"))
    assert [sum(of_day) for of_day in zip(*found["wh"].values(), strict=True)] == [imported[0], imported[1] + read]
    assert found["imported_wh"] == imported
    assert found["subscription"][0] == found["subscription"][1] > 0
    compared = asked(compare.ROUTE, tables, f"meter={NEW}&from=2026-03-09&to=2026-03-11", config=config)
    assert compared["wh"] >= sum(imported)
