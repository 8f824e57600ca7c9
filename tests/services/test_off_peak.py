"""A change of off-peak hours, found in a database."""

import contextlib
from datetime import UTC, date, datetime, time

import pytest

from common.contract.offers import Window
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.windows import OffPeak
from monitor.money.data_quality import MeterUpkeep
from monitor.money.home import Home
from monitor.money.off_peak import OffPeakChange
from monitor.money.prices import PriceTable
from reader.simulator.meter import SimulatedMeter
from tests.support.past import make_past
from tests.support.servers import Database as Server
from tests.support.storing import query

BEGIN, NOW = datetime(2026, 11, 24, 23, tzinfo=UTC), datetime(2026, 12, 8, 9, tzinfo=UTC)
NIGHT, REFORM = ((time(22), time(6)),), ((time(1, 38), time(6, 38)), (time(12, 30), time(15, 30)))


@pytest.fixture(scope="module")
def changed(database: Server) -> Database:
    """A meter of which the windows are other ones from 5 December on; in winter the local time is an hour ahead."""
    tables = make_past(database, BEGIN, NOW, "historic-single-phase-hchp")
    clock = "TIME(minute + INTERVAL 1 HOUR)"
    old = f"{clock} >= '22:00:00' OR {clock} < '06:00:00'"
    new = f"{clock} >= '01:38:00' AND {clock} < '06:38:00' OR {clock} >= '12:30:00' AND {clock} < '15:30:00'"
    query(
        tables,
        f"UPDATE minutes SET supplier = IF(IF(minute < '2026-12-04 23:00:00', {old}, {new}), 1, 2)",
        "UPDATE hours SET supplier = (SELECT supplier FROM minutes WHERE minutes.meter_id = hours.meter_id"
        " AND minute >= hour AND minute < hour + INTERVAL 1 HOUR ORDER BY minute DESC LIMIT 1)",
        "SELECT 1",
    )
    return tables


METER = SimulatedMeter("historic-single-phase-hchp").address


def line(start: date, offer: str, *windows: tuple[tuple[time, time], ...]) -> ContractLine:
    """A line of `contracts`, with the windows of winter and summer."""
    seasons = [tuple(Window(*window) for window in of_season) for of_season in windows]
    return ContractLine(METER, start, offer, 6, OffPeak(*seasons) if seasons else None)


def change(tables: Database, now: datetime = NOW, *lines: ContractLine, against: bool = False) -> OffPeakChange | None:
    with contextlib.closing(tables.connect()) as connection:
        answers = Home(connection, MonitorConfig(household=Household(contracts=lines)), PriceTable([]))
        (meter,) = answers.meters()
        upkeep = MeterUpkeep(answers)
        nights = upkeep.off_peak_nights(meter, now)
        return upkeep.off_peak_against_contract(meter, nights, now) if against else upkeep.off_peak_change(nights)


def test_a_change_is_found_after_its_third_night(changed: Database) -> None:
    assert change(changed) == OffPeakChange(date(2026, 12, 5), NIGHT, REFORM, 3)
    assert change(changed, datetime(2026, 12, 8, 7, 59, tzinfo=UTC)) is None  # at 08:59 the third night is not over


@pytest.mark.parametrize(("offers", "is_change"), [(("mine", "mine"), True), (("mine", "other"), False)])
def test_another_contract_explains_it_and_a_line_of_the_same_does_not(
    changed: Database, offers: tuple[str, str], *, is_change: bool
) -> None:
    lines = [line(day, offer) for day, offer in zip((date(2026, 11, 1), date(2026, 12, 5)), offers, strict=True)]
    assert (change(changed, NOW, *lines) is not None) is is_change


def test_the_owners_windows_are_compared_with_those_of_the_meter(changed: Database) -> None:
    old = line(date(2026, 11, 1), "hchp", NIGHT, NIGHT)
    assert change(changed, NOW, old, against=True) == OffPeakChange(date(2026, 12, 5), NIGHT, REFORM, 3)
    # The bill names other hours from 5 December on, which the meter has; and before that, it had the old ones.
    assert change(changed, NOW, old, line(date(2026, 12, 5), "hchp", REFORM, NIGHT), against=True) is None
    assert change(changed, datetime(2026, 12, 4, 9, tzinfo=UTC), old, against=True) is None
    # Of a line that began two days ago there are no three nights yet.
    new = line(date(2026, 12, 6), "hchp", NIGHT, NIGHT)
    assert change(changed, NOW, line(date(2026, 11, 1), "hchp", REFORM, REFORM), new, against=True) is None
    assert change(changed, NOW, against=True) is None
