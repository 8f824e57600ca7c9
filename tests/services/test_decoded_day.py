"""Days of a simulated Tempo house, by its line and by zigbee2mqtt at the same time, with an owner's fault an hour.

The line has a frame each ten seconds instead of each one or two: a ZLinky takes all that it reports from such frames.

A ZLinky reports a register when it has counted 100 Wh, or after a quarter of an hour, and its values have a step of
10 Wh. So a day ends with the last report before midnight: what was drawn between that and midnight is counted on the
day after. That is less than 100 Wh, by the only register that runs then, and it makes up for itself from day to day.
All else that is read of a day is within 10 Wh.
"""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.money.costs import Period
from monitor.money.home import Home
from tests.support.decoded import frames_of
from tests.support.frames import simulated
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.rollups import stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store
from tests.support.zlinky import REGISTERS_STEP, SERIAL, TOPIC, Zigbee2mqtt, with_a_fault_an_hour

HOUR, SECONDS = timedelta(hours=1), timedelta(seconds=10)
#: In Paris 27 November 2026, 20:00, and 29 November, 02:00. The 27th is blue, and the 28th is white from 06:00 on.
BEGIN, END = datetime(2026, 11, 27, 19, tzinfo=UTC), datetime(2026, 11, 29, 1, tzinfo=UTC)
MIDNIGHT, NEXT = BEGIN + 4 * HOUR, BEGIN + 28 * HOUR
#: Before which the owner has all registers read.
READ, READ_AGAIN = BEGIN + HOUR, END
STEP = 10  # Wh
HISTORIC = {name: name for name in ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR")}
KINDS = {Mode.HISTORIC: "historic-three-phase-tempo", Mode.STANDARD: "standard-single-phase-tempo"}
LABELS = {
    Mode.HISTORIC: HISTORIC,
    Mode.STANDARD: dict(zip(HISTORIC, (f"EASF{n:02}" for n in range(1, 7)), strict=True)),
}


@dataclass
class Days:
    """One house in the database, as two meters."""

    mode: Mode
    database: Database
    line: str
    adapter: Zigbee2mqtt

    def between(self, start: datetime, end: datetime) -> tuple[Period, Period]:
        """Return what the monitor says of a time, by the line and by zigbee2mqtt."""
        with contextlib.closing(self.database.connect()) as connection:
            home = Home(connection, MonitorConfig(), bundled_prices())
            return tuple(
                home.costs.energy(home.meter(meter), "year", start, end, END).whole for meter in (self.line, SERIAL)
            )  # type: ignore[return-value]


@pytest.fixture(scope="module", params=Mode)
def days(request: pytest.FixtureRequest, database: Server) -> Days:
    mode = request.param
    line = list(simulated(KINDS[mode], (END - BEGIN) // SECONDS, start=BEGIN, every=SECONDS))
    adapter = Zigbee2mqtt(mode)
    reads = (READ - SECONDS, READ_AGAIN - SECONDS)
    decoded = frames_of(f"mqtt:{TOPIC}", list(with_a_fault_an_hour(adapter, line, Random(1), reads)))
    database.create_database()
    tables = make_tables(database, END)
    store(tables, line)
    store(tables, decoded)
    roll_up(tables, END + HOUR)
    return Days(mode, tables, line[0].meter, adapter)


def test_all_that_is_drawn_from_one_reading_to_another_is_counted_once(days: Days) -> None:
    line, decoded = days.between(READ, READ_AGAIN)
    assert line.energy.total_wh > 20_000
    assert decoded.energy.coverage > 0.9  # its faults are restarts, too
    for register in HISTORIC:
        assert abs(decoded.energy.wh.get(register, 0) - line.energy.wh.get(register, 0)) <= STEP, register
    assert sum(wh > 1000 for wh in line.energy.wh.values()) == 4  # two colours, by day and by night
    assert not line.cost.missing
    assert not decoded.cost.missing
    assert abs(decoded.cost.total - line.cost.total) <= Decimal("0.01")


def test_a_day_ends_with_the_last_report_before_midnight(days: Days) -> None:
    line, decoded = days.between(MIDNIGHT, NEXT)
    for register in HISTORIC:
        runs_at_midnight = register in ("BBRHCJB", "BBRHCJW")
        late = decoded.energy.wh.get(register, 0) - line.energy.wh.get(register, 0)
        assert abs(late) <= STEP + REGISTERS_STEP * runs_at_midnight, register
    told = ["EAST"] if days.mode is Mode.STANDARD else list(HISTORIC)
    reported = sum(days.adapter.told_before(label, NEXT) - days.adapter.told_before(label, MIDNIGHT) for label in told)
    assert abs(decoded.energy.total_wh - reported) <= STEP
    late = decoded.energy.total_wh - line.energy.total_wh
    off_peak = Decimal("0.0002")  # EUR per Wh, at most
    assert abs(decoded.cost.total - line.cost.total) <= Decimal("0.01") + abs(late) * off_peak


def test_no_peak_is_false(days: Days) -> None:
    hours = stored(days.database).hours
    compared = 0
    for (meter, hour), row in hours.items():
        if meter == SERIAL:
            compared += 1
            # What was reported just before an hour is repeated in it.
            before = hours.get((days.line, hour - HOUR), {"power_max": 0})
            assert row["power_max"] <= max(before["power_max"], hours[days.line, hour]["power_max"]), hour
            assert row["overload"] is None
    assert compared == 30
