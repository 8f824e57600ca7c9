"""`tempo` of the API: colours as the registers of the frames show them, and those of the user's file."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.database.mariadb import Database
from monitor.base.request_errors import RequestError
from monitor.money.prices import PriceTable
from monitor.places.contracts import tempo
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts
from monitor.readings.power import Power
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.servers import Database as Server

PARIS = ZoneInfo("Europe/Paris")
BEGIN, END = datetime(2026, 10, 20, 4, tzinfo=UTC), datetime(2026, 11, 10, 12, tzinfo=UTC)
FIRST = date(2026, 10, 20)
NONE = PriceTable([])


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    return make_past(database, BEGIN, END)


def test_colours_are_those_of_most_hours_of_each_day(tables: Database) -> None:
    answer = ask(tempo.ROUTE, tables, END, NONE)
    check(answer, tempo.ROUTE.schema)
    assert (answer["season"], answer["first"], answer["imported_until"]) == (2026, "2026-09-01", None)
    expected: dict[date, set[str]] = {}
    with contextlib.closing(tables.connect()) as connection:
        hours = Hours(connection)
        (meter,) = hours.meters()
        for hour in EnergyReader(hours, ImportedHours(connection), Contracts(connection), Power(connection)).hours(
            meter, BEGIN, END
        ):
            local = hour.start.astimezone(PARIS)
            assert hour.register is not None
            if local.hour not in (5, 21):  # the register at its end may be the next one
                day = local.date() - timedelta(1) if local.hour < 6 else local.date()
                expected.setdefault(day, set()).add(hour.register[-1])
    assert all(len(letters) == 1 for letters in expected.values())
    text = answer["colours"]["2026"]
    season = {date(2026, 9, 1) + timedelta(number): letter for number, letter in enumerate(text)}
    names = {"J": "B", "B": "B", "W": "W", "R": "R"}
    assert {day: letter for day, letter in season.items() if letter != "-"} == {
        day: names[next(iter(letters))] for day, letters in expected.items()
    }
    assert answer["sources"].count("m") == len(expected)
    assert answer["today"] is not None
    assert answer["remaining"] is None  # September is not known


def test_days_of_the_users_file_are_told_apart_and_make_the_count_whole(tables: Database) -> None:
    written = {date(2026, 9, 1) + timedelta(number): "blue" for number in range(120)} | {date(2026, 11, 11): "red"}
    answer = ask(tempo.ROUTE, tables, END, NONE, colours=written)
    check(answer, tempo.ROUTE.schema)
    assert answer["sources"].startswith("f" * 49 + "m")
    assert answer["imported_until"] == FIRST.isoformat()
    assert answer["tomorrow"] == "red"
    assert sum(answer["used"].values()) == 71  # 1 September to 10 November
    assert {name: answer["used"][name] + answer["remaining"][name] for name in ("blue", "white", "red")} == (
        answer["allowance"]
    )


def test_a_season_of_which_nothing_is_known_is_empty(tables: Database) -> None:
    answer = ask(tempo.ROUTE, tables, END, NONE, "season=2011")
    check(answer, tempo.ROUTE.schema)
    assert answer["colours"] == {}
    assert len(answer["sources"]) == 366


def test_the_colours_of_past_seasons_are_there_for_everybody_and_a_file_goes_before_them(tables: Database) -> None:
    answer = ask(tempo.ROUTE, tables, END, NONE, "season=2023", colours={date(2023, 9, 2): "red"})
    check(answer, tempo.ROUTE.schema)
    assert answer["sources"] == "bf" + "b" * 364
    letters = answer["colours"]["2023"]
    assert (letters[1], letters.count("R"), letters.count("W")) == ("R", 23, 43)
    # What comes after the bundle is not guessed: only the days that the meter showed are known.
    assert ask(tempo.ROUTE, tables, END, NONE)["sources"].startswith("-" * 49 + "m")


def test_an_unknown_meter_is_refused(tables: Database) -> None:
    with pytest.raises(RequestError):
        ask(tempo.ROUTE, tables, END, NONE, "meter=x")
