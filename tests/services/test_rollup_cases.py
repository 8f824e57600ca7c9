"""What the rollups do in cases that made-up histories rarely have."""

import contextlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Connection, Database
from common.errors import DatabaseError
from storer.frames.store import FrameStore
from storer.rollups.minutes import roll_minutes, roll_new_minutes
from storer.rollups.scheduler import FULL_EVERY, MINUTE, OPEN, RollupScheduler
from storer.rollups.state import LEASE, rebuilt, request_rebuild, take_lease
from tests.support.rollups import HOUR, assert_as_expected, hours_of, roll, stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER, OTHER = "031961000001", "031961000002"
ROLLED = ("SELECT * FROM minutes", "SELECT * FROM hours", "SELECT * FROM breaks WHERE step <> 0")


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NOON)


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def standard(at: datetime, meter: str = METER, **values: Value) -> Frame:
    return Frame(meter=meter, timestamp=at, mode=Mode.STANDARD, values={"ADSC": meter, "NTARF": 1, **values})


def historic(at: datetime, meter: str = METER, **values: Value) -> Frame:
    return Frame(meter=meter, timestamp=at, mode=Mode.HISTORIC, values={"ADCO": meter, **values})


def steady(start: datetime, hours: float, meter: str = METER, every: int = 60, index: int = 1000) -> list[Frame]:
    """Frames of a meter that draws 600 W."""
    count = int(hours * 3600 / every)
    return [standard(start + timedelta(seconds=n * every), meter, EAST=index + n * every // 6) for n in range(count)]


def rolled(database: Database) -> list[list[tuple[Any, ...]]]:
    return [sorted(query(database, statement), key=repr) for statement in ROLLED]


def write(database: Database, frames: Sequence[Frame], now: datetime, storer: str = "main") -> None:
    with contextlib.closing(FrameStore(database, storer, lambda: now)) as tables:
        assert set(tables.write(frames).reasons) == {None}


def marks(database: Database) -> list[tuple[Any, ...]]:
    return query(database, "SELECT hour, storer, touched, waiting FROM late_hours ORDER BY hour, storer")


# The order of roll-ups.


def test_standard_historic_standard_gives_the_same_breaks_in_every_order_of_roll_ups(
    tables: Database, connection: Connection
) -> None:
    """The hour that has a register again is judged when the one that had it last changes, whatever is between."""

    def at(hour: int) -> datetime:
        return NOON + hour * HOUR + 5 * MINUTE

    frames = [
        standard(at(0), EAST=9000, EASF01=100, EASF05=5000),
        historic(at(1), HCHC=100, HCHP=50, PTEC="HC.."),
        standard(at(2), EAST=9100, EASF01=100, EASF05=10),
        standard(at(3), EAST=9102, EASF01=100, EASF05=12),
    ]
    results = []
    write(tables, frames, NOON)
    for order in itertools.permutations(hours_of(frames)):
        query(tables, "DELETE FROM hours", "DELETE FROM breaks", "SELECT 1")
        roll(connection, order)
        results.append(assert_as_expected(tables, frames))
    assert len(results) == 24
    assert all(result == results[0] for result in results)
    assert {(hour.hour - 12, name): step for (_, hour, name), step in results[0].breaks.items()} == {
        (2, "total"): 100,  # counted by the registers meanwhile
        (2, "supplier_5"): -4990,
    }


def test_a_new_contract_with_registers_of_its_own_starts_from_there(tables: Database, connection: Connection) -> None:
    """Its registers counted nothing while BASE did, whatever they show."""
    frames = [
        historic(NOON, HCHC=100, HCHP=50, PTEC="HC.."),
        historic(NOON + HOUR, BASE=5_000_000, PTEC="TH.."),
        historic(NOON + 2 * HOUR, BASE=5_000_700, PTEC="TH.."),
        historic(NOON + 3 * HOUR, HCHC=800, HCHP=50, PTEC="HC.."),
        historic(NOON + 4 * HOUR, HCHC=805, HCHP=50, PTEC="HC.."),
    ]
    write(tables, frames, NOON)
    roll(connection, hours_of(frames))
    assert_as_expected(tables, frames)
    assert query(tables, "SELECT drawn_wh FROM hours ORDER BY hour") == [(0,), (0,), (700,), (0,), (5,)]


# Late frames.


def test_a_frame_of_any_age_is_rolled_up(tables: Database, connection: Connection) -> None:
    """Also at the worst moment: just after the minutes became final."""
    clock, frames = Clock(), []
    for minute in range(20):
        RollupScheduler(connection, "one", now=clock).run()  # one that starts makes all final that it can
        # A meter for each age: a mark of one would help the others.
        arriving = [
            standard(clock.now - age * MINUTE, f"03196100{age + 7:04}", EAST=minute)
            for age in (-7, -3, 2, 4, 6, 14, 17)
        ]
        write(tables, arriving, clock.now)
        frames += arriving
        clock.now += timedelta(minutes=1, microseconds=1)
    scheduler = RollupScheduler(connection, "one", now=clock)
    for _ in range(30):
        scheduler.run()
        clock.now += MINUTE
    assert_as_expected(tables, frames)


def test_to_look_for_new_frames_reads_no_minutes_of_another_time(tables: Database, connection: Connection) -> None:
    start = NOON - 20 * HOUR
    write(tables, [*steady(start, 20), *steady(start, 20, OTHER)], NOON)
    roll_minutes(connection, start, NOON)
    connection.execute("FLUSH STATUS")
    roll_new_minutes(connection, NOON - 10 * MINUTE, NOON)
    read = connection.query("SHOW SESSION STATUS LIKE 'Handler_read%%'")
    assert sum(int(count) for _, count in read) < 150, read


def test_frames_in_time_leave_no_mark_and_late_or_early_ones_mark_their_hours(tables: Database) -> None:
    write(tables, [standard(NOON - 4 * MINUTE, EAST=1), standard(NOON + 4 * MINUTE, EAST=2)], NOON)
    assert marks(tables) == []
    write(tables, [standard(NOON - 6 * MINUTE, EAST=1)], NOON)
    late = [standard(NOON - 3 * HOUR, EAST=1), standard(NOON, EAST=3), standard(NOON + HOUR, EAST=4)]
    write(tables, late, NOON)
    hours = [(hour, touched) for hour, _, touched, waiting in marks(tables) if waiting]
    assert hours == [(datetime(2026, 11, 24, hour), 1) for hour in (9, 11, 13)]  # noqa: DTZ001 - as the server sends it


def test_late_frames_that_were_stored_before_leave_no_mark(tables: Database) -> None:
    frames = [standard(NOON - HOUR, EAST=1), standard(NOON - HOUR + MINUTE, EAST=1)]
    write(tables, frames, NOON)
    write(tables, frames, NOON)
    write(tables, frames[:1], NOON)
    assert [touched for _, _, touched, _ in marks(tables)] == [1]


def test_each_storer_has_marks_of_its_own(tables: Database) -> None:
    write(tables, [standard(NOON - HOUR, EAST=1)], NOON, "one")
    write(tables, [standard(NOON - HOUR + MINUTE, EAST=1)], NOON, "two")
    assert [storer for _, storer, _, _ in marks(tables)] == ["one", "two"]


def test_a_mark_is_written_with_its_frames_or_not_at_all(tables: Database, fresh_database: Server) -> None:
    fresh_database.sql(f"DROP TABLE {fresh_database.name}.late_hours")
    with pytest.raises(DatabaseError):
        write(tables, [standard(NOON - HOUR, EAST=1)], NOON)
    assert query(tables, "SELECT COUNT(*) FROM frames") == [(0,)]


def test_an_hour_that_is_touched_while_it_is_rolled_up_waits_on(tables: Database, connection: Connection) -> None:
    from storer.rollups.state import late_hours, mark_rolled

    write(tables, [standard(NOON - HOUR, EAST=1)], NOON)
    read = late_hours(connection, 10)
    write(tables, [standard(NOON - HOUR + MINUTE, EAST=2)], NOON)
    mark_rolled(connection, read)
    assert [waiting for *_, waiting in marks(tables)] == [1]
    mark_rolled(connection, late_hours(connection, 10))
    assert [waiting for *_, waiting in marks(tables)] == [0]


def test_frames_of_the_first_hour_that_can_be_stored_disturb_nothing(tables: Database, connection: Connection) -> None:
    """An hour that begins in 1970 at midnight has no TIMESTAMP."""
    first = datetime(1970, 1, 1, 0, 30, tzinfo=UTC)
    frames = [standard(first, EAST=1), standard(first + HOUR, EAST=2), *steady(NOON - HOUR, 0.5)]
    write(tables, frames, NOON)
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", now=clock)
    assert scheduler.run()
    while scheduler.rebuild():
        pass
    assert_as_expected(tables, frames[1:])


# Who rolls up, and what.


def test_the_first_start_rolls_up_now_and_the_past_in_steps(tables: Database, connection: Connection) -> None:
    frames = [*steady(NOON - 50 * HOUR, 3), *steady(NOON - 10 * HOUR, 10), *steady(NOON - HOUR, 1, OTHER)]
    store(tables, frames)
    query(tables, "UPDATE late_hours SET waiting = 0", "SELECT 1")  # nobody has marked them
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", now=clock)
    scheduler.run()
    minutes = stored(tables).minutes
    assert minutes
    assert min(start for _, start in minutes) >= NOON - OPEN
    steps = 0
    while step := scheduler.rebuild():
        steps += 1
        assert step.frames
    assert steps > 2
    assert_as_expected(tables, frames)
    assert query(tables, "SELECT rebuild_from, rebuild_to FROM rollup_state") == [(None, None)]


def test_what_was_stored_while_no_roll_up_worked_is_made_up_for(tables: Database, connection: Connection) -> None:
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", now=clock)
    scheduler.run()
    frames = steady(NOON, 30)
    for begin in range(0, len(frames), 300):
        batch = frames[begin : begin + 300]
        write(tables, batch, batch[0].timestamp)
    query(tables, "UPDATE late_hours SET waiting = 0", "SELECT 1")
    clock.now += 31 * HOUR
    again = RollupScheduler(connection, "one", now=clock)
    again.run()
    assert len(stored(tables).minutes) < 100  # not all at once
    while again.rebuild():
        pass
    clock.now += OPEN + MINUTE
    assert_as_expected(tables, frames)


def test_a_request_in_the_midst_of_a_rebuild_is_not_lost(tables: Database, connection: Connection) -> None:
    store(tables, steady(NOON - 100 * HOUR, 100, every=600))
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", now=clock)
    scheduler.run()
    scheduler.rebuild()
    scheduler.rebuild()
    query(tables, "UPDATE hours SET drawn_wh = 0, power_max = 1", "UPDATE minutes SET total_last = 0", "SELECT 1")
    request_rebuild(connection)
    while scheduler.rebuild():
        pass
    assert query(tables, "SELECT COUNT(*) FROM minutes WHERE total_last = 0") == [(0,)]
    assert query(tables, "SELECT SUM(drawn_wh) FROM hours WHERE hour < '2026-11-24 11:00:00'")[0][0] > 90 * 600


@pytest.mark.parametrize("hours", [(), (7, 6)], ids=["all", "within those that wait"])
def test_a_request_that_comes_during_a_step_of_a_rebuild_is_not_lost(
    tables: Database, connection: Connection, hours: tuple[int, ...]
) -> None:
    store(tables, steady(NOON - 10 * HOUR, 10, every=600))
    before = take_lease(connection, "one", NOON, NOON - OPEN)
    assert before is not None
    rebuilt(connection, before, NOON - 8 * HOUR)
    state = take_lease(connection, "one", NOON, NOON - OPEN)
    request_rebuild(connection, *[NOON - ago * HOUR for ago in hours])
    assert state is not None
    rebuilt(connection, state, None)
    after = take_lease(connection, "one", NOON, NOON - OPEN)
    assert after is not None
    assert after.rebuild_from == (NOON - 8 * HOUR if hours else before.rebuild_from)


def test_only_one_of_two_rolls_up_until_its_lease_ends(tables: Database, connection: Connection) -> None:
    clock = Clock()
    one, two = (RollupScheduler(connection, name, now=clock) for name in ("one", "two"))
    assert [one.run(), two.run(), one.run()] == [True, False, True]
    clock.now += LEASE + MINUTE
    assert [two.run(), one.run()] == [True, False]
    two.close()
    assert [one.run(), two.run()] == [True, False]
    forced = RollupScheduler(connection, "command", by_force=True, now=clock)
    assert [forced.run(), one.run()] == [True, False]


def test_a_lease_lasts_while_its_holder_works_and_ends_soon_after_also_if_the_clock_was_set_back(
    tables: Database, connection: Connection
) -> None:
    clock = Clock()
    one, two = (RollupScheduler(connection, name, now=clock) for name in ("one", "two"))
    for _ in range(12):
        assert [one.run(), two.run()] == [True, False]
        clock.now += MINUTE
    clock.now -= HOUR
    assert one.run()
    clock.now += LEASE + MINUTE
    assert [two.run(), one.run()] == [True, False]


def test_minutes_are_there_when_they_have_ended_and_hours_after_ten_minutes(
    tables: Database, connection: Connection
) -> None:
    clock = Clock(NOON + timedelta(seconds=10))
    scheduler = RollupScheduler(connection, "one", overlap=timedelta(0), now=clock)
    scheduler.run()
    for number in range(FULL_EVERY + 1):
        write(tables, [standard(clock.now + timedelta(seconds=30), EAST=number)], clock.now)
        clock.now += MINUTE
        write(tables, [standard(clock.now - timedelta(seconds=5), EAST=number)], clock.now)
        scheduler.run()
        assert max(start for _, start in stored(tables).minutes) == clock.now.replace(second=0) - MINUTE
    assert max(row["last_at"] for row in stored(tables).hours.values()) > NOON + 8 * MINUTE


def test_after_the_servers_clock_was_set_back_nothing_is_missed(tables: Database, connection: Connection) -> None:
    clock = Clock(NOON + 5 * HOUR)
    scheduler = RollupScheduler(connection, "one", now=clock)
    scheduler.run()
    clock.now = NOON
    frames = steady(NOON, 1, every=10)
    for begin in range(0, len(frames), 6):
        # Not marked as late, and later than what is rolled up each minute.
        clock.now = frames[begin].timestamp + 4 * MINUTE
        write(tables, frames[begin : begin + 6], clock.now)
        scheduler.run()
    for _ in range(30):
        clock.now += MINUTE
        scheduler.run()
    assert_as_expected(tables, frames)
