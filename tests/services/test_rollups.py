"""The rollups equal what a plain sum over all frames says, whatever the order in which frames come."""

import contextlib
from datetime import timedelta
from random import Random

import pytest

from common.database.mariadb import Database
from storer.database.frame_store import FrameStore
from tests.support.rollup_oracle import Expected
from tests.support.rollups import (
    NIGHT,
    assert_as_expected,
    empty,
    history,
    hours_of,
    roll,
    shuffled,
)
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

NOW = NIGHT + timedelta(days=1)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NIGHT)


def check_history(server: Server, database: Database, seed: int) -> None:
    """Store a history in three orders, roll up at random moments and repeatedly, and compare with the oracle."""
    random = Random(seed)
    frames = history(random)
    results: list[Expected] = []
    for order in ("time", "shuffled", "blocks"):
        empty(server)
        todo = shuffled(frames, random, order)
        with contextlib.closing(FrameStore(database)) as store, contextlib.closing(database.connect()) as connection:
            waiting: set[object] = set()
            while todo:
                size = random.choice([1, 5, 50, 300])
                batch, todo = todo[:size], todo[size:]
                assert set(store.write(batch).reasons) == {None}
                waiting |= set(hours_of(batch))
                if random.random() < 0.15 or not todo:
                    work = list(waiting) * random.choice([1, 1, 2])
                    random.shuffle(work)
                    roll(connection, work)  # type: ignore[arg-type]
                    waiting.clear()
        results.append(assert_as_expected(database, frames))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("seed", range(1, 3))
def test_rollups_equal_a_sum_over_all_frames_in_any_order(database: Server, tables: Database, seed: int) -> None:
    check_history(database, tables, seed)
