"""Numbers of meters and label sets: right whatever happens to the database, and enough of them."""

import contextlib
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from common.errors import Unavailable
from storer.frames.store import FrameStore, WriteResult
from tests.support.frames import DAY, standard
from tests.support.servers import Database as Server
from tests.support.storing import exported, query, store

ROWS_OF = ("frames", "label_sets", "meters")


def of_meter(name: str, second: int = 0) -> Frame:
    return dataclasses.replace(standard(EAST=second, MSG1=f"of {name}"), meter=name, timestamp=at(second))


def at(second: int) -> datetime:
    return DAY + timedelta(seconds=second)


def save(server: Server, tables: tuple[str, ...] = ROWS_OF) -> None:
    for table in tables:
        server.sql(
            f"USE {server.name}; DROP TABLE IF EXISTS saved_{table}; CREATE TABLE saved_{table} LIKE {table};"
            f" INSERT INTO saved_{table} SELECT * FROM {table}"
        )


def go_back(server: Server, tables: tuple[str, ...] = ROWS_OF) -> None:
    for table in tables:
        server.sql(
            f"USE {server.name}; DROP TABLE {table}; CREATE TABLE {table} LIKE saved_{table};"
            f" INSERT INTO {table} SELECT * FROM saved_{table}"
        )


@pytest.mark.parametrize("how", ["over a new connection", "under a connection that lives"])
def test_a_database_that_goes_back_gives_no_frame_to_another_meter(
    fresh_database: Server, tables: Database, how: str
) -> None:
    with contextlib.closing(FrameStore(tables)) as running:
        running.write([of_meter("first")])
        save(fresh_database)
        running.write([of_meter("second", 1)])
        go_back(fresh_database)
        if how == "over a new connection":
            fresh_database.kill()
            fresh_database.start()
            with pytest.raises(Unavailable):
                running.ping()
        with contextlib.closing(FrameStore(tables)) as other:  # it takes the numbers that are free again
            other.write([of_meter("third", 2)])
        assert running.write([of_meter("second", 3)]) == WriteResult(1, [None])
    again = [of_meter("first"), of_meter("third", 2), of_meter("second", 3)]
    assert exported(tables) == [frame.to_json() for frame in again]


def test_meters_have_numbers_without_gaps_whatever_the_server_counts_by(
    fresh_database: Server, tables: Database
) -> None:
    """Galera counts by the number of its nodes."""
    fresh_database.sql("SET GLOBAL auto_increment_increment = 3")
    try:
        for name in ("a", "b", "c", "d"):
            store(tables, [of_meter(name), of_meter(name, 1)])
    finally:
        fresh_database.sql("SET GLOBAL auto_increment_increment = 1")
    assert query(tables, "SELECT id, identifier FROM meters ORDER BY id") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_a_number_that_was_given_is_never_given_again_below_the_highest(tables: Database) -> None:
    """Frames of a meter whose row was taken out may be there still."""
    store(tables, [of_meter("a"), of_meter("b"), of_meter("c")])
    query(tables, "UPDATE meters SET id = 90 WHERE identifier = 'a'", "SELECT 1")
    store(tables, [of_meter("d")])
    assert query(tables, "SELECT id FROM meters WHERE identifier = 'd'") == [(91,)]


def test_storers_that_meet_new_meters_at_the_same_time_give_each_one_number(tables: Database) -> None:
    names = [f"meter-{number}" for number in range(60)]
    crowd = 4
    together = threading.Barrier(crowd)

    def work(number: int) -> None:
        mine = names[:: -1 if number % 2 else 1]
        with contextlib.closing(FrameStore(tables)) as frame_store:
            together.wait()
            for start in range(0, len(mine), 6):
                frames = [of_meter(name) for name in mine[start : start + 6]]
                while True:
                    try:
                        written = frame_store.write(frames)
                    except Unavailable:  # a deadlock: it is done again
                        continue
                    assert set(written.reasons) == {None}
                    break

    with ThreadPoolExecutor(crowd) as pool:
        for future in [pool.submit(work, number) for number in range(crowd)]:
            future.result()
    numbers = query(tables, "SELECT id, identifier FROM meters ORDER BY id")
    assert sorted(name for _, name in numbers) == sorted(names)
    assert sorted(exported(tables)) == sorted(of_meter(name).to_json() for name in names)


def test_a_new_database_has_room_for_many_meters(tables: Database) -> None:
    store(tables, [of_meter("a")])
    query(tables, "UPDATE meters SET id = 70000", "UPDATE frames SET meter_id = 70000", "SELECT 1")
    store(tables, [of_meter("b", 1)])
    assert exported(tables) == [of_meter("a").to_json(), of_meter("b", 1).to_json()]
