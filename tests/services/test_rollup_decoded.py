"""Rollups of meters that another device decodes: an hour is measured as long as readings come at their interval."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Connection, Database
from storer.frames.store import FrameStore
from storer.rollups.recount import Comparison, compare_rollups
from tests.support.rollups import HOUR, NIGHT, assert_as_expected, hours_of, roll, shuffled, stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = "021961000001"
ALL = (1 << 60) - 1


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NOON)


def reading(at: datetime, wh: int, interval: int | None = 60) -> Frame:
    values: dict[str, Value] = {"ADSC": METER, "EAST": wh, "EASF01": wh, "NTARF": 1, "SINSTS": 600}
    source = None if interval is None else "zigbee2mqtt"
    return Frame(meter=METER, timestamp=at, mode=Mode.STANDARD, values=values, source=source, interval=interval)


def readings(seconds: Iterable[float], interval: int | None = 60) -> list[Frame]:
    """Readings so many seconds after noon of a house that draws 600 W, of which the register shows whole 100 Wh."""
    return [reading(NOON + timedelta(seconds=after), 100_000 + int(after // 600) * 100, interval) for after in seconds]


def measured(database: Database) -> list[tuple[int, int]]:
    """The seconds of each hour, and its minutes that are missing."""
    rows = query(database, "SELECT seconds, minutes FROM hours ORDER BY hour")
    return [(seconds, 60 - int(minutes).bit_count()) for seconds, minutes in rows]


@pytest.mark.parametrize(
    ("every", "interval"), [(2, 10), (10, 10), (60, 60), (61.3, 60), (65.9, 60), (299, 300), (600, 600), (907, 900)]
)
def test_an_hour_of_readings_at_their_interval_is_whole(
    tables: Database, connection: Connection, every: float, interval: int
) -> None:
    frames = readings((n * every for n in range(int(3 * 3600 / every) + 1)), interval)
    store(tables, frames)
    roll(connection, hours_of(frames))
    assert measured(tables)[:3] == [(3600, 0)] * 3
    found = assert_as_expected(tables, frames)
    assert found.breaks == {}
    assert sum(row["drawn_wh"] for row in found.hours.values()) == int((len(frames) - 1) * every // 600) * 100


def test_an_outage_of_ten_minutes_is_missing(tables: Database, connection: Connection) -> None:
    frames = readings(n * 60 for n in range(120) if not 20 <= n < 30 and not 85 <= n < 95)
    store(tables, frames)
    roll(connection, hours_of(frames))
    assert measured(tables) == [(3060, 9)] * 2
    assert_as_expected(tables, frames)


def test_a_line_is_measured_where_it_has_frames(tables: Database, connection: Connection) -> None:
    frames = readings((n * 60 for n in range(60)), None)
    store(tables, frames)
    roll(connection, hours_of(frames))
    assert measured(tables) == [(300, 0)]


def test_what_is_read_at_the_end_of_an_hour_reaches_into_the_next_one(tables: Database, connection: Connection) -> None:
    """And a late frame there changes the next hour, too, in whatever order they are rolled up."""
    early, late, end = (readings([second], 900)[0] for second in (600, 3540, 5400))
    store(tables, [early, end])
    roll(connection, [NOON + HOUR, NOON])
    assert measured(tables) == [(17 * 60, 43), (17 * 60, 43)]
    store(tables, [late])
    roll(connection, [NOON])
    assert measured(tables) == [(18 * 60, 42), (33 * 60, 27)]  # 13:00 to 13:15 and 13:30 to 13:46
    left = stored(tables)
    roll(connection, [NOON + HOUR, NOON])
    assert stored(tables) == left == assert_as_expected(tables, [early, late, end])


def test_a_reading_of_long_ago_reaches_no_further(tables: Database, connection: Connection) -> None:
    frames = readings([0, 2 * 3600 + 1800], 900)
    store(tables, frames)
    roll(connection, hours_of(frames))
    assert measured(tables) == [(17 * 60, 43)] * 2


def test_a_line_that_takes_over_from_an_adapter_has_the_minutes_that_this_reaches(
    tables: Database, connection: Connection
) -> None:
    frames = [*readings([3300], 900), *readings([3601, 5400], None)]
    store(tables, frames)
    roll(connection, hours_of(frames))
    assert measured(tables)[1] == (5 + 5 + 11 * 60, 47)  # minutes 1 to 11, and the pieces of two frames
    assert_as_expected(tables, frames)


def test_after_frames_were_dropped_nothing_changes(tables: Database, connection: Connection) -> None:
    frames = readings((n * 60 for n in range(120) if not 55 <= n < 65), 60)
    store(tables, frames)
    roll(connection, hours_of(frames))
    ((meter,),) = query(tables, "SELECT id FROM meters")
    for hour in hours_of(frames):
        assert compare_rollups(connection, hour, [meter]) is Comparison.SAME
    left = stored(tables)
    query(tables, f"DELETE FROM frames WHERE timestamp < '{NOON + HOUR:%Y-%m-%d %H:%M}'", "SELECT 1")
    store(tables, frames[3:5])
    roll(connection, hours_of(frames), always_judge=True)
    assert stored(tables) == left


@pytest.mark.parametrize("seed", range(3))
def test_the_order_in_which_frames_come_does_not_matter(tables: Database, connection: Connection, seed: int) -> None:
    random = Random(seed)
    frames, at, wh = [], NIGHT, 100_000
    while at < NIGHT + 4 * HOUR:
        at += timedelta(seconds=random.choice([5, 58, 63, 240, 900, 2500]), microseconds=random.randrange(10**6))
        wh += random.randrange(60)
        frames.append(reading(at, wh, random.choice([None, 10, 60, 120, 900])))
    todo = shuffled(frames, random, "blocks")
    with contextlib.closing(FrameStore(tables)) as table:
        while todo:
            batch, todo = todo[:20], todo[20:]
            table.write(batch)
            roll(connection, random.sample(hours_of(batch), len(hours_of(batch))))
    assert_as_expected(tables, frames)
