"""What many meters cost: frames stored a second, CPU a frame, memory, the start; and what a second storer is worth."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.bench.bare_client import Confirmed, Publisher
from tests.bench.cpu_limit import cpu_limit
from tests.bench.crowd import Crowd
from tests.bench.figures import Disturbed, Row, Target, in_turn, not_measured
from tests.bench.options import Options
from tests.bench.process import resident, usage
from tests.bench.report import Section
from tests.bench.rig import rig
from tests.support.servers import Broker, Database

_HOW = """\
Meters that each send a frame a second, for a minute: a message a frame, or what delivery.batch makes of it. No more is
published than what the meters make within twelve seconds before it is confirmed, so where fewer frames are stored than
offered, the figure is what this machine can do. Stored is what has a row. CPU times are of all threads, and of both
storers. The start: the first frame of each meter, until all are confirmed; then the same to a storer that starts, and
knows none of them yet. Two storers against one: each may use a fifth of a core, with one and with two, so that neither
broker nor database is the limit; they are offered more than they can store, for a minute: one run of the rollups."""
# Seconds of frames, at most, that wait for their confirmation. Those of many meters are confirmed after five seconds,
# with batch.wait after seven: the generator is not to wait for that.
_WAITING = 12
_GRAIN = 0.01  # seconds; the messages of such a piece are sent together
_BLOCK = 30  # frames of a message with delivery.batch: 30s
_START_WITHIN = 10.0  # seconds, for 10,000 meters
_LIMIT = 0.2  # cores of a storer
_WORTH = 1.7  # times what one storer stores, by two
_LIMITED_METERS, _LIMITED_FOR, _LIMITED_WARM_UP = 8_000, 60, 5  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """How frames come, and who stores them."""

    name: str
    storers: int = 1
    block: int = 1  # frames of a message
    settings: dict[str, Any] = field(default_factory=dict)


_VARIANTS = (
    _Variant(name="one storer"),
    _Variant(name="one storer, batch: {size: 5000, wait: 2s}", settings={"batch": {"size": 5000, "wait": "2s"}}),
    _Variant(name="two that share", storers=2),
    _Variant(name=f"one storer, delivery.batch: {_BLOCK}s", block=_BLOCK),
)


def measure(options: Options) -> Section:
    """Measure each number of meters; then two storers against one."""
    seconds = 6 if options.quick else options.seconds
    rows: list[Row] = []
    for meters in (200,) if options.quick else options.meters:
        crowd = Crowd(meters)
        for variant in _VARIANTS:
            rows += _measure(crowd, variant, seconds)
    return Section("scale", _HOW, [*rows, _two_against_one(1 if options.quick else 2)])


class _Cell:
    """A broker, a database and storers that run; frames are published, and confirmations counted."""

    def __init__(self, crowd: Crowd, variant: _Variant, stack: contextlib.ExitStack) -> None:
        place = stack.enter_context(rig())
        self._crowd, self._block = crowd, variant.block
        self.database = place.database()
        share = "bench" if variant.storers > 1 else None
        names = [f"bench-{number}" for number in range(variant.storers)]
        self.storers = [place.storer(self.database, name=name, share=share, **variant.settings) for name in names]
        for storer in self.storers:  # one after the other: the first makes the tables
            storer.start().wait_for_log("Ready", "Connected to the broker")
        self.broker = place.broker
        self._publisher = stack.enter_context(Publisher(place.broker.port))
        self._confirmed = stack.enter_context(Confirmed(place.broker.port))
        self._sent = 0

    def first_frames(self, *, restart: bool = False) -> float:
        """Send a frame of each meter; return how many seconds it takes to store them, with `restart` from its start."""
        start, begun = datetime.now(UTC), time.monotonic()
        if restart:
            self.storers[0].stop()
            begun = time.monotonic()
        for number in range(self._crowd.meters):
            self._publisher.publish(*self._crowd.frame(start, number))
        self._publisher.flush()
        if restart:
            self.storers[0].start()
        self._sent += self._crowd.meters
        self._confirmed.wait(self._sent)
        return time.monotonic() - begun

    def send(self, seconds: float) -> "_Result":
        """Send a frame a second of each meter, as long as not too many wait; return what was stored meanwhile."""
        already, sent, number = self._rows(), self._sent, 0
        before, start, begun = self.cpu(), datetime.now(UTC), time.monotonic()
        while (now := time.monotonic() - begun) < seconds:
            due = int(now * self._crowd.meters) // self._block
            room = (self._confirmed.count + _WAITING * self._crowd.meters - self._sent) // self._block
            for _ in range(min(due - number, room)):
                self._publisher.publish(*self._message(start, number))
                number += 1
            self._sent = sent + number * self._block
            self._publisher.flush()
            time.sleep(_GRAIN)
        elapsed = time.monotonic() - begun
        stored = self._rows() - already
        spent = {name: each - before[name] for name, each in self.cpu().items()}
        memory = {name: sum(map(resident, pids)) for name, pids in self._pids().items()}
        return _Result(stored, elapsed, spent, memory)

    def check(self) -> None:
        """Wait until all is stored; there must be a row for each frame."""
        self._confirmed.wait(self._sent)
        rows = self._rows()
        assert rows == self._sent, f"{rows} rows of {self._sent} frames"

    def _rows(self) -> int:
        """Return how many frames are stored. Confirmations are gathered for up to five seconds, so they do not tell."""
        return int(self.database.sql(f"SELECT COUNT(*) FROM {self.database.name}.frames"))

    def _message(self, start: datetime, number: int) -> tuple[str, bytes]:
        if self._block == 1:
            return self._crowd.frame(start, number)
        return self._crowd.block(start, number, self._block)

    def _pids(self) -> dict[str, list[int]]:
        storers = [storer.pid for storer in self.storers]
        return {"storer": storers, "broker": [_pid(self.broker)], "database": [_pid(self.database)]}

    def cpu(self) -> dict[str, float]:
        """Return the seconds of CPU time of each kind of process since its start."""
        return {name: sum(usage(pid).cpu for pid in pids) for name, pids in self._pids().items()}


@dataclass(frozen=True, slots=True)
class _Result:
    """What was stored, and what it cost each kind of process: seconds of CPU, MB."""

    stored: int
    seconds: float
    cpu: dict[str, float]
    memory: dict[str, float]

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.stored / self.seconds


def _measure(crowd: Crowd, variant: _Variant, seconds: int) -> Iterator[Row]:
    what = f"{crowd.meters:,} meters, {variant.name}"
    with contextlib.ExitStack() as stack:
        cell = _Cell(crowd, variant, stack)
        new = cell.first_frames()
        restarted = cell.first_frames(restart=True) if variant is _VARIANTS[0] else None
        start = cell.cpu()["storer"]
        result = cell.send(seconds)
        cell.check()
    yield Row(what=what, unit="frames/s stored", ours=[result.rate], note=f"of {crowd.meters:,} offered")
    for name, spent in result.cpu.items():
        yield Row(what=f"… {name}", unit="µs of CPU a frame", ours=[spent / result.stored * 1e6])
    for name, memory in result.memory.items():
        yield Row(what=f"… memory of {name}", unit="MB", ours=[memory])
    yield Row(what="… first frame of each meter stored", unit="s", ours=[new])
    if restarted is not None:
        target = Target("≤", _START_WITHIN)
        yield Row(what="… the same, by a storer that starts", unit="s", ours=[restarted], target=target)
        yield Row(what="… its CPU time until then", unit="s", ours=[start])


def _two_against_one(rounds: int) -> Row:
    what, target = f"two storers that share, each {_LIMIT} of a core", Target("≥", _WORTH)
    crowd = Crowd(_LIMITED_METERS)
    try:
        one, two = in_turn(rounds, *(_limited(crowd, storers) for storers in (1, 2)))
    except Disturbed as error:
        return not_measured(what, str(error), target=target)
    return Row(what=what, unit="frames/s stored", ours=two, against="one of them", theirs=one, target=target)


def _limited(crowd: Crowd, storers: int) -> Callable[[], float]:
    """Return a measurement of the frames a second that so many storers store, with little CPU each."""

    def work() -> float:
        with contextlib.ExitStack() as stack:
            groups = [stack.enter_context(cpu_limit(_LIMIT)) for _ in range(storers)]
            cell = _Cell(crowd, _Variant(name="", storers=storers), stack)
            cell.first_frames()
            for group, storer in zip(groups, cell.storers, strict=True):
                group.write_text(str(storer.pid))
            cell.send(_LIMITED_WARM_UP)
            result = cell.send(_LIMITED_FOR)
            cell.check()
        used = result.cpu["storer"] / result.seconds
        if used < 0.8 * _LIMIT * storers:
            raise Disturbed(f"{storers} of them used {used:.2f} cores: something else was the limit")
        return result.rate

    return work


def _pid(server: Broker | Database) -> int:
    assert server.process is not None
    return server.process.pid
