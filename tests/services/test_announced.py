"""What was fetched, from the table `outside` on: the household's snapshot, and `tempo` of the API."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.database.mariadb import Database, sql_time
from monitor.base.config import MonitorConfig
from monitor.money.announced import announced_colours, chances, market_prices
from monitor.money.current import CurrentHousehold
from monitor.money.prices import PriceTable
from monitor.places.contracts import tempo
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.servers import Database as Server
from tests.support.settings import save_settings

PARIS = ZoneInfo("Europe/Paris")
RTE, SECOND, OPEN_DPE, MARKET = "www.services-rte.com", "www.api-couleur-tempo.fr", "open-dpe.fr", "api.example.org"
BEGIN, END = datetime(2026, 10, 20, 4, tzinfo=UTC), datetime(2026, 11, 10, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def store(database: Database, what: str, source: str, values: Mapping[datetime, float]) -> None:
    """Write rows as a request of the storer does, and note it as done."""
    with contextlib.closing(database.connect()) as connection:
        for start, value in values.items():
            connection.execute(
                "REPLACE INTO outside (what, source, start, value) VALUES (%s, %s, %s, %s)",
                (what, source, sql_time(start), value),
            )
        connection.execute("INSERT INTO requests (kind, arguments, state) VALUES ('outside', '{}', 'done')")


def at_six(*days: str) -> list[datetime]:
    return [datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=PARIS).astimezone(UTC) for day in days]


class Looking:
    """A household that is looked at, as the monitor does each few seconds."""

    def __init__(self, tables: Database, folder: Path) -> None:
        self.tables = tables
        self.current = CurrentHousehold(MonitorConfig(state=folder))
        self.look()

    def look(self) -> None:
        with contextlib.closing(self.tables.connect()) as connection:
            self.current.refresh(connection)


@pytest.fixture
def looking(tables: Database, tmp_path: Path) -> Looking:
    return Looking(tables, tmp_path)


def test_a_colour_that_was_fetched_is_known_from_the_next_look_on(looking: Looking) -> None:
    day, before = date(2026, 12, 3), looking.current.now
    assert before.calendars.kind("tempo", day) is None
    looking.look()
    assert looking.current.now is before
    store(looking.tables, "tempo", RTE, dict(zip(at_six("2026-12-03"), [3.0], strict=True)))
    looking.look()
    after = looking.current.now
    assert after.calendars.kind("tempo", day) == "red"
    looking.look()
    assert looking.current.now is after


def test_what_the_owner_wrote_goes_before_what_was_fetched(looking: Looking) -> None:
    save_settings(looking.tables, calendars={"tempo": {"2026-12-03": "white"}})
    store(looking.tables, "tempo", RTE, dict.fromkeys(at_six("2026-12-03", "2026-12-04"), 3.0))
    looking.look()
    calendars = looking.current.now.calendars
    assert [calendars.kind("tempo", date(2026, 12, day)) for day in (3, 4)] == ["white", "red"]


def test_of_two_sources_rte_is_right_and_days_begin_at_six_when_the_clock_changes(tables: Database) -> None:
    store(tables, "tempo", RTE, dict.fromkeys(at_six("2026-10-24", "2026-10-25"), 1.0))
    store(tables, "tempo", SECOND, dict.fromkeys(at_six("2026-10-25", "2027-03-28"), 2.0))
    with contextlib.closing(tables.connect()) as connection:
        assert announced_colours(connection, PARIS) == {
            date(2026, 10, 24): "blue", date(2026, 10, 25): "blue", date(2027, 3, 28): "white",
        }  # fmt: skip


def test_before_anything_was_fetched_nothing_is_known(tables: Database) -> None:
    with contextlib.closing(tables.connect()) as connection:
        connection.execute("DROP TABLE outside")
        assert announced_colours(connection, PARIS) == {}
        assert market_prices(connection) is None
        assert chances(connection, date(2026, 12, 1), date(2026, 12, 9), PARIS) == []


def test_market_prices_are_the_owners_by_quarter_else_those_that_were_fetched(looking: Looking) -> None:
    start = datetime(2026, 12, 2, 10, tzinfo=UTC)
    quarters = [start + number * QUARTER for number in range(4)]
    store(looking.tables, "spot", MARKET, dict(zip(quarters, [80.0, -5.5, 0.0, 61.2], strict=True)))
    save_settings(looking.tables, calendars={"spot": {f"{one:%Y-%m-%dT%H:%M:%SZ}": 12.5 for one in quarters[1:3]}})
    looking.look()
    spot = looking.current.now.prices.spot
    assert spot is not None
    first = int(start.timestamp())
    assert [spot.by_quarter[first + 900 * number] for number in range(4)] == [
        Decimal("0.08"), Decimal("0.0125"), Decimal("0.0125"), Decimal("0.0612"),
    ]  # fmt: skip


# -- the route ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past(database: Server) -> Database:
    found = make_past(database, BEGIN, END)
    # Tempo day 10 November runs at END. What was said of the 13th first was red, and is blue now.
    days = at_six("2026-11-11", "2026-11-12", "2026-11-13", "2026-11-19", "2026-11-20")
    store(found, "tempo_red", OPEN_DPE, dict(zip(days, [0.4, 0.4, 0.0, 0.3, 0.9], strict=True)))
    store(found, "tempo_blue", OPEN_DPE, {days[2]: 0.67})
    return found


def asked(past: Database, announced: Mapping[date, str] | None = None, question: str = "") -> Any:
    answer = ask(tempo.ROUTE, past, END, PriceTable([]), question, announced=announced)
    check(answer, tempo.ROUTE.schema)
    return answer


def test_the_chances_of_the_second_to_the_ninth_day_are_told_and_are_no_colours(past: Database) -> None:
    answer = asked(past)
    assert answer["chances"] == [
        {"day": "2026-11-12", "colour": "red", "chance": 0.4},
        {"day": "2026-11-13", "colour": "blue", "chance": 0.67},
        {"day": "2026-11-19", "colour": "red", "chance": 0.3},
    ]
    assert answer["source_of_chances"] == "Open DPE"
    assert answer["tomorrow"] is None
    assert answer["colours"]["2026"].rstrip("-") == answer["colours"]["2026"][:71]
    earlier = asked(past, question="season=2025")
    assert (earlier["chances"], earlier["source_of_chances"]) == ([], None)


def test_a_day_that_was_announced_has_its_colour_and_no_chance(past: Database) -> None:
    answer = asked(past, {date(2026, 11, 11): "white", date(2026, 11, 12): "white"})
    assert answer["tomorrow"] == "white"
    assert answer["sources"][71:73] == "rr"
    assert answer["colours"]["2026"][71:73] == "WW"
    assert [one["day"] for one in answer["chances"]] == ["2026-11-13", "2026-11-19"]


def test_where_the_meter_showed_another_colour_it_is_right_and_the_difference_is_told(past: Database) -> None:
    plain = asked(past)
    letter = plain["colours"]["2026"][60]  # 31 October
    shown = {"B": "blue", "W": "white", "R": "red"}[letter]
    other = "red" if shown != "red" else "blue"
    answer = asked(past, {date(2026, 10, 31): other, date(2026, 11, 1): "blue"})
    assert answer["colours"]["2026"][60] == letter
    assert answer["sources"][60] == "m"
    assert answer["differs"] == [{"day": "2026-10-31", "meter": shown, "announced": other}]


def test_what_was_announced_makes_the_count_whole(past: Database) -> None:
    answer = asked(past, {date(2026, 9, 1) + timedelta(number): "blue" for number in range(49)})
    assert answer["sources"].startswith("r" * 49 + "m")
    assert answer["remaining"] is not None
