"""The command `teleinfo-storer forget-meter`: nothing of a meter stays, and nothing of another one changes."""

import contextlib
import io
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.tally import Tally
from common.database.mariadb import Database, sql_time
from common.errors import ConfigError, PermanentError
from common.runtime.progress import NO_PROGRESS
from storer.database.meters import find_meters
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore
from storer.imports import writer
from storer.imports.model import Period
from storer.retention.forget import forget_meter
from storer.retention.label_sets import LabelSetGarbage
from storer.rollups.scheduler import RollupScheduler
from tests.services.test_rollup_cases import METER, NOON, OTHER, Clock, historic, standard, steady, write
from tests.support.programs import WITHIN, wait_until
from tests.support.rollups import HOUR, Crash, FragileConnection
from tests.support.servers import Database as Server
from tests.support.servers import waiting_for_rows
from tests.support.storing import make_tables, query

OF_METER = (
    "frames",
    "tallies",
    "minutes",
    "hours",
    "breaks",
    "late_hours",
    "imported_hours",
    "imports",
)
OLD = NOON - timedelta(days=40)
DAY = timedelta(days=1)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    """Two meters, the one to forget with the higher number, and all that there can be of each."""
    database = make_tables(fresh_database, NOON)
    for address in (OTHER, METER):
        add(database, address)
    with contextlib.closing(FrameStore(database)) as store:
        store.record_rejections(
            [Rejection(f"teleinfo/{address}/frame", b"{", "why", NOON) for address in (METER, OTHER)]
            + [Rejection("else", b'{"meter": "%s"}' % METER.encode(), "why", NOON), Rejection("x", b"1", "why", NOON)]
        )
    return database


def add(database: Database, address: str) -> None:
    frames = [
        *steady(OLD, 2, address),
        historic(OLD + 3 * HOUR, address, BASE=7, PAPP=100),
        *steady(NOON - 2 * HOUR, 2, address, index=9_000),
        standard(NOON - HOUR + timedelta(seconds=1), address, EAST=5, EASF01=1),
    ]
    write(database, frames, NOON)
    with contextlib.closing(database.connect()) as connection:
        scheduler = RollupScheduler(connection, "one", now=Clock())
        scheduler.run()
        while scheduler.rebuild():
            pass
        number = find_meters(connection, [address])[address]
        digest = address.encode() + bytes(20)
        writer.write(connection, number, "csv", "a.csv", digest, [Period(OLD - DAY, 1, 0, 500)])
        connection.execute(
            "INSERT INTO outside SELECT 'temperature', '2025-01-01', 4.8, CONCAT('import ', id) FROM imports"
            " WHERE meter_id = %s",
            (number,),
        )
    with contextlib.closing(FrameStore(database)) as store:
        store.write_tallies([Tally(hour=OLD, meter=address, reader="main", frames=120)])


def rows(database: Database, where: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(query(database, f"SELECT * FROM {table} WHERE {where}"), key=repr) for table in OF_METER}


def forget(
    database: Database, address: str = METER, ask: Callable[[str], str] | None = lambda _: f"{METER}\n"
) -> tuple[int, str]:
    out = io.StringIO()
    return forget_meter(database, address, ask, NO_PROGRESS, out), out.getvalue()


def texts(database: Database) -> str:
    """All that the database has, as text."""
    names = [name for name, _ in query(database, "SHOW FULL TABLES WHERE table_type = 'BASE TABLE'")]
    return "".join(repr(query(database, f"SELECT * FROM {name}")) for name in names)


