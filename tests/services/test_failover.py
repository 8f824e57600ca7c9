"""A list of hosts: whichever of them answers is used, at the start and while running."""

import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from common.errors import DatabaseError, PermanentError, Unavailable
from storer.database.schema import migrate
from storer.frames.store import FrameStore, WriteResult
from tests.support.frames import DAY, simulated
from tests.support.proxy import Proxy
from tests.support.servers import Database as Server
from tests.support.storing import NOW, client, exported, make_tables, partition

# Addresses of this machine at which no server listens, and one at which a relay does.
NOBODY, NOBODY_EITHER, RELAY = "127.0.0.8", "127.0.0.9", "127.0.0.2"


@pytest.fixture
def relay(fresh_database: Server) -> Iterator[Proxy]:
    """The server under another address, until `refuse`."""
    with Proxy(fresh_database.port, host=RELAY, port=fresh_database.port) as relay:
        yield relay


def at_hosts(server: Server, *hosts: str, password: str = "") -> Database:
    config = client(server)._config
    return Database(dataclasses.replace(config, host=hosts, password=password or config.password))


def test_a_host_that_has_no_tables_yet_gets_them_when_it_is_used_for_the_first_time(
    fresh_database: Server, relay: Proxy
) -> None:
    """And one that had them does not: whoever drops a database is about to restore it."""
    frames = list(simulated("standard-single-phase-base", 9, every=timedelta(seconds=1)))
    database = at_hosts(fresh_database, RELAY, "127.0.0.1")

    def prepare() -> None:
        migrate(database)
        partition(database, NOW)

    with contextlib.closing(FrameStore(database, prepare=prepare)) as tables:
        assert tables.write(frames[:3]).stored == 3
        fresh_database.create_database()
        relay.refuse()
        with pytest.raises(Unavailable):
            tables.write(frames[3:])
        assert tables.write(frames[3:6]).stored == 3
        fresh_database.create_database()
        for _ in range(3):
            with pytest.raises(DatabaseError):
                tables.write(frames[6:])
    assert fresh_database.sql(f"SHOW TABLES FROM {fresh_database.name} LIKE 'frames'") == ""


def test_hosts_that_are_all_away_are_asked_in_turn_until_one_is_back(fresh_database: Server) -> None:
    make_tables(fresh_database)
    frames = list(simulated("standard-single-phase-base", 3, every=timedelta(seconds=1)))
    with contextlib.closing(FrameStore(at_hosts(fresh_database, NOBODY, NOBODY_EITHER, "127.0.0.1"))) as tables:
        fresh_database.kill()
        try:
            for _ in range(5):
                with pytest.raises(Unavailable):
                    tables.write(frames)
        finally:
            fresh_database.start()
        assert tables.write(frames).stored == 3


class Home:
    """What a server sends, up to the answer with which it loses the connection."""

    def __init__(self, relay: Proxy) -> None:
        self._relay = relay
        self.left = -1  # answers before that one; negative: there is none

    def __call__(self, answer: bytes) -> bytes:
        lost = self.left == 0
        self.left -= 1
        if lost:
            self._relay.drop()
        return answer


def written_again(tables: FrameStore, batch: list[Frame]) -> WriteResult:
    """Write what may be there, as the storer does; the relay may still be dropping connections."""
    for _ in range(10):
        with contextlib.suppress(Unavailable):
            return tables.write(batch)
    raise AssertionError("the database stays away")


@pytest.mark.parametrize("count", [3, 1], ids=["a transaction", "one statement"])
def test_whichever_answer_is_lost_no_frame_is_lost_or_there_twice(
    fresh_database: Server, relay: Proxy, count: int
) -> None:
    """Also that to a COMMIT, when the rows are there."""
    make_tables(fresh_database)
    answers = Home(relay)
    relay.filter = lambda: answers
    written: list[Frame] = []
    stored_by_retry = set()
    with contextlib.closing(FrameStore(at_hosts(fresh_database, RELAY), now=lambda: DAY)) as tables:
        tables.ping()
        for number in range(20):  # more answers than there are
            for meter in ("known", f"new-{number}"):
                start = DAY + timedelta(minutes=len(written))
                frames = simulated("standard-single-phase-base", count, start=start, every=timedelta(seconds=1))
                batch = [dataclasses.replace(frame, meter=meter) for frame in frames]
                written += batch
                answers.left = number
                with contextlib.suppress(Unavailable):
                    assert tables.write(batch).stored == count
                if answers.left < 0:
                    again = written_again(tables, batch)
                    assert again.reasons == [None] * count
                    stored_by_retry.add(again.stored)
    assert stored_by_retry == {0, count}
    assert exported(client(fresh_database)) == [frame.to_json() for frame in written]


def test_with_no_host_left_the_first_error_is_told(fresh_database: Server) -> None:
    with pytest.raises(Unavailable, match=f"{NOBODY}:{fresh_database.port}"):
        at_hosts(fresh_database, NOBODY, NOBODY_EITHER).connect()


def test_threads_that_fail_at_once_are_told_what_failed(fresh_database: Server) -> None:
    """The monitor's workers share a database, and each of them may change the order of its hosts."""
    database = at_hosts(fresh_database, NOBODY)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            tries = [threads.submit(database.connect) for _ in range(600)]
    finally:
        sys.setswitchinterval(before)
    assert {type(one.exception()) for one in tries} == {Unavailable}


def test_refused_is_who_is_refused_by_all(fresh_database: Server, relay: Proxy) -> None:
    with pytest.raises(PermanentError, match="1045"):
        at_hosts(fresh_database, RELAY, "127.0.0.1", password="wrong").connect()
    with pytest.raises(Unavailable):  # one may still take us
        at_hosts(fresh_database, RELAY, NOBODY, password="wrong").connect()
