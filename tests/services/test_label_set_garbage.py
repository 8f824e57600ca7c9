"""Label sets that no frame has any more are deleted, and never one that a storer needs."""

import contextlib
import dataclasses
import functools
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Connection, Database
from common.errors import Conflict
from storer.database.schema import make_earlier_partitions
from storer.frames.store import FrameStore
from storer.retention.label_sets import LabelSetGarbage
from storer.rollups.scheduler import RollupScheduler
from tests.services.test_rollup_cases import METER, NOON, Clock, standard, write
from tests.support.programs import WITHIN, wait_until
from tests.support.servers import Database as Server
from tests.support.storing import client, exported, make_tables, query

DAY = timedelta(days=1)
OCTOBER = datetime(2026, 10, 15, tzinfo=UTC)
SET_OF = "SELECT label_set_id FROM frames WHERE timestamp = '{:%Y-%m-%d %H:%M:%S}'"


def frame(at: datetime, contract: int, maximum: int = 0, meter: str = METER) -> Frame:
    """A frame whose label set depends on the contract, and slightly on the maximum."""
    values: dict[str, int | str] = {
        "MSG1": f"PAS DE MESSAGE {contract}",
        "PJOURF+1": f"{contract:08} " * 12,
        "SMAXSN": maximum,
    }
    return standard(at, meter, **values, EAST=1000 + contract)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    """Ten contracts in October, of which one goes on in November; October was dropped."""
    database = make_tables(fresh_database, NOON)
    with contextlib.closing(database.connect()) as connection:
        make_earlier_partitions(connection, OCTOBER)
        scheduler = RollupScheduler(connection, "one", now=Clock())
        scheduler.run()
        clean(connection, NOON)
        write(database, [frame(OCTOBER + number * DAY, number) for number in range(10)], NOON)
        write(database, [frame(NOON, 3)], NOON)
        connection.execute("ALTER TABLE frames DROP PARTITION p202610")
    return database


def clean(connection: Connection, now: datetime) -> None:
    for _ in LabelSetGarbage(connection).run(now):
        pass


def ids(database: Database, where: str = "1") -> set[int]:
    return {number for (number,) in query(database, f"SELECT id FROM label_sets WHERE {where}")}