def test_nothing_of_the_meter_stays_and_nothing_of_another_changes(tables: Database) -> None:
    others = rows(tables, "meter_id = 1")
    assert all(rows(tables, "meter_id = 2").values())
    code, said = forget(tables)
    assert code == 0
    assert rows(tables, "meter_id <> 1") == {table: [] for table in OF_METER}
    assert rows(tables, "meter_id = 1") == others
    assert query(tables, "SELECT identifier FROM meters") == [(OTHER,)]
    assert query(tables, "SELECT topic FROM rejected_messages ORDER BY 1") == [(f"teleinfo/{OTHER}/frame",), ("x",)]
    assert "frames 242, tallies 1," in said
    assert "imports 1, rejected messages 2" in said
    with contextlib.closing(tables.connect()) as connection:
        for day in range(2):  # what the storer does each day
            for _ in LabelSetGarbage(connection).run(NOON + day * DAY):
                pass
    assert METER not in texts(tables)
    assert OTHER in texts(tables)
    assert rows(tables, "meter_id = 1") == others


def test_a_dry_run_shows_what_there_is_and_when_it_was_saved(tables: Database) -> None:
    everything = rows(tables, "TRUE")
    code, said = forget(tables, ask=None)
    assert code == 0
    assert said.startswith(f"{METER}: frames 242, tallies 1, minutes ")
    assert "no backup is known" in said
    query(tables, "INSERT INTO backups VALUES (1, '2026-11-20 03:00:00', 7)", "SELECT 1")
    assert "the last backup was finished on 2026-11-20 03:00 UTC" in forget(tables, ask=None)[1]
    assert rows(tables, "TRUE") == everything


def test_without_the_address_once_more_nothing_is_deleted(tables: Database) -> None:
    everything = rows(tables, "TRUE")
    answers = iter(["", "y\n", f"{OTHER}\n"])
    assert [forget(tables, ask=lambda _: next(answers))[0] for _ in range(3)] == [1, 1, 1]
    assert rows(tables, "TRUE") == everything


def test_a_meter_that_is_not_there_is_told_with_those_that_are(tables: Database) -> None:
    with pytest.raises(ConfigError, match=f"known meters: {METER}, {OTHER}"):
        forget(tables, "031961999999")


def test_an_account_of_an_earlier_version_is_told_what_to_grant(fresh_database: Server, tables: Database) -> None:
    fresh_database.sql(f"REVOKE DELETE ON {fresh_database.name}.* FROM '{fresh_database.user}'@'%'")
    assert forget(tables, ask=None)[0] == 0
    with pytest.raises(PermanentError) as refused:
        forget(tables)
    (grant,) = re.findall(r"GRANT [^;]*;", str(refused.value))
    assert len(rows(tables, "meter_id = 2")["frames"]) == 242
    fresh_database.sql(grant)
    assert forget(tables)[0] == 0
    assert rows(tables, "meter_id = 2")["frames"] == []


def test_a_meter_that_comes_again_gets_a_number_that_none_had(tables: Database) -> None:
    forget(tables)
    write(tables, steady(NOON, 1, METER), NOON)
    assert query(tables, "SELECT id, identifier FROM meters ORDER BY id") == [(1, OTHER), (3, METER)]
    assert forget(tables)[0] == 0
    write(tables, steady(NOON, 1, "031961000003"), NOON)
    assert query(tables, "SELECT id, identifier FROM meters ORDER BY id") == [(1, OTHER), (4, "031961000003")]
    with contextlib.closing(tables.connect()) as connection:
        RollupScheduler(connection, "one", now=Clock()).run()


