"""What a change of contracts and prices would do to the bill of the last month, and what differs from the meter."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.offers import Window
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.windows import OffPeak
from monitor.money.calendars import Calendars
from monitor.money.current import Snapshot
from monitor.money.home import Home
from monitor.money.price_files import Change
from monitor.money.price_proposals import Proposed, as_of
from monitor.money.prices import PriceFile, PriceRow, PriceTable
from monitor.places.settings.try_out import tried_bill, warnings
from monitor.readings.cache import Cache
from reader.simulator.meter import SimulatedMeter
from tests.support.api import sent
from tests.support.past import make_past
from tests.support.prices import price_table
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import store

METER, OTHER = "031961123456", "041961555555"
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
FIRST = date(2026, 2, 1)
WINDOWS = (time(1, 56), time(6, 56)), (time(14, 26), time(17, 26))


def row(offer: str, low: str, high: str, year: int) -> PriceRow:
    return PriceRow(offer, FIRST, {0: {"HCHC": Decimal(low), "HCHP": Decimal(high)}}, {6: Decimal(year)})


PRICES = price_table(row("hchp", "0.1", "0.2", 365), row("mine", "0.05", "0.1", 73))


def frame(at: str, low: int, high: int, meter: str = METER) -> Frame:
    values: dict[str, Any] = {"ADCO": meter, "OPTARIF": "HC..", "ISOUSC": 30, "HCHC": low, "HCHP": high}
    values |= {"PTEC": "HP..", "IINST": 4, "PAPP": 1000}
    return Frame(meter=meter, timestamp=datetime.fromisoformat(f"{at}+00:00"), mode=Mode.HISTORIC, values=values)


def november(tables: Database, meter: str = METER) -> Database:
    """100 kWh off-peak and 200 kWh in peak hours from 1 to 30 November; in Paris it is an hour later."""
    readings = [
        ("2026-10-31T22:30:00", 1_000_000, 2_000_000),
        ("2026-11-15T12:00:00", 1_050_000, 2_080_000),
        ("2026-11-30T22:30:00", 1_100_000, 2_200_000),
        ("2026-12-01T12:00:00", 1_103_000, 2_207_000),
    ]
    store(tables, [frame(*one, meter) for one in readings])
    roll_up(tables, NOW)
    return tables


@contextlib.contextmanager
def home(tables: Database, *lines: ContractLine, prices: PriceTable = PRICES) -> Iterator[tuple[Home, Snapshot]]:
    """The home as it is, without a contract, and what it would be with these lines."""
    with contextlib.closing(tables.connect()) as connection:
        config = MonitorConfig()
        tried = replace(config, household=Household(contracts=lines))
        yield Home(connection, config, PRICES), Snapshot(tried, prices, Calendars(), Cache())


def bill(tables: Database, *lines: ContractLine, prices: PriceTable = PRICES, now: datetime = NOW) -> Any:
    with home(tables, *lines, prices=prices) as (present, tried):
        found = tried_bill(present, tried, now)
        return None if found is None else sent(found)


def line(offer: str, start: date = FIRST, power: int = 6, meter: str = METER, **more: Any) -> ContractLine:
    return ContractLine(meter, start, offer, power, **more)


def told(tables: Database, *lines: ContractLine, now: datetime = NOW) -> list[tuple[str, str]]:
    with home(tables) as (present, _):
        return [(one.at, one.fr) for one in warnings(present, lines, PRICES, now)]


# November without a contract: 100 x 0.10 + 200 x 0.20 + 30 days of 1 EUR.
BEFORE = {"euros": 800_000, "partial": False}


def test_the_last_whole_month_is_billed_as_now_and_as_it_would_be(tables: Database) -> None:
    # 100 x 0.05 + 200 x 0.10 + 30 days of 0.20 EUR.
    after = {"euros": 310_000, "partial": False}
    assert bill(november(tables), line("mine")) == {"month": "2026-11", "before": BEFORE, "after": after}


def test_other_prices_of_the_same_offer_are_tried_too(tables: Database) -> None:
    dearer = price_table(row("hchp", "0.2", "0.2", 365))
    assert bill(november(tables), prices=dearer)["after"] == {"euros": 900_000, "partial": False}


def test_prices_that_are_proposed_are_tried_as_if_they_had_held_all_along(tables: Database) -> None:
    later = PriceRow(
        "hchp", date(2027, 2, 1), {0: {"HCHC": Decimal("0.11"), "HCHP": Decimal("0.23")}}, {6: Decimal(730)}
    )
    found = Proposed("x", "y", NOW.date(), b"", PriceFile("y"), [Change("hchp", "", None, None, later)])
    # 100 x 0.11 + 200 x 0.23 + 30 days of 2 EUR.
    after = {"euros": 1_170_000, "partial": False}
    assert bill(november(tables), prices=as_of(found, date(2026, 11, 1), PRICES))["after"] == after


def test_a_contract_that_begins_later_leaves_that_month_as_it_is(tables: Database) -> None:
    assert bill(november(tables), line("mine", date(2026, 12, 1)))["after"] == BEFORE


def test_a_power_without_a_price_makes_a_partial_bill_and_an_unknown_offer_none(tables: Database) -> None:
    november(tables)
    assert bill(tables, line("mine", power=9))["after"] == {"euros": 250_000, "partial": True}
    assert bill(tables, line("nobody"))["after"] == {"euros": None, "partial": True}


def test_of_two_meters_the_one_that_changes_is_billed(tables: Database) -> None:
    store(tables, [frame(f"2026-{day}T22:30:00", wh, wh, OTHER) for day, wh in (("10-31", 0), ("11-30", 10_000))])
    november(tables)
    # 10 x 0.05 + 10 x 0.10 + 6 EUR, instead of 10 x 0.10 + 10 x 0.20 + 30 EUR.
    found = bill(tables, line("mine", meter=OTHER))
    assert (found["before"]["euros"], found["after"]["euros"]) == (330_000, 75_000)
    assert bill(tables, line("mine"))["before"] == BEFORE


def test_without_a_whole_month_there_is_no_bill(tables: Database) -> None:
    assert bill(tables) is None
    november(tables)
    assert bill(tables, now=datetime(2026, 11, 20, tzinfo=UTC)) is None
    assert bill(tables, now=datetime(2027, 3, 2, tzinfo=UTC)) is None  # nothing was read in February


def test_a_month_whose_end_was_not_read_is_not_billed(tables: Database) -> None:
    store(tables, [frame("2026-10-31T22:30:00", 0, 0), frame("2026-11-20T12:00:00", 90_000, 90_000)])
    roll_up(tables, NOW)
    assert bill(tables) is None
    store(tables, [frame("2026-12-01T12:00:00", 99_000, 99_000)])  # the reader came back: the index tells all of it
    roll_up(tables, NOW)
    assert bill(tables)["month"] == "2026-11"


def test_a_power_and_a_structure_that_are_not_the_meters_are_told_at_their_fields(tables: Database) -> None:
    november(tables)
    assert told(tables, line("mine")) == []
    assert told(tables, line("mine", power=9)) == [("contracts[0].power", "Le compteur dit 6 kVA, le contrat 9 kVA.")]
    assert [at for at, _ in told(tables, line("tempo"))] == []  # of which no price is known
    with home(tables) as (present, _):
        base = price_table(PriceRow("base", FIRST, {0: {"BASE": Decimal("0.2")}}, {6: Decimal(150)}))
        (found,) = warnings(present, [line("base")], base, NOW)
        assert (found.at, found.fr, found.en) == (
            "contracts[0].offer",
            "Le compteur dit Heures creuses, l’offre est Base.",
            "The meter says Off-peak, the offer is Base.",
        )


def test_only_the_line_that_holds_now_is_compared(tables: Database) -> None:
    november(tables)
    later, other = line("mine", date(2026, 12, 3), power=9), line("mine", power=9, meter=OTHER)
    assert told(tables, later, line("mine", date(2026, 6, 1)), line("mine", power=12), other) == []
    assert [at for at, _ in told(tables, line("mine", date(2026, 6, 1), power=9), line("mine"))] == [
        "contracts[0].power"
    ]


@pytest.fixture(scope="module")
def switching(database: Server) -> Database:
    """A simulated meter, off-peak in WINDOWS."""
    return make_past(database, NOW - timedelta(days=6), NOW, "historic-single-phase-hchp")


def hours(*windows: tuple[time, time]) -> OffPeak:
    found = tuple(Window(*window) for window in windows)
    return OffPeak(found, found)


def test_off_peak_hours_that_are_not_those_of_the_meter_are_told(switching: Database) -> None:
    meter = SimulatedMeter("historic-single-phase-hchp").address
    same, other = hours(*WINDOWS), hours((time(22), time(6)))
    assert told(switching, line("mine", power=9, meter=meter, off_peak=same)) == []
    assert told(switching, line("mine", power=9, meter=meter, off_peak=other)) == [
        ("contracts[0].off_peak", "Heures creuses du compteur : 01:56–06:56, 14:26–17:26. Du contrat : 22:00–06:00.")
    ]
    # Those of a meter that has been silent for months say nothing of now.
    later = NOW + timedelta(days=100)
    assert told(switching, line("mine", power=9, meter=meter, off_peak=other), now=later) == []
