"""Retention against a real database: what is dropped, when it is not, and what stays the same for ever."""

import contextlib
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.retention import Retention
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database
from storer.database.saved_months import month_digest, months_with_rows, note_saved
from storer.database.schema import make_earlier_partitions, partition_limits
from storer.frames.store import FrameStore
from storer.retention.job import RetentionJob
from storer.retention.months import Blocked, FrameRetention
from storer.rollups.scheduler import RollupScheduler
from storer.rollups.state import request_rebuild
from storer.rollups.worker import RollupWorker
from tests.services.test_rollup_cases import METER, NOON, OTHER, Clock, marks, rolled, standard, steady, write
from tests.support.programs import WITHIN, wait_until
from tests.support.rollups import HOUR, Crash, FragileConnection
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

ONE_MONTH = Retention(frames=1)
AUGUST, SEPTEMBER, OCTOBER = (datetime(2026, month, 15, 10, tzinfo=UTC) for month in (8, 9, 10))
FRAMES = [
    *steady(AUGUST, 2, every=20),
    *steady(SEPTEMBER, 2, every=20, index=20_000),
    *steady(OCTOBER, 2, every=20, index=40_000),
    *steady(NOON - HOUR, 1, index=60_000),
]


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    """Frames of four months, rolled up as a running storer does it."""
    database = make_tables(fresh_database, NOON)
    with contextlib.closing(database.connect()) as connection:
        make_earlier_partitions(connection, AUGUST)
    write(database, FRAMES, NOON)
    return database


@pytest.fixture
def scheduler(connection: Connection) -> RollupScheduler:
    scheduler = RollupScheduler(connection, "one", now=Clock())
    roll_all(scheduler)
    return scheduler


def roll_all(scheduler: RollupScheduler) -> None:
    scheduler.run()
    while scheduler.rebuild():
        pass


def run(connection: Connection, policy: Retention = ONE_MONTH, now: datetime = NOON, name: str = "one") -> None:
    if not isinstance(connection, FragileConnection):
        mark_saved(connection)
    for _ in FrameRetention(connection, name, policy).run(now):
        pass


def mark_saved(connection: Connection) -> None:
    """Note all months as a backup does that has just read their files."""
    for table, column in (("frames", "timestamp"), ("minutes", "minute"), ("source_minutes", "hour")):
        for month in months_with_rows(connection, NOON, table, column):
            note_saved(connection, month, month_digest(connection, month), 1)


def months(connection: Connection) -> list[str]:
    return [name for name in partition_limits(connection) if name < "p202612" or name == "p_earlier"]


def frames_before(database: Database, instant: datetime) -> int:
    ((count,),) = query(database, f"SELECT COUNT(*) FROM frames WHERE timestamp < '{instant:%Y-%m-%d %H:%M:%S}'")
    return int(count)


