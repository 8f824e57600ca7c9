"""A delivery over real folders with a fake broker and a clock set by hand, for the tests of this package."""

import errno
import itertools
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from common.contract.block import split_block
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import Journal
from reader.buffer.spool import LONGEST_BLOCK, Block, Spool
from reader.delivery.confirmation import STORERS, Storers
from reader.delivery.delivery import Delivery
from reader.delivery.replay import BLOCK_WINDOW

METER = "031961123456"
NOON = 1_790_000_000_000_000 // HOUR * HOUR

SECOND = 1_000_000
FRAME, REPLAY, TALLY = (f"teleinfo/{METER}/{name}" for name in ("frame", "replay", "tally"))
#: Items in flight on `replay`: the window is checked before a whole block is sent.
FULLEST = BLOCK_WINDOW - 1 + LONGEST_BLOCK
REFUSED = 0x87  # not authorised


@dataclass(frozen=True)
class Sent:
    """A message that was published."""

    token: PublishToken
    topic: str
    payload: bytes | str


class Broker:
    """Records what is published; tests decide what it answers, and when."""

    def __init__(self) -> None:
        self.up = False
        self.max_packet_size = math.inf
        self.connection = 0
        self.reconnects = 0
        self.sent: list[Sent] = []
        self.subscribed: list[str] = []

    def subscribe(self, filters: Iterable[str]) -> None:
        self.subscribed += [name for name in filters if name not in self.subscribed]

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        assert not retain
        if not self.up:
            return None
        token = PublishToken(self.connection, len(self.sent) + 1)
        self.sent.append(Sent(token, topic, payload))
        return token

    def reconnect(self) -> None:
        self.reconnects += 1


class Killed(BaseException):
    """The program was killed."""


class Disk(Spool):
    """A spool on a disk that can fail, and during whose work the program can be killed."""

    broken = killing = False
    unreadable: Callable[[Block], bool] = staticmethod(lambda block: False)
    tries = 0

    def append(self, items: Iterable[Item]) -> None:
        self.tries += 1
        if self.broken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().append(items)
        if self.killing:
            raise Killed

    def read(self, block: Block) -> list[Item]:
        if self.broken or self.unreadable(block):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(block)


#: What a test has started; conftest.py closes its files.
STARTED: list["Reader"] = []


