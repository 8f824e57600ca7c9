"""What keeps the rollups right while a database, its clock, or the line to it changes while they are made."""

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Connection, Database
from common.errors import ConfigError, Conflict, DatabaseError, Unavailable
from common.runtime.progress import Progress
from storer.database import schema
from storer.database.schema import migrate, migrations
from storer.frames.store import FrameStore
from storer.rollups import rebuild as rebuilding
from storer.rollups import scheduler as rollups
from storer.rollups import state
from storer.rollups.rebuild import rebuild
from storer.rollups.scheduler import FULL_EVERY, MINUTE, RollupScheduler
from storer.rollups.worker import RollupWorker
from tests.services.test_rollup_cases import METER, NOON, OTHER, Clock, marks, standard, steady, write
from tests.support.programs import WITHIN, wait_until
from tests.support.rollups import HOUR, assert_as_expected, stored
from tests.support.servers import Database as Server
from tests.support.servers import waiting_for_rows
from tests.support.storing import StorerCommand, client, make_tables, more_steps


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NOON)


def test_frames_that_are_stored_just_after_the_servers_clock_jumped_ahead_are_in_their_minutes(
    tables: Database, connection: Connection
) -> None:
    """The storer reads that clock once a minute: for it they are in time, so they have no mark."""
    clock = Clock(NOON - FULL_EVERY * MINUTE)
    scheduler = RollupScheduler(connection, "one", now=clock)
    frames = steady(NOON - 11 * MINUTE, 11 / 60, every=10)
    for _ in range(FULL_EVERY):
        arrived = [frame for frame in frames if clock.now - MINUTE <= frame.timestamp < clock.now]
        write(tables, arrived, clock.now)
        scheduler.run()
        clock.now += MINUTE
    # The last minute of the hour: the clock jumps, all that can be is made final, then its frames are stored.
    clock.now = NOON + 40 * MINUTE
    scheduler.run()
    write(tables, [frame for frame in frames if frame.timestamp >= NOON - MINUTE], NOON)
    assert marks(tables) == []
    for _ in range(30):
        clock.now += MINUTE
        scheduler.run()
    assert_as_expected(tables, frames)


def test_minutes_are_whole_soon_after_an_outage_that_was_too_short_for_marks(
    tables: Database, connection: Connection
) -> None:
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", overlap=0 * MINUTE, now=clock)
    scheduler.run()
    frames = steady(NOON, 5 / 60, every=10)
    for _ in range(5):
        clock.now += MINUTE
        scheduler.run()
    delayed: list[bool] = []
    with contextlib.closing(
        FrameStore(tables, now=lambda: clock.now, on_delayed=lambda: delayed.append(True))
    ) as after_an_outage:
        after_an_outage.write(frames)
        assert delayed == [True]
        after_an_outage.write([standard(clock.now - timedelta(seconds=25), EAST=2000)])
        assert delayed == [True]
    clock.now += MINUTE
    scheduler.run(delayed=True)
    made = {minute: row["frames"] for (_, minute), row in stored(tables).minutes.items()}
    assert [made.get(NOON + n * MINUTE) for n in range(5)] == [6, 6, 6, 6, 7]


@pytest.mark.parametrize(("seconds", "left"), [(600, 0), (0, 28)])
def test_a_run_goes_on_with_late_hours_while_it_has_time(
    tables: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch, seconds: float, left: int
) -> None:
    """However many there are; and the next run goes on with the rest."""
    monkeypatch.setattr(rollups, "_LATE_SECONDS", seconds)
    monkeypatch.setattr(rollups, "_LATE_AT_ONCE", 10)
    clock = Clock()
    scheduler = RollupScheduler(connection, "one", now=clock)
    scheduler.run()
    late = [frame for meter in (METER, OTHER) for frame in steady(NOON - 20 * HOUR, 15, meter, every=1800)]
    write(tables, late, NOON)
    clock.now += MINUTE
    scheduler.run()
    assert state.count_late_hours(connection) == left
    while state.count_late_hours(connection):
        scheduler.run()
    assert_as_expected(tables, late)


