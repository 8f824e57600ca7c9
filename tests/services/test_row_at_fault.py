"""Errors that are in no list: of one row, of all, of the server."""

import contextlib
import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from common.contract.frame import Frame
from common.contract.tally import Tally
from common.database.mariadb import Database
from common.errors import Unavailable, Unclassified
from storer.frames.store import TRIES, FrameStore, WriteResult
from tests.support.frames import DAY, standard
from tests.support.servers import Database as Server
from tests.support.storing import exported, make_tables, query

UNKNOWN = 1999  # no server has this number
HAUNTED = "IF NEW.{} THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {}, MESSAGE_TEXT = 'haunted'; END IF"


@pytest.fixture
def tables(fresh_database: Server) -> Iterator[Database]:
    yield make_tables(fresh_database)
    heal(fresh_database)


def haunt(server: Server, condition: str, number: int = UNKNOWN, table: str = "frames") -> None:
    """From now on the server refuses rows for which the condition holds, with an error of that number."""
    server.sql(
        f"USE {server.name};\nDELIMITER //\nCREATE OR REPLACE TRIGGER haunted BEFORE INSERT ON {table} FOR EACH ROW "
        + HAUNTED.format(condition, number)
        + " //\n"
    )


def heal(server: Server) -> None:
    server.sql(f"USE {server.name}; DROP TRIGGER IF EXISTS haunted")


def frames(*powers: int) -> list[Frame]:
    return [
        dataclasses.replace(standard(SINSTS=power), timestamp=DAY + timedelta(seconds=second))
        for second, power in enumerate(powers)
    ]


def write_until_it_goes(tables: FrameStore, batch: list[Frame]) -> WriteResult:
    for _ in range(TRIES):
        with pytest.raises(Unclassified):
            tables.write(batch)
    return tables.write(batch)


def test_a_row_that_fails_with_an_unknown_number_is_rejected_and_its_neighbours_are_stored(
    fresh_database: Server, tables: Database
) -> None:
    haunt(fresh_database, "power = 666")
    batch = frames(1, 2, 3, 666, 4, 5, 666, 6)
    with contextlib.closing(FrameStore(tables)) as frame_store:
        written = write_until_it_goes(frame_store, batch)
        assert written.stored == 6
        assert [place for place, reason in enumerate(written.reasons) if reason] == [3, 6]
        assert f"haunted ({UNKNOWN})" in (written.reasons[3] or "")
        # The next batch begins from the start.
        with pytest.raises(Unclassified):
            frame_store.write(frames(0, 0, 0, 0, 0, 0, 0, 0, 666))
    assert exported(tables) == [frame.to_json() for frame in batch if frame.values["SINSTS"] != 666]


def test_a_row_alone_is_rejected_while_the_table_takes_others(fresh_database: Server, tables: Database) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        frame_store.write(frames(1))
        haunt(fresh_database, "power = 666")
        written = write_until_it_goes(frame_store, frames(2, 666)[1:])
        assert written.stored == 0
        assert "haunted" in (written.reasons[0] or "")
    assert exported(tables) == [frame.to_json() for frame in frames(1)]


@pytest.mark.parametrize("before", [0, 1])
def test_a_table_that_takes_no_row_at_all_is_waited_for(fresh_database: Server, tables: Database, before: int) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        frame_store.write(frames(*range(before)))
        haunt(fresh_database, "power IS NOT NULL")
        batch = frames(*range(10))
        for _ in range(3 * TRIES):
            with pytest.raises(Unclassified):
                frame_store.write(batch)
        heal(fresh_database)
        assert frame_store.write(batch).reasons == [None] * 10
    assert exported(tables) == [frame.to_json() for frame in batch]


def test_a_trouble_that_passes_while_the_row_is_looked_for_costs_no_row(
    fresh_database: Server, tables: Database
) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        haunt(fresh_database, "power = 666")
        batch = frames(1, 666, 2)
        for _ in range(TRIES):
            with pytest.raises(Unclassified):
                frame_store.write(batch)
        heal(fresh_database)
        assert frame_store.write(batch) == WriteResult(3, [None] * 3)


def test_errors_of_server_and_connection_never_reject_a_row(fresh_database: Server, tables: Database) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        frame_store.write(frames(1))
        batch = frames(1, 2, 666)
        for number in (1030, 1290, 1927, 2013):
            haunt(fresh_database, "power = 666", number)
            for _ in range(3 * TRIES):
                with pytest.raises(Unavailable):
                    frame_store.write(batch)
            heal(fresh_database)
        assert frame_store.write(batch) == WriteResult(2, [None] * 3)


def test_an_error_of_the_connection_between_makes_it_count_afresh(fresh_database: Server, tables: Database) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        haunt(fresh_database, "power = 666")
        batch = frames(1, 666)
        for _ in range(TRIES - 1):
            with pytest.raises(Unclassified):
                frame_store.write(batch)
        fresh_database.kill()
        with pytest.raises(Unavailable) as caught:
            frame_store.write(batch)
        assert not isinstance(caught.value, Unclassified)
        fresh_database.start()
        assert write_until_it_goes(frame_store, batch).stored == 1


@pytest.mark.parametrize("number", [167, 1467])
def test_numbers_of_rows_that_are_known_are_rejected_at_once(
    fresh_database: Server, tables: Database, number: int
) -> None:
    with contextlib.closing(FrameStore(tables)) as frame_store:
        haunt(fresh_database, "power = 666", number)
        written = frame_store.write(frames(1, 666, 2))
    assert (written.stored, [bool(reason) for reason in written.reasons]) == (2, [False, True, False])


def test_a_tally_that_fails_with_an_unknown_number_stops_nobody(fresh_database: Server, tables: Database) -> None:
    haunt(fresh_database, "frames = 666", table="tallies")
    tallies = [
        Tally(meter="031961123456", hour=DAY + timedelta(hours=hour), reader="reader", frames=number)
        for hour, number in enumerate((1, 666, 2))
    ]
    with contextlib.closing(FrameStore(tables)) as frame_store:
        for _ in range(TRIES):
            with pytest.raises(Unclassified):
                frame_store.write_tallies(tallies)
        reasons = frame_store.write_tallies(tallies)
    assert [bool(reason) for reason in reasons] == [False, True, False]
    assert query(tables, "SELECT frames FROM tallies ORDER BY hour") == [(1,), (2,)]