def test_a_run_that_is_killed_at_any_statement_is_gone_on_with_while_a_storer_runs(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = rows(tables, "meter_id = 1")
    kills = 0
    while True:
        fragile = FragileConnection(tables)
        fragile.left = 3 * kills
        with monkeypatch.context() as patched:
            patched.setattr(tables, "connect", lambda *_, made=fragile: made)
            try:
                assert forget(tables)[0] == 0
                break
            except Crash:
                kills += 1
            finally:
                fragile.close()
        with contextlib.closing(tables.connect()) as connection:
            RollupScheduler(connection, "one", now=Clock()).run()
    assert kills > 10
    assert rows(tables, "meter_id <> 1") == {table: [] for table in OF_METER}
    assert rows(tables, "meter_id = 1") == others
    assert query(tables, "SELECT identifier FROM meters") == [(OTHER,)]


def test_frames_whose_meter_is_forgotten_before_they_are_inserted_do_not_stay(
    tables: Database, fresh_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storer has looked up the number, and inserts late: all is deleted meanwhile, or waits for its transaction."""
    forgotten: list[int] = []
    thread = threading.Thread(target=lambda: forgotten.append(forget(tables)[0]))

    def waits() -> bool:
        found = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'DELETE FROM meters%'"
        return bool(fresh_database.sql(found))

    def look_up_then_forget(*arguments: Any) -> dict[str, int]:
        found = find_meters(*arguments)
        thread.start()
        wait_until(lambda: bool(forgotten) or waits(), WITHIN, "the meter is being forgotten")
        return found

    monkeypatch.setattr("storer.frames.store.find_meters", look_up_then_forget)
    now = datetime.now(UTC)
    with contextlib.closing(FrameStore(tables)) as frames:
        frames.write([standard(now, address, EAST=1) for address in (METER, OTHER)])
    thread.join(WITHIN)
    assert forgotten == [0]
    assert query(tables, "SELECT DISTINCT meter_id FROM frames") == [(1,)]


def test_a_frame_alone_whose_insert_is_held_up_while_its_meter_is_forgotten_does_not_stay(
    tables: Database, fresh_database: Server
) -> None:
    """Its meter is looked up by the statement that inserts it; another transaction has locked its place."""
    now = datetime.now(UTC)
    write(tables, [standard(now - timedelta(seconds=1), METER, EAST=1)], now)  # its label set is there
    forgotten: list[int] = []
    forgetting = threading.Thread(target=lambda: forgotten.append(forget(tables)[0]))

    with contextlib.closing(tables.connect()) as other, contextlib.closing(FrameStore(tables)) as frames:
        storing = threading.Thread(target=frames.write, args=([standard(now, METER, EAST=1)],))
        other.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("START TRANSACTION")
        other.query("SELECT 1 FROM frames WHERE timestamp = %s AND meter_id = 2 FOR UPDATE", (sql_time(now),))
        storing.start()
        wait_until(lambda: waiting_for_rows(fresh_database) == 1, WITHIN, "it is held up")
        forgetting.start()
        wait_until(lambda: bool(forgotten) or waiting_for_rows(fresh_database) == 2, WITHIN, "the meter is forgotten")
        other.execute("ROLLBACK")
        storing.join(WITHIN)
        forgetting.join(WITHIN)
    assert forgotten == [0]
    assert query(tables, "SELECT DISTINCT meter_id FROM frames") == [(1,)]


def test_a_storer_goes_on_while_a_meter_is_forgotten_and_that_meter_is_a_new_one_then(tables: Database) -> None:
    stop, written = threading.Event(), [0]
    failed: list[Exception] = []

    def store() -> None:
        with contextlib.closing(FrameStore(tables)) as frames:
            number = 0
            while not stop.is_set():
                number += 1
                at = datetime.now(UTC)
                try:
                    frames.write([standard(at, address, EAST=number) for address in (METER, OTHER)])
                except Exception as error:  # noqa: BLE001 - of a thread
                    failed.append(error)
                    return
                written[0] = number

    thread = threading.Thread(target=store)
    thread.start()
    try:
        wait_until(lambda: written[0] > 20 or bool(failed), WITHIN, "frames are stored")
        assert forget(tables)[0] == 0
        before = written[0]
        wait_until(lambda: written[0] > before + 20 or bool(failed), WITHIN, "frames are stored")
    finally:
        stop.set()
        thread.join()
    assert failed == []
    counts = dict(query(tables, "SELECT meter_id, COUNT(*) FROM frames GROUP BY meter_id"))
    assert counts.keys() == {1, 3}
    assert counts[1] == 242 + written[0]
    assert 20 < counts[3] < written[0]