def test_an_hour_into_which_frames_still_come_is_rolled_up_once_a_run(
    tables: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = RollupScheduler(connection, "one", now=Clock())
    scheduler.run()
    frames = steady(NOON - 3 * HOUR, 1, every=600)
    coming = iter(frames)
    write(tables, [next(coming)], NOON)
    mark_rolled = state.mark_rolled

    def late(*arguments: object) -> None:
        write(tables, [next(coming)], NOON)
        mark_rolled(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(state, "mark_rolled", late)
    scheduler.run()
    monkeypatch.undo()
    assert len(list(coming)) == len(frames) - 2
    assert state.count_late_hours(connection) == 1
    scheduler.run()
    assert_as_expected(tables, frames[:2])


def test_a_rebuild_rolls_up_late_hours_once(tables: Database, connection: Connection) -> None:
    scheduler = RollupScheduler(connection, "one", now=Clock())
    scheduler.run()
    frames = steady(NOON - 30 * HOUR, 29, every=1800)
    write(tables, frames, NOON)
    assert state.count_late_hours(connection) == 29
    state.request_rebuild(connection, None, NOON - 11 * HOUR)
    while scheduler.rebuild():
        pass
    assert [row[0].hour for row in marks(tables) if row[3]] == list(range(1, 11))
    scheduler.run()
    assert_as_expected(tables, frames)


def test_a_rebuild_leaves_the_mark_of_what_came_while_it_was_at_that_hour(
    tables: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = RollupScheduler(connection, "one", now=Clock())
    scheduler.run()
    frames = steady(NOON - 3 * HOUR, 1)
    write(tables, frames[:-1], NOON)
    rebuilt = state.rebuilt

    def late(*arguments: object) -> None:
        write(tables, frames[-1:], NOON)
        rebuilt(*arguments)  # type: ignore[arg-type]

    state.request_rebuild(connection)
    monkeypatch.setattr(state, "rebuilt", late)
    scheduler.rebuild()
    assert state.count_late_hours(connection) == 1


def test_the_command_rebuild_takes_in_frames_that_came_a_moment_ago(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the first minutes of an hour, when none of it is final."""
    monkeypatch.setattr(state, "server_now", lambda _: NOON + 5 * MINUTE)
    frames = steady(NOON + 2 * MINUTE, 1 / 60, every=10)
    write(tables, frames, NOON + 4 * MINUTE)
    done = rebuild(tables, None, None, Progress(sys.stderr))
    assert (done.hours, done.frames) == (1, 6)
    assert_as_expected(tables, frames)
    assert rebuild(tables, None, NOON, Progress(sys.stderr)).frames == 0


def test_a_second_rebuild_says_that_one_is_running(
    tables: Database, connection: Connection, fresh_database: Server
) -> None:
    with ThreadPoolExecutor(1) as pool, connection.transaction():
        RollupScheduler(connection, "one").run()
        first = pool.submit(rebuild, tables, None, None, Progress(sys.stderr))
        wait_until(lambda: waiting_for_rows(fresh_database) == 1, WITHIN, "the first waits for the transaction")
        with pytest.raises(DatabaseError, match="another rebuild is running") as caught:
            rebuild(tables, None, None, Progress(sys.stderr))
        assert type(caught.value) is DatabaseError  # it is not tried again
        connection.execute("COMMIT")
        assert first.result().frames == 0
    assert rebuild(tables, None, None, Progress(sys.stderr)).frames == 0


@pytest.mark.parametrize("target", ["storer.rollups.rebuild.RollupScheduler.run", "storer.sources.tables.remake_hours"])
def test_the_command_rebuild_goes_on_after_conflicts_with_the_storer(
    tables: Database, fresh_database: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    left = list(range(20))

    def run(*_: object) -> list[int]:
        if left:
            left.pop()
            raise Conflict("Deadlock found (1213)")
        return []

    monkeypatch.setattr(rebuilding, "_PAUSE", 0.0)
    monkeypatch.setattr(target, run)
    result = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)("rebuild")
    assert (result.returncode, result.stderr) == (0, "")
    assert not left


def test_the_command_rebuild_says_that_the_tables_are_of_an_older_version(
    fresh_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_database.create_database()
    database = client(fresh_database)
    every = [*migrations(), *more_steps()]
    monkeypatch.setattr(schema, "migrations", lambda: every)
    for version in (None, 100):
        if version is not None:
            migrate(database, up_to=version)
        with pytest.raises(ConfigError, match="teleinfo-storer migrate"):
            rebuild(database, None, None, Progress(sys.stderr))


def test_the_thread_of_the_rollups_tells_the_roller_of_frames_that_came_late_once(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def run(_: RollupScheduler, *, delayed: bool = False) -> bool:
        told.append(delayed)
        raise Unavailable("that was enough")

    monkeypatch.setattr(RollupScheduler, "run", run)
    stop, delayed = threading.Event(), threading.Event()
    delayed.set()
    worker = RollupWorker(tables, "one", stop, 0, delayed)
    worker.start()
    try:
        wait_until(lambda: told == [True], WITHIN, "the scheduler is told")
        assert not delayed.is_set()
    finally:
        stop.set()
        worker.join()