class Reader:
    """A delivery over folders, its clock, and its broker; after each step every frame is in exactly one counter."""

    def __init__(
        self,
        folder: Path,
        *,
        confirmed_by: str = "auto",
        max_size: int = 64_000_000,
        disk: bool = True,
        connected: bool = True,
    ) -> None:
        self.folder = folder
        self.wanted = confirmed_by
        self.max_size = max_size
        self.with_disk = disk
        self.now = 1000.0
        self.broker = Broker()
        self.numbers = itertools.count()
        self.accepted: dict[int, float] = {}  # by key, when
        self.recovered: dict[int, Item] = {}
        self.start()
        if connected:
            self.connect()

    def start(self) -> None:
        STARTED.append(self)
        self.storers = Storers(self.wanted, self.folder / "spool" / STORERS)
        self.journal = Journal(self.folder / "journal", "pi")
        self.recovered = self.journal.open()
        self.disk = Disk(self.folder / "spool", max_size=self.max_size)
        self.disk.open()
        spool = self.disk if self.with_disk else None
        self.delivery = Delivery(self.broker, Topics("teleinfo"), self.storers, self.journal, spool)
        self.delivery.recover(self.recovered, self.now)
        self.check()

    def stop(self) -> None:
        self.delivery.close(self.now)
        self.broker.up = False

    def kill(self) -> None:
        """Let go of the files as the kernel does; nothing is brought anywhere."""
        self.journal.close()
        self.disk.close()
        self.broker.up = False

    def restart(self, *, killed: bool = False) -> None:
        if killed:
            self.kill()
        else:
            self.stop()
        self.start()

    def check(self) -> None:
        counts = self.delivery.report()
        ends = ("confirmed", "rejected", "discarded", "accepted_by_broker", "pending")
        assert counts["decoded"] == sum(counts[end] for end in ends), counts
        assert all(counts[end] >= 0 for end in ends), counts
        assert 0 <= self.delivery.replaying <= FULLEST

    # What happens.

    def connect(self) -> None:
        self.broker.up = True
        self.broker.connection += 1
        self.delivery.connected()
        self.check()

    def disconnect(self) -> None:
        self.broker.up = False
        self.delivery.disconnected()
        self.check()

    def accept(self, item: Item) -> Item:
        if item.kind is ItemKind.FRAME:
            self.accepted[item.time_us] = self.now
        self.delivery.enqueue(item, self.now)
        self.check()
        return item

    def frame(self, size: int = 0) -> Item:
        number = next(self.numbers)
        text = os.urandom(size // 2).hex()
        return self.accept(
            Item(ItemKind.FRAME, METER, NOON + number * SECOND, b'{"n": %d, "x": "%b"}' % (number, text.encode()))
        )

    def frames(self, count: int, size: int = 0) -> list[Item]:
        return [self.frame(size) for _ in range(count)]

    def tally(self, frames: int, hour: int = NOON) -> Item:
        return self.accept(Item(ItemKind.TALLY, METER, hour, b'{"frames": %d}' % frames))

    def status(self, storer: str, status: str = "online", wait: float = 0.0) -> None:
        self.delivery.on_storer_status(storer, json.dumps({"status": status, "wait": wait}).encode())
        self.check()

    def forget(self, storer: str) -> None:
        self.delivery.on_storer_status(storer, b"")
        self.check()

    def confirm(self, items: Iterable[Item], storer: str = "main", *, rejected: bool = False) -> None:
        for kind, of_kind in itertools.groupby(items, lambda item: item.kind):
            self.delivery.confirm(storer, kind, METER, [item.time_us for item in of_kind], rejected=rejected)
            self.check()

    def answer(self, messages: Iterable[Sent], code: int = 0) -> None:
        for message in list(messages):
            self.delivery.on_puback(message.token, code, self.now)
            self.check()

    def tick(self) -> list[Sent]:
        """Return what was sent by it."""
        before = len(self.broker.sent)
        self.delivery.tick(self.now)
        self.check()
        return self.broker.sent[before:]

    def wait(self, seconds: float, step: float = 0.5) -> list[Sent]:
        """Let time pass, ticking; return what was sent meanwhile."""
        before, until = len(self.broker.sent), self.now + seconds
        while self.now < until:
            self.now = min(self.now + step, until)
            self.tick()
        return self.broker.sent[before:]

    # What there is.

    def __getitem__(self, name: str) -> int:
        count = self.delivery.report()[name]
        assert isinstance(count, int)
        return count

    @property
    def in_flight_full(self) -> bool:
        return self.delivery._in_flight.full

    @property
    def frames_on_disk(self) -> int:
        return self.disk.pending

    @property
    def on_disk(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "spool").iterdir() if path.is_file())

    @property
    def in_journal(self) -> int:
        """How many items would come back if the program were killed now."""
        with TemporaryDirectory() as folder:
            journal = Journal(Path(shutil.copytree(self.folder / "journal", Path(folder) / "journal")), "pi")
            items = journal.open()
            journal.close()
        return len(items)


def payloads(messages: Iterable[Sent], topic: str | None = None) -> list[bytes | str]:
    """Return the payloads of messages; of one with several frames, those of its frames."""
    return [payload for message in messages if topic in (None, message.topic) for payload in contents(message.payload)]


@lru_cache(10_000)
def contents(payload: bytes | str) -> tuple[bytes | str, ...]:
    if isinstance(payload, str) or not payload.startswith(b"["):
        return (payload,)
    return tuple(split_block(payload))


def is_block(message: Sent) -> bool:
    return isinstance(message.payload, bytes) and message.payload.startswith(b"[")


def of(items: Iterable[Item]) -> list[bytes | str]:
    return [item.payload for item in items]


def logged(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)
