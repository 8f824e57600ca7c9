"""A broker, a database and storers that run, and a crowd of meters whose frames they store."""

import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.bench.bare_client import Confirmed, Publisher
from tests.bench.crowd import Crowd
from tests.bench.process import resident, usage
from tests.bench.rig import rig
from tests.support.servers import Broker, Database

# Seconds of frames, at most, that wait for their confirmation. Those of many meters are confirmed after five seconds,
# with batch.wait after seven: the generator is not to wait for that.
_WAITING = 12
_GRAIN = 0.01  # seconds; the messages of such a piece are sent together


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored, and what it cost each kind of process: seconds of CPU, MB."""

    frames: int
    seconds: float
    cpu: dict[str, float]
    memory: dict[str, float]

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds

    def cost(self, process: str) -> float:
        """Return the microseconds of CPU time that a frame costs a kind of process."""
        return self.cpu[process] / self.frames * 1e6


class Cell:
    """Frames are published to it as fast as the meters make them, and confirmations counted."""

    def __init__(
        self,
        crowd: Crowd,
        stack: contextlib.ExitStack,
        *,
        storers: int = 1,
        block: int = 1,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Start it. `block`: frames of a message; `settings`: more of the storers' configuration."""
        place = stack.enter_context(rig())
        self._crowd, self._block = crowd, block
        self.database = place.database()
        share = "bench" if storers > 1 else None
        names = [f"bench-{number}" for number in range(storers)]
        self.storers = [place.storer(self.database, name=name, share=share, **settings or {}) for name in names]
        for storer in self.storers:  # one after the other: the first makes the tables
            storer.start().wait_for_log("Ready", "Connected to the broker")
        self.broker = place.broker
        self._publisher = stack.enter_context(Publisher(place.broker.port))
        self._confirmed = stack.enter_context(Confirmed(place.broker.port))
        self._sent = 0  # frames
        self._number = 0  # of the next message, since the meters began
        self._began: tuple[datetime, float] | None = None  # by the clock and monotonic

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

    def send(self, seconds: float) -> Stored:
        """Send a frame a second of each meter, as long as not too many wait; return what was stored meanwhile."""
        start, began = self._began = self._began or (datetime.now(UTC), time.monotonic())
        already, before, begun = self._rows(), self.cpu(), time.monotonic()
        while (now := time.monotonic()) - begun < seconds:
            due = int((now - began) * self._crowd.meters) // self._block
            room = (self._confirmed.count + _WAITING * self._crowd.meters - self._sent) // self._block
            for _ in range(min(due - self._number, room)):
                self._publisher.publish(*self._message(start, self._number))
                self._number += 1
                self._sent += self._block
            self._publisher.flush()
            time.sleep(_GRAIN)
        elapsed = time.monotonic() - begun
        stored = self._rows() - already
        spent = {name: each - before[name] for name, each in self.cpu().items()}
        memory = {name: sum(map(resident, pids)) for name, pids in self._pids().items()}
        return Stored(stored, elapsed, spent, memory)

    def check(self) -> None:
        """Wait until all is stored; there must be a row for each frame."""
        self._confirmed.wait(self._sent)
        rows = self._rows()
        assert rows == self._sent, f"{rows} rows of {self._sent} frames"

    def cpu(self) -> dict[str, float]:
        """Return the seconds of CPU time of each kind of process since its start."""
        return {name: sum(usage(pid).cpu for pid in pids) for name, pids in self._pids().items()}

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


def _pid(server: Broker | Database) -> int:
    assert server.process is not None
    return server.process.pid