@pytest.mark.usefixtures("scheduler")
def test_whole_months_that_are_too_old_are_dropped_and_their_rollups_stay(
    tables: Database, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = rolled(tables)
    run(connection)
    assert months(connection) == ["p_earlier", "p202610", "p202611"]
    assert frames_before(tables, NOON) == sum(frame.timestamp >= OCTOBER for frame in FRAMES)
    assert rolled(tables) == before
    assert "2026-09-01" in caplog.text
    assert "2026-10-01" in caplog.text


@pytest.mark.usefixtures("scheduler")
def test_by_default_everything_is_kept(tables: Database, connection: Connection) -> None:
    run(connection, Retention())
    assert frames_before(tables, NOON) == len(FRAMES)


@pytest.mark.usefixtures("scheduler")
def test_frames_before_the_first_month_are_dropped_too_and_earlier_months_can_be_made_again(
    tables: Database, connection: Connection
) -> None:
    before_all = steady(AUGUST - timedelta(days=60), 1)
    write(tables, before_all, NOON)
    roll_all(RollupScheduler(connection, "one", now=Clock()))
    before = rolled(tables)
    run(connection)
    assert frames_before(tables, OCTOBER) == 0
    assert rolled(tables) == before
    assert make_earlier_partitions(connection, AUGUST - timedelta(days=60)) == ["p202606", "p202607"]


def test_frames_that_came_before_their_months_had_partitions_are_dropped_by_months_too(fresh_database: Server) -> None:
    """A storer makes no partitions of the past: such frames are in one, with months that are to be kept."""
    database = make_tables(fresh_database, NOON)
    write(database, FRAMES, NOON)
    with contextlib.closing(database.connect()) as connection:
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        before = rolled(database)
        run(connection)
        assert months(connection) == ["p_earlier", "p202610", "p202611"]
    assert frames_before(database, NOON) == sum(frame.timestamp >= OCTOBER for frame in FRAMES)
    assert rolled(database) == before


def test_frames_that_come_after_their_month_was_dropped_change_no_rollup(
    tables: Database, connection: Connection, scheduler: RollupScheduler
) -> None:
    """Neither in hours that are there, nor as new ones, and not by a rebuild either."""
    run(connection)
    before = rolled(tables)
    minute = FRAMES[0].timestamp
    late = [
        # As many as the minute was made of, and more.
        *(standard(minute + timedelta(seconds=n), EAST=900_000 + n) for n in range(1, 20)),
        *steady(AUGUST + 30 * HOUR, 1, every=5, index=1_000_000),
        *steady(SEPTEMBER + 5 * HOUR, 1, meter="031961000009"),
    ]
    write(tables, late, NOON)
    roll_all(scheduler)
    request_rebuild(connection, AUGUST - 100 * HOUR)
    roll_all(RollupScheduler(connection, "one", now=Clock()))
    assert [waiting for *_, waiting in marks(tables)] == [0] * len(marks(tables))
    assert rolled(tables) == before
    # They are dropped with the next month.
    run(connection, now=NOON + timedelta(days=1))
    assert frames_before(tables, OCTOBER) == len(late)
    write(tables, steady(NOON + timedelta(days=20), 1), NOON + timedelta(days=20))
    roll_all(RollupScheduler(connection, "one", now=Clock(NOON + timedelta(days=21))))
    run(connection, now=NOON + timedelta(days=20))
    assert frames_before(tables, OCTOBER) == 0


def test_hours_with_late_frames_that_wait_hold_retention_back(
    tables: Database, connection: Connection, scheduler: RollupScheduler
) -> None:
    write(tables, [standard(SEPTEMBER + timedelta(minutes=7, seconds=1), EAST=20_050)], NOON)
    with pytest.raises(Blocked, match="wait"):
        run(connection)
    assert frames_before(tables, SEPTEMBER) == 0  # of August nothing was waiting
    assert frames_before(tables, NOON) > 0
    scheduler.run()
    before = rolled(tables)
    run(connection)
    assert frames_before(tables, OCTOBER) == 0
    assert rolled(tables) == before


def test_nothing_is_dropped_before_it_is_rolled_up(tables: Database, connection: Connection) -> None:
    with pytest.raises(Blocked):
        run(connection)
    scheduler = RollupScheduler(connection, "one", now=Clock())
    query(tables, "UPDATE late_hours SET waiting = 0", "SELECT 1")
    scheduler.run()  # sets the past to be rebuilt
    with pytest.raises(Blocked, match="wait"):
        run(connection)
    assert frames_before(tables, NOON) == len(FRAMES)


# One wrong fact each: rollups that are made again from the frames.
REBUILT = (
    "UPDATE minutes SET power_max = 1 WHERE minute = '2026-08-15 11:07:00'",
    "UPDATE minutes SET total_last = total_last + 1 WHERE minute = '2026-08-15 11:59:00'",
    "UPDATE minutes SET seconds = 5 WHERE minute = '2026-08-15 11:07:00'",
    "UPDATE hours SET total_last = total_last - 1 WHERE hour = '2026-08-15 10:00:00'",
    "UPDATE hours SET voltage_1_mean = 99 WHERE hour = '2026-08-15 10:00:00'",
    "UPDATE hours SET seconds = 5 WHERE hour = '2026-08-15 10:00:00'",
    "UPDATE hours SET drawn_wh = drawn_wh + 5000 WHERE hour = '2026-08-15 11:00:00'",
    "UPDATE hours SET drawn_wh = NULL WHERE hour = '2026-08-15 10:00:00'",
    "UPDATE hours SET injected_wh = injected_wh + 1 WHERE hour = '2026-08-16 11:00:00'",
    "UPDATE breaks SET step = 0 WHERE hour = '2026-08-16 11:00:00' AND register = 0",
    "INSERT INTO breaks VALUES (1, '2026-08-15 11:00:00', 0, -999788)",
    "DELETE FROM breaks WHERE hour = '2026-08-16 11:00:00'",
    "DELETE FROM minutes WHERE minute = '2026-08-15 10:30:00'",
    "DELETE FROM hours WHERE hour = '2026-08-15 10:00:00'",
)
# And rollups that say that they were made of frames that are not there: nobody knows whether these were lost.
OF_LOST_FRAMES = (
    "UPDATE minutes SET frames = 5 WHERE minute = '2026-08-15 11:07:00'",
    "UPDATE hours SET frames = frames + 2 WHERE hour = '2026-08-15 11:00:00'",
    "INSERT INTO minutes (meter_id, minute, frames, seconds) VALUES (1, '2026-08-15 12:30:00', 1, 5)",
    "INSERT INTO minutes (meter_id, minute, frames, seconds) VALUES (2, '2026-08-15 11:30:00', 1, 5)",
    "INSERT INTO hours (meter_id, hour, frames, seconds, minutes) VALUES (1, '2026-08-20 11:00:00', 1, 5, 1)",
    "INSERT INTO hours (meter_id, hour, frames, seconds, minutes) VALUES (2, '2026-08-15 11:00:00', 1, 5, 1)",
    "INSERT INTO hours (meter_id, hour, frames, seconds, minutes) VALUES (1, '2026-08-01 00:00:00', 1, 5, 1)",
    "INSERT INTO breaks VALUES (1, '2026-08-31 23:00:00', 0, -5)",
)


@pytest.fixture
def with_a_break(tables: Database) -> None:
    """In August a meter that injects is replaced, and another one is seen in October only."""
    before = AUGUST + timedelta(days=1)
    replaced = [
        standard(before + timedelta(minutes=n), EAST=index + n * 10, EAIT=injected + n)
        for n, index, injected in [*((n, 60_000, 500) for n in range(90)), *((n, 7, 0) for n in range(90, 120))]
    ]
    write(tables, [*replaced, *steady(OCTOBER, 1, meter=OTHER)], NOON)


@pytest.mark.usefixtures("with_a_break", "scheduler")
def test_rollups_with_one_wrong_fact_are_rebuilt_before_anything_is_dropped(
    tables: Database, connection: Connection, fresh_database: Server
) -> None:
    before, stored = rolled(tables), frames_before(tables, NOON)
    for damage in REBUILT:
        fresh_database.sql(f"USE {fresh_database.name}; {damage};")
        assert rolled(tables) != before, damage
        with pytest.raises(Blocked, match="differ"):
            run(connection)
        assert frames_before(tables, NOON) == stored, damage
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        assert rolled(tables) == before, damage
    run(connection)
    assert frames_before(tables, OCTOBER) == 0
    assert rolled(tables) == before


@pytest.mark.usefixtures("with_a_break", "scheduler")
def test_rollups_of_frames_that_are_not_there_hold_a_month_back_unless_told_otherwise(
    tables: Database, connection: Connection, fresh_database: Server
) -> None:
    stored = frames_before(tables, NOON)

    def sql(*statements: str) -> None:
        fresh_database.sql(f"USE {fresh_database.name}; {'; '.join(statements)};")

    rollups = ("minutes", "hours", "breaks")
    sql(*(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}" for table in rollups))
    for damage in OF_LOST_FRAMES:
        sql(damage)
        with pytest.raises(Blocked, match=r"months that lack frames"):
            run(connection)
        assert frames_before(tables, NOON) == stored, damage
        for table in rollups:
            sql(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM saved_{table}")
    sql(*OF_LOST_FRAMES)
    run(connection, Retention(frames=1, incomplete="drop"))
    assert frames_before(tables, OCTOBER) == 0


@pytest.mark.usefixtures("scheduler")
def test_a_month_that_lacks_counted_frames_is_kept_unless_told_otherwise(
    tables: Database, connection: Connection
) -> None:
    with contextlib.closing(FrameStore(tables)) as store:
        store.write_tallies([Tally(hour=SEPTEMBER, meter=METER, reader="main", frames=181)])
    with pytest.raises(Blocked, match="1 frame of 2026-09-15 10:00 UTC"):
        run(connection)
    assert frames_before(tables, SEPTEMBER) == 0
    run(connection, Retention(frames=1, incomplete="drop"))
    assert frames_before(tables, OCTOBER) == 0


@pytest.mark.usefixtures("scheduler")
def test_a_clock_that_is_years_ahead_drops_nothing_more(tables: Database, connection: Connection) -> None:
    run(connection, now=NOON + timedelta(days=5000))
    assert frames_before(tables, NOON) == sum(frame.timestamp >= OCTOBER for frame in FRAMES)


@pytest.mark.usefixtures("scheduler")
def test_who_lost_the_lease_drops_nothing(tables: Database, connection: Connection) -> None:
    with pytest.raises(Blocked):
        run(connection, name="another")
    assert frames_before(tables, NOON) == len(FRAMES)


@pytest.mark.usefixtures("scheduler")
def test_retention_that_is_killed_at_any_statement_ends_the_same(tables: Database, connection: Connection) -> None:
    """After each kill, frames come late, and a storer starts that rolls up and goes on."""
    before = rolled(tables)
    kills = 0
    while True:
        mark_saved(connection)
        fragile = FragileConnection(tables)
        fragile.left = kills
        try:
            run(fragile)
            break
        except Crash:
            # Each kill a bit further, so that the hours are compared only a few times.
            kills = kills + 1 if kills < 12 else kills + 7
        finally:
            fragile.close()
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        assert rolled(tables) == before
    assert kills > 40
    assert months(connection) == ["p_earlier", "p202610", "p202611"]
    assert rolled(tables) == before


def test_years_of_minutes_go_after_their_frames_and_their_hours_stay(fresh_database: Server) -> None:
    database = make_tables(fresh_database, NOON)
    old = datetime(2024, 5, 15, 10, tzinfo=UTC)
    with contextlib.closing(database.connect()) as connection:
        make_earlier_partitions(connection, old)
        write(database, [*steady(old, 2), *steady(NOON - HOUR, 1, index=50_000)], NOON)
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        before = rolled(database)
        run(connection, Retention(frames=12, minutes=36))
        assert rolled(database) == before
        run(connection, Retention(frames=12, minutes=12))
        minutes, hours, breaks = rolled(database)
        assert {row[1].year for row in minutes} == {2026}
        assert [hours, breaks] == before[1:]
        write(database, steady(old + 9 * HOUR, 1), NOON)
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        assert rolled(database) == [minutes, hours, breaks]


def test_hours_are_compared_with_their_minutes_before_these_are_dropped(
    fresh_database: Server,
) -> None:
    """Their frames are gone: minutes are the last that know what an hour measured."""
    database = make_tables(fresh_database, NOON)
    old = datetime(2024, 5, 15, 10, tzinfo=UTC)
    policy = Retention(frames=12, minutes=12)
    with contextlib.closing(database.connect()) as connection:
        make_earlier_partitions(connection, old)
        write(database, [*steady(old, 2), *steady(NOON - HOUR, 1, index=50_000)], NOON)
        roll_all(RollupScheduler(connection, "one", now=Clock()))
        run(connection, Retention(frames=12, minutes=36))
        minutes, hours, breaks = rolled(database)
        for damage in (
            "UPDATE hours SET power_max = 1 WHERE hour = '2024-05-15 10:00:00'",
            "UPDATE hours SET seconds = 5 WHERE hour = '2024-05-15 11:00:00'",
        ):
            fresh_database.sql(f"USE {fresh_database.name}; {damage};")
            with pytest.raises(Blocked, match=r"2025-01-01 .*1 hour.*2024-05-15 1"):
                run(connection, policy)
            assert rolled(database) == [minutes, hours, breaks]
        run(connection, policy)
        kept, *rest = rolled(database)
        assert {row[1].year for row in kept} == {2026}
        assert rest == [hours, breaks]


@pytest.mark.usefixtures("scheduler")
def test_the_keeper_goes_step_by_step_and_says_why_it_waits(
    tables: Database, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    write(tables, [standard(AUGUST + timedelta(seconds=1), EAST=1001)], NOON)
    job = RetentionJob("one", lambda: ONE_MONTH, first_after=0, backups=True)
    while job.step(connection, NOON):
        pass
    assert "wait to be rolled up" in job.report()["blocked"]
    assert caplog.text.count("wait to be rolled up") == 1
    assert not job.step(connection, NOON)
    RollupScheduler(connection, "one", now=Clock()).run()
    mark_saved(connection)
    another = RetentionJob("one", lambda: ONE_MONTH, first_after=0, backups=True)
    steps = 0
    while another.step(connection, NOON):
        steps += 1
    assert steps > 4
    assert another.report()["blocked"] is None
    assert another.report()["bytes"] > 100_000
    assert frames_before(tables, OCTOBER) == 0


@pytest.mark.usefixtures("scheduler")
def test_a_change_that_keeps_more_holds_at_once_while_months_are_dropped(
    tables: Database, connection: Connection
) -> None:
    mark_saved(connection)
    policies = [ONE_MONTH]
    job = RetentionJob("one", lambda: policies[-1], first_after=0, backups=True)
    assert job.step(connection, NOON)
    policies.append(Retention())
    while job.step(connection, NOON):
        pass
    assert frames_before(tables, NOON) == len(FRAMES)


def test_without_a_folder_for_backups_nothing_is_dropped_and_that_is_said(
    tables: Database, connection: Connection, scheduler: RollupScheduler
) -> None:
    mark_saved(connection)
    job = RetentionJob("one", lambda: ONE_MONTH, first_after=0, backups=False)
    while job.step(connection, NOON):
        pass
    assert "backup.folder" in job.report()["blocked"]
    assert frames_before(tables, NOON) == len(FRAMES)


def test_the_thread_of_the_rollups_drops_what_is_too_old_when_nothing_is_left_to_roll_up(
    tables: Database, connection: Connection, scheduler: RollupScheduler
) -> None:
    mark_saved(connection)
    scheduler.close()
    job, stop = RetentionJob("one", lambda: ONE_MONTH, first_after=0, backups=True), threading.Event()
    query(tables, "UPDATE rollup_state SET up_to = NOW() - INTERVAL 20 MINUTE", "SELECT 1")
    worker = RollupWorker(tables, "one", stop, 0, threading.Event(), lambda connection, _: job.step(connection, NOON))
    worker.start()
    try:
        wait_until(lambda: frames_before(tables, OCTOBER) == 0, WITHIN, "frames are dropped")
    finally:
        stop.set()
        worker.join()
    assert frames_before(tables, NOON) == sum(frame.timestamp >= OCTOBER for frame in FRAMES)
