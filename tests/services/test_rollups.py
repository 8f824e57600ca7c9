"""The rollups equal what a plain sum over all frames says.

Whatever the order in which frames come; and in the whole control loop on a made-up clock: live, late and early frames,
two storers, crashes, a lease that moves.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from storer.frames.store import FrameStore
from storer.rollups.scheduler import MINUTE, RollupScheduler
from tests.support.rollup_oracle import Expected
from tests.support.rollups import (
    HOUR,
    NIGHT,
    Crash,
    FragileConnection,
    MadeUpMeter,
    assert_as_expected,
    assert_sums,
    empty,
    history,
    hours_of,
    moved,
    roll,
    shuffled,
    stored,
)
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

START = NIGHT + timedelta(minutes=30)


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


class Storer:
    """One of two storers: its store, its scheduler, and a clock that differs from the other's."""

    def __init__(self, database: Database, name: str, clock: "Clock") -> None:
        self.database, self.name, self.clock = database, name, clock
        self.skew = timedelta(0)
        self.crashes = 0
        self.store = FrameStore(database, name, self.now)
        self.start()

    def now(self) -> datetime:
        return self.clock.now + self.skew

    def start(self) -> None:
        self.connection = FragileConnection(self.database)
        self.scheduler = RollupScheduler(self.connection, self.name, now=self.now)

    def stop(self) -> None:
        self.connection.close()
        self.store.close()

    def run(self, crash_after: int | None) -> None:
        self.connection.left = crash_after
        try:
            if self.scheduler.run():
                self.scheduler.rebuild()
        except Crash:
            self.crashes += 1
            self.start()
        self.connection.left = None


class Clock:
    """The real time of the made-up world."""

    def __init__(self) -> None:
        self.now = START


@contextlib.contextmanager
def storers(database: Database) -> Iterator[tuple[Clock, Storer, Storer]]:
    clock = Clock()
    pair = Storer(database, "one", clock), Storer(database, "two", clock)
    try:
        yield clock, *pair
    finally:
        for storer in pair:
            storer.stop()


def check_loop(database: Database, seed: int, every: int = 20) -> int:
    """Live through some hours with two storers; compare with the oracle; return how often one was killed."""
    frames, crashes = live(database, seed, every)
    assert_as_expected(database, frames)
    return crashes


def live(database: Database, seed: int, every: int = 20, *, set_back: bool = False) -> tuple[list[Frame], int]:
    """Live through some hours with two storers, one killed now and then; return all frames, and how often it was.

    `set_back`: the clocks of the readers are set back, too.
    """
    random = Random(seed)
    meters = [MadeUpMeter(f"03196100000{number}", random) for number in (1, 2)]
    offset = dict.fromkeys(meters, timedelta(0))  # of a reader's clock
    held: dict[MadeUpMeter, datetime | None] = dict.fromkeys(meters)  # until when the line to the storers is broken
    waiting: list[tuple[datetime, Frame]] = []
    everything: list[Frame] = []
    with storers(database) as (clock, one, two):
        end = START + random.choice([2, 3]) * HOUR
        while clock.now < end:
            clock.now += timedelta(seconds=every)
            for meter in meters:
                if random.random() < 0.004:
                    minutes = random.choice([0, 0, 20, -90, 4])
                    offset[meter] = (
                        timedelta(minutes=minutes) if set_back else max(offset[meter], timedelta(minutes=minutes))
                    )
                until = held[meter]
                if until is None and random.random() < 0.008:
                    held[meter] = clock.now + timedelta(minutes=random.choice([1, 4, 6, 14, 17, 60, 100]))
                elif until is not None and clock.now > until:
                    held[meter] = None
                at = clock.now + timedelta(microseconds=random.randrange(10**6))
                frame = moved(meter.frame(at, every), offset[meter])
                everything.append(frame)
                waiting.append((held[meter] or clock.now, frame))
            due = [frame for when, frame in waiting if when <= clock.now]
            waiting = [(when, frame) for when, frame in waiting if when > clock.now]
            random.shuffle(due)
            for part in (due[::2], due[1::2], due if random.random() < 0.1 else []):
                if part:
                    assert set(random.choice([one, two]).store.write(part).reasons) == {None}
            if random.random() < 0.006:
                one.skew, two.skew = (timedelta(seconds=random.randrange(-150, 150)) for _ in "12")
            if clock.now.second < every:
                for storer in random.sample([one, two], 2):
                    storer.run(random.randrange(60) if random.random() < 0.1 else None)
            if random.random() < 0.004:
                random.choice([one, two]).start()
        if waiting:
            one.store.write([frame for _, frame in waiting])
        for _ in range(30):  # by then whatever lease is left has ended, and each minute is final
            clock.now += MINUTE
            one.run(None)
            two.run(None)
        crashes = one.crashes + two.crashes
    assert query(database, "SELECT COUNT(*) FROM late_hours WHERE waiting = 1") == [(0,)]
    assert query(database, "SELECT COUNT(*) FROM rollup_state WHERE rebuild_from IS NOT NULL") == [(0,)]
    return everything, crashes


def check_rebuilt(database: Database, seed: int) -> None:
    """The same with clocks that are set back, compared with what a rebuild makes.

    Not with the oracle: where frames of two clocks are mixed in an hour in which the contract changes as well, it
    counts some of the overlap otherwise.
    """
    frames, _ = live(database, seed, set_back=True)
    left = stored(database)
    assert_sums(left)
    with contextlib.closing(database.connect()) as connection:
        roll(connection, hours_of(frames), always_judge=True)
    again = stored(database)
    assert (left.minutes, left.hours, left.breaks) == (again.minutes, again.hours, again.breaks)


@pytest.mark.parametrize("seed", [1])
def test_two_storers_that_are_killed_and_have_clocks_of_their_own_miss_nothing(tables: Database, seed: int) -> None:
    assert check_loop(tables, seed) > 0
