"""What alerts read from the database, on some weeks of a simulated producer, and the conditions that follow."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from demo.history import History
from monitor.alerts.events import Holds
from monitor.alerts.facts import Cut, Facts, Loss, collect
from monitor.alerts.rules import database_conditions
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, House, Household
from monitor.money.home import Home
from monitor.money.prices import PriceRow
from reader.simulator.meter import SimulatedMeter
from tests.support.prices import price_table
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

KIND = "standard-three-phase-producer"
METER = SimulatedMeter(KIND).address
BEGIN = datetime(2026, 5, 31, 22, tzinfo=UTC)
NOW = datetime(2026, 6, 28, 4, tzinfo=UTC)
SHORT = datetime(2026, 6, 27, 1, 10, tzinfo=UTC)
CUT = datetime(2026, 6, 26, 1, 10, tzinfo=UTC)  # in the night: nothing is fed in


CONFIG = MonitorConfig(household=Household(contracts=(ContractLine(METER, date(2026, 1, 1), "mine", 9),), budget=30))
PRICES = price_table(PriceRow("mine", date(2025, 9, 1), {0: {"BASE": Decimal("0.2")}}, {9: Decimal(120)}))


@pytest.fixture(scope="module")
def answers(database: Server) -> Iterator[Home]:
    """Only read them."""
    database.create_database()
    client = make_tables(database)
    with contextlib.closing(client.connect()) as connection:
        History(connection, SimulatedMeter(KIND)).write(BEGIN, NOW)
    query(
        client,
        # Twenty-five minutes without current.
        "UPDATE minutes SET total_first = (SELECT total_last FROM minutes WHERE minute = '2026-06-26 01:09:00'),"
        " injected_first = injected_last WHERE minute = '2026-06-26 01:35:00'",
        "UPDATE minutes SET meter_id = 4000 WHERE minute >= '2026-06-26 01:10:00' AND minute < '2026-06-26 01:35:00'",
        # Four.
        "UPDATE minutes SET total_first = (SELECT total_last FROM minutes WHERE minute = '2026-06-27 01:09:00'),"
        " injected_first = injected_last WHERE minute = '2026-06-27 01:14:00'",
        "UPDATE minutes SET meter_id = 4000 WHERE minute >= '2026-06-27 01:10:00' AND minute < '2026-06-27 01:14:00'",
        f"UPDATE hours SET minutes = minutes & ~{((1 << 25) - 1) << 10}, seconds = 2100"
        " WHERE hour = '2026-06-26 01:00:00'",
        "INSERT INTO tallies (hour, meter_id, reader, frames)"
        " SELECT hour, meter_id, 'main', frames + (hour = '2026-06-25 12:00:00') * 3 FROM hours",
        "INSERT INTO backups (slot, finished_at, saved_rows) VALUES (0, '2026-06-18 03:00:00', 12)",
    )
    with contextlib.closing(client.connect()) as connection:
        yield Home(connection, CONFIG, PRICES)


@pytest.fixture(scope="module")
def facts(answers: Home) -> Facts:
    return collect(answers, CONFIG, NOW, collect(answers, CONFIG, NOW - timedelta(hours=6)))


def test_what_is_read_each_few_minutes(facts: Facts) -> None:
    (meter,) = facts.meters
    assert meter.meter == METER
    assert meter.lately.cuts == [Cut(CUT, CUT + timedelta(minutes=25))]
    assert meter.lately.injected is not None


def test_what_is_read_each_day(facts: Facts) -> None:
    (meter,) = facts.meters
    assert meter.daily.base_load is not None
    assert sorted(meter.daily.injected) == [date(2026, 6, 1) + timedelta(number) for number in range(27)]
    assert min(meter.daily.injected.values()) > 0
    assert meter.daily.losses == [Loss(datetime(2026, 6, 25, 12, tzinfo=UTC), 3)]
    assert meter.daily.prices_since == date(2025, 9, 1)
    assert [old.start for old in meter.daily.old_prices] == [date(2025, 9, 1)]
    assert meter.daily.month_cost
    assert facts.installation.backup == datetime(2026, 6, 18, 3, tzinfo=UTC)


def test_the_signs_of_a_house_in_which_things_happened(facts: Facts) -> None:
    found = database_conditions(facts, NOW)
    assert {(sign.kind, sign.key) for sign in found if sign.holds is Holds.YES} == {
        ("power_cut", "2026-06-26T01:10:00Z"),
        ("loss", "2026-06-25T12:00:00Z"),
        ("backup", ""),
        ("prices", ""),
        ("budget", "2026-06"),
    }


def test_what_is_read_each_day_is_kept_for_hours(answers: Home, facts: Facts) -> None:
    again = collect(answers, CONFIG, NOW + timedelta(hours=1), facts)
    assert again.meters[0].daily is facts.meters[0].daily
    assert again.meters[0].lately.at == NOW + timedelta(hours=1)
    tomorrow = collect(answers, CONFIG, NOW + timedelta(hours=20), facts)
    assert tomorrow.meters[0].daily is not facts.meters[0].daily


def test_a_short_power_cut_is_found_where_the_machine_started(answers: Home) -> None:
    """In the night before, four minutes are missing in which nothing was counted."""
    for started, cuts in ((SHORT + timedelta(minutes=3), 2), (SHORT + timedelta(hours=1), 1)):
        found = collect(answers, CONFIG, NOW, started=started).meters[0].lately.cuts
        assert found[1:] == [Cut(SHORT, SHORT + timedelta(minutes=4))][: cuts - 1]


def test_frames_that_are_missing_at_the_first_look_may_be_on_their_way(answers: Home) -> None:
    """The database was away, and the reader sends what it kept."""
    first = collect(answers, CONFIG, NOW)
    assert [sign for sign in database_conditions(first, NOW) if sign.kind == "loss"] == []
    soon = collect(answers, CONFIG, NOW + timedelta(hours=1), first)
    assert [sign for sign in database_conditions(soon, NOW) if sign.kind == "loss"] == []


def test_facts_that_are_too_old_say_nothing(facts: Facts) -> None:
    found = database_conditions(facts, NOW + timedelta(days=3))
    assert {sign.holds for sign in found if sign.kind not in ("power_cut", "loss")} == {Holds.UNKNOWN}


def test_a_meter_that_was_replaced_has_one_past_and_no_alarm(fresh_database: Server) -> None:
    old, new = (SimulatedMeter(kind) for kind in ("historic-single-phase-base", "standard-single-phase-base"))
    replaced_at, now = datetime(2026, 3, 27, 9, tzinfo=UTC), datetime(2026, 4, 4, 7, tzinfo=UTC)
    client = make_tables(fresh_database)
    with contextlib.closing(client.connect()) as connection:
        for meter, start, end in (
            (old, replaced_at - timedelta(days=32), replaced_at),
            (new, replaced_at + timedelta(hours=2), now),
        ):
            History(connection, meter).write(start, end)
        house = MonitorConfig(household=Household(meters=(House(new.address, "Maison", (old.address,)),)))
        for config, meters in ((house, 1), (MonitorConfig(), 2)):
            facts = collect(Home(connection, config, PRICES), config, now)
            assert len(facts.meters) == meters
            assert {sign.kind for sign in database_conditions(facts, now) if sign.holds is Holds.YES} == set()
            newest = next(meter for meter in facts.meters if meter.meter == new.address)
            assert (newest.daily.base_load is not None) == (meters == 1)  # of the meter before it, too
