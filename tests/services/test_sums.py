"""Report, view and tables agree on energy, and so do a monitor that has run for long and one that begins.

Against sums from frame to frame; many more cases, without a database: tests/monitor/readings/test_index_deltas.py.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.readings.cache import Cache
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts
from monitor.readings.periods import Energy
from monitor.readings.power import Power
from storer.frames.store import FrameStore
from storer.rollups.scheduler import MINUTE, RollupScheduler
from storer.rollups.state import request_rebuild
from tests.support.hidden_registers import METER, House, drawn
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NOON)


@contextlib.contextmanager
def reading(database: Database, memory: Cache | None = None) -> Iterator[tuple[EnergyReader, Meter]]:
    with contextlib.closing(database.connect()) as connection:
        hours = Hours(connection)
        (meter,) = hours.meters()
        yield EnergyReader(hours, ImportedHours(connection), Contracts(connection), Power(connection), memory), meter


def energy(database: Database, boundaries: Sequence[datetime], memory: Cache | None = None) -> list[Energy]:
    with reading(database, memory) as (reader, meter):
        return reader.energy(meter, boundaries, boundaries[-1])


def every(hours: int, start: datetime, end: datetime) -> list[datetime]:
    return [start + n * HOUR for n in range(0, (end - start) // HOUR + hours, hours)]


@pytest.mark.parametrize(
    "kinds",
    [
        ("standard base", "base", "standard base"),
        ("off-peak", "base", "off-peak"),
        ("off-peak", "base", "standard off-peak"),
        ("standard tempo", "off-peak", "tempo", "standard tempo"),
    ],
)
def test_what_ran_hidden_counts_once_in_report_view_and_table(tables: Database, kinds: Sequence[str]) -> None:
    house = House(Random(len(kinds)))
    house.now = NOON
    for kind in kinds:
        house.live(kind, 60, gaps=(10, 20, 90))
    store(tables, house.frames)
    roll_up(tables, house.now + timedelta(days=2))
    expected = +drawn(house.frames)
    hours = energy(tables, every(1, NOON, house.now + HOUR))
    assert {hour.start: hour.total_wh for hour in hours if hour.total_wh} == expected
    days = energy(tables, every(24, NOON, hours[-1].end))
    (whole,) = energy(tables, [NOON, days[-1].end])
    by_register: Counter[str] = Counter()
    for day in days:
        by_register.update(day.wh)
    assert +by_register == dict(whole.wh)
    columns = " + ".join(f"COALESCE(supplier_{number}_kwh, 0)" for number in range(1, 11))
    view = query(tables, f"SELECT hour, drawn_kwh * 1000, ({columns}) * 1000 FROM energy_hours")
    assert {hour.replace(tzinfo=UTC): int(wh) for hour, wh, _ in view if wh} == expected
    # Each register is rounded down by itself.
    assert all(registers <= wh + 10 for _, wh, registers in view)


def frame(at: datetime, contract: str, **values: Value) -> Frame:
    values = {"ADCO": METER, "OPTARIF": contract, "ISOUSC": 45, **values}
    return Frame(meter=METER, timestamp=at, mode=Mode.HISTORIC, values=values)


def off_peak_then_base_then_off_peak() -> tuple[list[Frame], list[Frame]]:
    """Eight days of off-peak hours, with two of Base in the middle; and the frames that will come late."""
    frames: list[Frame] = []
    late: list[Frame] = []
    for n in range(8 * 24 * 3):
        at = NOON + n * 20 * MINUTE
        if 3 * 72 <= n < 5 * 72:
            one = frame(at, "BASE", BASE=9000 + 100 * n, PTEC="TH..")
        else:
            one = frame(at, "HC..", HCHC=500, HCHP=9000 + 100 * n, PTEC="HP..")
        (late if 2 * 72 <= n < 6 * 72 else frames).append(one)
    return frames, late


def same_as_a_new_one(tables: Database, memory: Cache, end: datetime) -> list[Energy]:
    """A running monitor answers as one that has just begun, and its days add up to the whole."""
    days = energy(tables, every(24, NOON, end), memory)
    assert days == energy(tables, every(24, NOON, end))
    (whole,) = energy(tables, [NOON, days[-1].end], memory)
    assert whole.total_wh == sum(day.total_wh for day in days)
    with reading(tables, memory) as (running, meter), reading(tables) as (new, _):
        spans = new.contract_spans(meter, NOON, end)
        assert running.contract_spans(meter, NOON, end) == spans
    return days


def test_late_frames_with_another_contract_in_the_middle_are_seen_by_the_next_question(tables: Database) -> None:
    frames, late = off_peak_then_base_then_off_peak()
    end = frames[-1].timestamp + HOUR
    store(tables, frames)
    roll_up(tables, end + HOUR)
    memory = Cache()
    assert same_as_a_new_one(tables, memory, end)[3].total_wh == 0
    with contextlib.closing(FrameStore(tables, "main", lambda: end + HOUR)) as frame_store:
        assert set(frame_store.write(late).reasons) == {None}
    with contextlib.closing(tables.connect()) as connection:
        scheduler = RollupScheduler(connection, "test", now=lambda: end + HOUR)
        while connection.query("SELECT 1 FROM late_hours WHERE waiting = 1"):
            scheduler.run()
            same_as_a_new_one(tables, memory, end)
    days = same_as_a_new_one(tables, memory, end)
    assert [dict(day.wh) for day in days[3:5]] == [{"BASE": 7100}, {"BASE": 7200}]
    assert sum(day.total_wh for day in days) == sum(drawn(frames[:144] + late + frames[144:]).values())


def test_hours_that_are_made_again_are_seen_by_the_next_question(tables: Database) -> None:
    frames, late = off_peak_then_base_then_off_peak()
    end = frames[-1].timestamp + HOUR
    store(tables, frames)
    roll_up(tables, end + HOUR)
    memory = Cache()
    same_as_a_new_one(tables, memory, end)
    store(tables, late)
    # As after a restore: frames are there, their hours are made in the background.
    query(tables, "UPDATE late_hours SET waiting = 0", "SELECT 1")
    with contextlib.closing(tables.connect()) as connection:
        request_rebuild(connection)
        scheduler = RollupScheduler(connection, "test", now=lambda: end + HOUR)
        while scheduler.rebuild() is not None:
            same_as_a_new_one(tables, memory, end)
    assert [dict(day.wh) for day in same_as_a_new_one(tables, memory, end)[3:5]] == [{"BASE": 7100}, {"BASE": 7200}]


@pytest.mark.parametrize("late", [0, 75])
def test_the_version_stays_while_new_minutes_are_rolled_up(tables: Database, late: int) -> None:
    """Or all would be looked for again each minute, also where the clock of the reader is behind."""
    clock, versions = [NOON], set()
    with (
        contextlib.closing(tables.connect()) as connection,
        contextlib.closing(FrameStore(tables, "main", lambda: clock[0])) as frame_store,
    ):
        scheduler = RollupScheduler(connection, "test", now=lambda: clock[0])
        for n in range(150):
            clock[0] = NOON + n * MINUTE
            frame_store.write([frame(clock[0] - late * MINUTE, "BASE", BASE=1000 + n, PTEC="TH..")])
            scheduler.run()
            versions |= {version for (version,) in connection.query("SELECT version FROM rollup_state")}
    assert len(versions) == 1
