"""Label sets in a real database: whole or as differences."""

import contextlib
import dataclasses
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from common.contract.frame import Frame
from common.database.mariadb import Database
from common.errors import Conflict
from storer.export.frames import Selection, export
from storer.frames.rows import encode_row
from storer.frames.store import FrameStore, WriteResult
from tests.support.arrivals import arriving
from tests.support.frames import DAY, simulated, standard
from tests.support.servers import Database as Server
from tests.support.storing import NOW, exported, query, store


def some_frames(count: int = 200) -> list[Frame]:
    """Frames of a morning on which maxima rise."""
    start = DAY + timedelta(hours=5)
    return list(arriving(simulated("standard-three-phase-producer", count, every=timedelta(seconds=20), start=start)))


def most_used_base(database: Database) -> int:
    rows = query(
        database, "SELECT base_id FROM label_sets WHERE base_id IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1"
    )
    return int(rows[0][0])


def test_most_label_sets_are_differences_and_all_frames_come_back(tables: Database) -> None:
    frames = some_frames()
    store(tables, frames)
    assert exported(tables) == [frame.to_json() for frame in frames]
    ((whole, differences),) = query(tables, "SELECT SUM(base_id IS NULL), SUM(base_id IS NOT NULL) FROM label_sets")
    assert differences > 2 * whole > 0
    bases = query(tables, "SELECT DISTINCT b.base_id FROM label_sets AS s JOIN label_sets AS b ON b.id = s.base_id")
    assert bases == [(None,)]  # a base is whole


def test_the_view_shows_each_label_set_whole(tables: Database) -> None:
    frames = some_frames(60)
    store(tables, frames)
    expected = {encode_row(frame).label_set.digest: json.loads(encode_row(frame).label_set.content) for frame in frames}
    rows = query(tables, "SELECT s.digest, w.content FROM label_sets AS s JOIN whole_label_sets AS w ON w.id = s.id")
    assert {digest: json.loads(content) for digest, content in rows} == expected
    columns = ", ".join(("id", "subscription_type", "subscribed_current", "pricing_period", "index_total"))
    both = [query(tables, f"SELECT {columns} FROM {name} ORDER BY id") for name in ("label_sets", "whole_label_sets")]
    assert both[0] == both[1]


def test_a_base_that_is_missing_is_named(tables: Database, fresh_database: Server) -> None:
    frames = some_frames(60)
    store(tables, frames)
    base = most_used_base(tables)
    joined = "frames AS f JOIN label_sets AS s ON s.id = f.label_set_id"
    of_it = query(tables, f"SELECT COUNT(*) FROM {joined} WHERE {base} IN (s.id, s.base_id)")
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.label_sets WHERE id = {base}")
    reports: list[str] = []
    left = list(export(tables, Selection(), reports.append))
    assert len(left) == 60 - of_it[0][0]
    (report,) = reports
    assert report.startswith(f"label set {base} is not in the database")


def test_a_base_that_goes_under_a_running_storer_is_replaced(tables: Database, fresh_database: Server) -> None:
    frames = some_frames(60)
    with contextlib.closing(FrameStore(tables)) as running:
        running.write(frames[:30])
        fresh_database.sql(f"USE {fresh_database.name}; DELETE FROM frames; DELETE FROM label_sets")
        assert running.write(frames[30:]) == WriteResult(30, [None] * 30)
    assert exported(tables) == [frame.to_json() for frame in frames[30:]]


def with_maximum(value: int) -> Frame:
    """A frame of now, whose label set is new with each value."""
    values: dict[str, int | str] = {"EAST": value, "SMAXSN": value, "MSG1": " " * 100}
    return dataclasses.replace(standard(**values), timestamp=NOW + timedelta(milliseconds=value))


def test_a_frame_with_a_new_label_set_is_one_transaction_of_few_statements(
    tables: Database, fresh_database: Server
) -> None:
    with contextlib.closing(FrameStore(tables, now=lambda: NOW)) as running:
        running.write([with_maximum(1)])
        ((session,),) = running.run(lambda connection: connection.query("SELECT CONNECTION_ID()"))
        fresh_database.sql("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
        try:
            running.write([with_maximum(2)])
        finally:
            fresh_database.sql("SET GLOBAL general_log = 0, GLOBAL log_output = 'FILE'")
    log = fresh_database.sql(f"SELECT LEFT(argument, 20) FROM mysql.general_log WHERE thread_id = {session}")
    statements = log.splitlines()
    assert 4 <= len(statements) <= 6, log
    assert statements.count("COMMIT") == 1


def test_a_frame_that_is_rejected_leaves_no_label_set(tables: Database) -> None:
    with contextlib.closing(FrameStore(tables, now=lambda: NOW)) as running:
        running.write([standard(EAST=0)])  # so that the meter is known
        never = dataclasses.replace(with_maximum(1), timestamp=DAY.replace(year=1960))
        for batch in ([never], [never, with_maximum(2)]):
            assert running.write(batch).reasons[0]
        running.write([with_maximum(3)])  # the base that was taken back does no harm
    assert query(tables, "SELECT COUNT(*), COUNT(base_id) FROM label_sets") == [(3, 1)]
    assert exported(tables) == [frame.to_json() for frame in (standard(EAST=0), with_maximum(2), with_maximum(3))]


def test_storers_that_meet_the_same_new_label_sets_one_by_one_write_each_once(tables: Database) -> None:
    frames = [with_maximum(value) for value in range(60)]
    together = threading.Barrier(3)

    def work(_: int) -> int:
        stored = 0
        with contextlib.closing(FrameStore(tables, now=lambda: NOW)) as frame_store:
            frame_store.ping()
            together.wait()
            for frame in frames:
                while True:
                    try:
                        stored += frame_store.write([frame]).stored
                    except Conflict:  # a deadlock: it is done again
                        continue
                    break
            return stored

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == len(frames)
    assert exported(tables) == [frame.to_json() for frame in frames]
    assert query(tables, "SELECT COUNT(*), COUNT(DISTINCT digest) FROM label_sets") == [(60, 60)]