def test_what_no_frame_has_is_marked_and_deleted_a_day_later(
    tables: Database, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before, used = ids(tables), set(query(tables, SET_OF.format(NOON))[0])
    assert len(before) == 10
    clean(connection, NOON)
    assert ids(tables) == before
    assert ids(tables, "unused_since IS NOT NULL") == before - used
    clean(connection, NOON + DAY / 2)
    assert ids(tables) == before
    clean(connection, NOON + DAY)
    assert ids(tables) == used
    assert "9 label sets" in caplog.text
    assert len(exported(tables)) == 1


def test_without_a_dropped_month_nothing_is_searched(
    tables: Database, connection: Connection, fresh_database: Server
) -> None:
    clean(connection, NOON)
    clean(connection, NOON + DAY)
    write(tables, [frame(NOON + DAY, 40)], NOON + DAY)
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.frames WHERE timestamp > '2026-11-25'")
    clean(connection, NOON + 2 * DAY)
    assert ids(tables, "unused_since IS NOT NULL") == set()


def test_the_label_set_of_an_hour_stays(tables: Database, connection: Connection) -> None:
    (lost, *_) = sorted(ids(tables))
    query(
        tables,
        "INSERT INTO hours (meter_id, hour, frames, seconds, minutes, label_set_id)"
        f" VALUES (1, '2026-10-15 00:00:00', 1, 5, 1, {lost})",
        "SELECT 1",
    )
    clean(connection, NOON)
    clean(connection, NOON + DAY)
    assert lost in ids(tables)
    assert len(ids(tables)) == 2


@pytest.mark.parametrize("marked", [False, True])
def test_a_base_stays_as_long_as_a_difference_from_it_is_used(fresh_database: Server, marked: bool) -> None:
    """Also of one that comes when the base is about to go; the store knows it still."""
    database = make_tables(fresh_database, NOON)
    with contextlib.closing(database.connect()) as connection, contextlib.closing(FrameStore(database)) as store:
        make_earlier_partitions(connection, OCTOBER)
        RollupScheduler(connection, "one", now=Clock()).run()
        clean(connection, NOON)
        store.write([frame(OCTOBER, 1)])
        difference = frame(NOON, 1, maximum=500)
        store.write([frame(NOON - DAY, 77) if marked else difference])
        connection.execute("ALTER TABLE frames DROP PARTITION p202610")
        clean(connection, NOON)
        if marked:
            store.write([difference])
        clean(connection, NOON + DAY)
    assert difference.to_json() in exported(database)


@pytest.mark.parametrize("maximum", [0, 500])
@pytest.mark.parametrize("batch", [1, 2])
def test_what_is_needed_again_at_any_moment_of_the_deletion_stays(
    fresh_database: Server, batch: int, maximum: int
) -> None:
    """A frame between any two steps: of a label set that is about to go, or of a difference from one."""
    database = make_tables(fresh_database, NOON)
    meters = [f"0319610001{number:02}" for number in range(40)]
    with (
        contextlib.closing(database.connect()) as connection,
        contextlib.closing(
            FrameStore(database, now=lambda: NOON)  # so that frames are not late: these are written in one statement
        ) as store,
    ):
        make_earlier_partitions(connection, OCTOBER)
        RollupScheduler(connection, "one", now=Clock()).run()
        clean(connection, NOON)
        store.write([frame(OCTOBER, number, meter=meter) for number, meter in enumerate(meters)])
        store.write([frame(NOON, 99)])
        connection.execute("ALTER TABLE frames DROP PARTITION p202610")
        clean(connection, NOON)
        steps = 0
        for step, _ in enumerate(LabelSetGarbage(connection).run(NOON + DAY)):
            at = NOON + timedelta(seconds=step + 1)
            store.write(
                [
                    frame(at + timedelta(microseconds=n), step * batch + n, maximum, meter=meters[step * batch + n])
                    for n in range(batch)
                ]
            )
            steps += 1
    assert steps > 2
    for column, table in (("label_set_id", "frames"), ("base_id", "label_sets")):
        dangling = f"SELECT COUNT(*) FROM {table} AS a LEFT JOIN label_sets AS s ON s.id = a.{column}"
        assert query(database, f"{dangling} WHERE a.{column} IS NOT NULL AND s.id IS NULL") == [(0,)]
    assert len(exported(database)) == 1 + steps * batch
    assert len(ids(database)) < 1 + len(meters) + steps * batch


def test_storers_that_write_what_is_being_collected_lose_nothing(
    tables: Database, connection: Connection, fresh_database: Server
) -> None:
    """Two storers write frames of the same few contracts, one each and in batches, while all of it is collected."""
    stop, done = threading.Event(), [0, 0]
    failed: list[Exception] = []
    fresh_database.sql(
        f"CREATE USER IF NOT EXISTS cleaner@'%' IDENTIFIED BY '{fresh_database.password}';"
        f"GRANT ALL ON {fresh_database.name}.* TO cleaner@'%';"
    )
    cleaner = Database(dataclasses.replace(client(fresh_database)._config, user="cleaner"))

    def storer(place: int) -> None:
        number = 0
        try:
            with contextlib.closing(FrameStore(client(fresh_database), f"storer-{place}")) as store:
                while not stop.is_set():
                    at = NOON + timedelta(minutes=place + 1, milliseconds=number)
                    some = [
                        frame(at + timedelta(microseconds=n), (number + n) % 10, meter=f"03196100000{place}")
                        for n in range(1 + number % 3)
                    ]
                    try:
                        assert set(store.write(some).reasons) == {None}
                    except Conflict:
                        continue  # a deadlock: written again, as the storer does
                    number += 1
                    done[place] += 1
                    # So that contracts fall out of use again.
                    if number % 5 == 0:
                        of_meter = f"(SELECT id FROM meters WHERE identifier = '03196100000{place}')"
                        delete = f"DELETE FROM frames WHERE timestamp < '{at:%Y-%m-%d %H:%M:%S.%f}' AND meter_id = "
                        with contextlib.suppress(Conflict):
                            query(cleaner, delete + of_meter, "SELECT 1")
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    def reached(goal: list[int]) -> bool:
        return bool(failed) or all(count >= wanted for count, wanted in zip(done, goal, strict=True))

    threads = [threading.Thread(target=storer, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    try:
        for day in range(0, 60, 3):
            connection.execute("UPDATE rollup_state SET label_sets_from = '2026-10-01'")
            clean(connection, NOON + day * DAY)
            # What a day is for: all that began before the marks were set has ended.
            goal = [count + 2 for count in done]
            wait_until(functools.partial(reached, goal), WITHIN, "writes of both storers")
            clean(connection, NOON + (day + 1) * DAY)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    dangling = "SELECT COUNT(*) FROM frames AS f LEFT JOIN label_sets AS s ON s.id = f.label_set_id WHERE s.id IS NULL"
    assert query(tables, dangling) == [(0,)]
    assert max(ids(tables)) > 15  # sets were deleted, and made again


def test_without_the_right_to_delete_everything_goes_on(tables: Database, fresh_database: Server) -> None:
    fresh_database.sql(
        f"CREATE USER IF NOT EXISTS careful@'%' IDENTIFIED BY '{fresh_database.password}';"
        f"GRANT SELECT, INSERT, UPDATE ON {fresh_database.name}.* TO careful@'%';"
    )
    account = Database(dataclasses.replace(client(fresh_database)._config, user="careful"))
    with contextlib.closing(account.connect()) as connection:
        clean(connection, NOON)
        clean(connection, NOON + DAY)
    assert len(ids(tables)) == 10
    fresh_database.sql(f"GRANT CREATE, DELETE ON {fresh_database.name}.label_sets TO careful@'%'")
    with contextlib.closing(account.connect()) as connection:
        clean(connection, NOON)
        clean(connection, NOON + DAY)
    fresh_database.sql("DROP USER careful@'%'")
    assert len(ids(tables)) == 1
