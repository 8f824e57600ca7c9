"""`notes` of the API, on a simulated past of four weeks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import Household, Note
from monitor.base.request_errors import RequestError
from monitor.money.prices import PriceTable
from monitor.places.review import energy, notes
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import TEMPO, make_past
from tests.support.servers import Database as Server

END = datetime(2026, 11, 4, 12, tzinfo=UTC)
NONE = PriceTable([])


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    return make_past(database, END - timedelta(days=28), END)


def test_notes_are_those_of_the_meter_and_of_all_meters(tables: Database) -> None:
    written = (
        Note(date(2026, 1, 2), "Insulation"),
        Note(date(2026, 2, 2), "Freezer", SimulatedMeter(TEMPO).address),
        Note(date(2026, 3, 2), "Pool", "031961000009"),
    )
    answer = ask(notes.ROUTE, tables, END, NONE, config=MonitorConfig(household=Household(notes=written)))
    check(answer, notes.ROUTE.schema)
    assert answer["notes"] == [
        {"at": "2026-01-02", "text": "Insulation"},
        {"at": "2026-02-02", "text": "Freezer"},
    ]
    assert answer["compared"] is None


def test_the_time_before_and_after_a_day_is_that_of_energy(tables: Database) -> None:
    """From 22 October on, thirteen days are over; of those before, the same weekdays count, the nearest ones."""
    compared = ask(notes.ROUTE, tables, END, NONE, "at=2026-10-21")["compared"]
    assert compared["days"] == 13
    after, before = (
        ask(energy.ROUTE, tables, END, NONE, f"by=day&{asked}")["whole"]["total_wh"] / 13
        for asked in ("from=2026-10-22&to=2026-11-04", "from=2026-10-08&to=2026-10-21")
    )
    assert (compared["after"]["first"], compared["after"]["last"]) == ("2026-10-22", "2026-11-03")
    assert compared["after"]["wh"] == pytest.approx(after, abs=1)
    assert (compared["before"]["first"], compared["before"]["last"]) == ("2026-10-08", "2026-10-20")
    assert compared["before"]["wh"] == pytest.approx(before, abs=1)
    assert compared["before"]["cost"] is None
    assert compared["before"]["coverage"] == 1


@pytest.mark.parametrize("day", ["2026-10-30", "2026-11-04", "2026-12-24", "2020-01-01"])
def test_too_few_days_are_not_compared(tables: Database, day: str) -> None:
    assert ask(notes.ROUTE, tables, END, NONE, f"at={day}")["compared"] is None


@pytest.mark.parametrize("day", ["2026-02-30", "soon", "0000-01-01"])
def test_what_is_no_day_is_refused(tables: Database, day: str) -> None:
    with pytest.raises(RequestError) as refused:
        ask(notes.ROUTE, tables, END, NONE, f"at={day}")
    assert refused.value.key == "no_time"


def test_what_an_outage_left_for_the_day_of_the_return_is_of_no_day(database: Server) -> None:
    """Nothing from 25 October on until 01:00 on the 28th, which is measured nearly whole and has all that was drawn."""
    tables = make_past(database, END - timedelta(days=28), END)
    database.sql("DELETE FROM teleinfodb.hours WHERE hour >= '2026-10-24 22:00' AND hour < '2026-10-28 00:00'")
    compared = ask(notes.ROUTE, tables, END, NONE, "at=2026-10-21")["compared"]
    assert compared["days"] == 9  # 22 to 24 October, and from the 29th on
    known = ("from=2026-10-22&to=2026-10-25", "from=2026-10-29&to=2026-11-04")
    after = sum(ask(energy.ROUTE, tables, END, NONE, f"by=day&{asked}")["whole"]["total_wh"] for asked in known)
    assert compared["after"]["wh"] == pytest.approx(after / 9, abs=1)
