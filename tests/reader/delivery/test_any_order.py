"""Everything that can happen to a delivery, in any order: no frame is lost or counted twice."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.mqtt.events import NOBODY_SUBSCRIBED
from reader.buffer.item import HOUR, Item, ItemKind
from reader.delivery.delivery import DISK_PAUSE
from reader.delivery.replay import CONFIRM_TIMEOUT, MAX_BACKOFF
from tests.reader.delivery.deliveries import (
    FRAME,
    METER,
    NOON,
    REFUSED,
    REPLAY,
    Killed,
    Reader,
    Sent,
    is_block,
    payloads,
)


class EverythingThatHappens(RuleBasedStateMachine):
    """What a storer holds it got by a message; so a frame that reaches none was lost here."""

    wanted: ClassVar[str] = "auto"
    names: ClassVar[tuple[str, ...]] = ("a", "b")
    without_blocks: ClassVar[tuple[str, ...]] = ()  # storers that no block reaches

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.reader = Reader(Path(self.folder.name), confirmed_by=self.wanted, connected=False)
        self.items: dict[bytes | str, Item] = {}
        self.held: dict[str, set[bytes | str]] = {name: set() for name in self.names}  # by the storers
        self.taken: set[bytes | str] = set()  # by the broker, when its word counted
        self.statuses: dict[str, str] = {}
        self.answered = 0
        self.looked_at = 0

    def safe(self, payload: bytes | str) -> bool:
        if payload in self.taken:
            return True
        return any(payload in self.held[name] for name in self.names)

    def take(self, item: Item) -> None:
        self.items[item.payload] = item

    @rule(count=st.sampled_from([1, 1, 2, 5, 150]), seconds=st.sampled_from([0, 1, 1.5]))
    def accept(self, count: int, seconds: float) -> None:
        for _ in range(count):
            before, live_now = len(self.reader.broker.sent), self.reader.broker.up and not self.reader.in_flight_full
            item = self.reader.frame()
            self.take(item)
            live = self.reader.broker.sent[before:]
            assert [(sent.topic, sent.payload) for sent in live] == [(FRAME, item.payload)] * live_now
            self.looked_at = len(self.reader.broker.sent)
            self.reader.now += seconds

    @rule(hour=st.integers(0, 2))
    def tell(self, hour: int) -> None:
        self.take(self.reader.tally(len(self.items), NOON + hour * HOUR))

    @precondition(lambda self: self.reader.broker.sent)
    @rule(data=st.data(), count=st.integers(1, 200), name=st.sampled_from(("a", "b")), rejected=st.booleans())
    def confirm(self, data: st.DataObject, count: int, name: str, rejected: bool) -> None:
        sent = self.reader.broker.sent
        start = data.draw(st.integers(0, len(sent) - 1))
        chosen = sent[start : start + count]
        if data.draw(st.booleans()):
            chosen = chosen[::-2]
        self.store(chosen, name, rejected=rejected)

    def store(self, messages: list[Sent], name: str, *, rejected: bool = False) -> None:
        if name in self.without_blocks:
            messages = [message for message in messages if not is_block(message)]
        self.held[name] |= {*payloads(messages)}
        self.reader.confirm((self.items[payload] for payload in payloads(messages)), name, rejected=rejected)

    @rule(name=st.sampled_from(("a", "b", "nobody")), key=st.integers(-(2**70), 2**70))
    def confirm_unknown(self, name: str, key: int) -> None:
        if name in self.names:
            self.reader.confirm([Item(ItemKind.FRAME, METER, key, b"")], name)

    @precondition(lambda self: self.reader.broker.sent)
    @rule(data=st.data(), count=st.integers(1, 300), code=st.sampled_from([0, 0, NOBODY_SUBSCRIBED, 0x80, REFUSED]))
    def answer(self, data: st.DataObject, count: int, code: int) -> None:
        start = data.draw(st.integers(0, len(self.reader.broker.sent) - 1))
        self.puback(self.reader.broker.sent[start : start + count], code)

    def puback(self, messages: list[Sent], code: int = 0) -> None:
        if self.reader.storers.puback_suffices and code < 0x80:
            current = self.reader.broker.connection if self.reader.broker.up else -1
            self.taken |= {*payloads(message for message in messages if message.token.connection == current)}
        self.reader.answer(messages, code)

    @precondition(lambda self: not self.reader.broker.up)
    @rule()
    def connect(self) -> None:
        self.reader.connect()
        for name, status in self.statuses.items():  # they are retained
            self.reader.status(name, status)

    @precondition(lambda self: self.reader.broker.up)
    @rule(tell=st.booleans())
    def disconnect(self, tell: bool) -> None:
        self.reader.broker.up = False
        self.reader.tick()  # before the event arrives
        self.reader.disconnect()

    @precondition(lambda self: self.reader.broker.up)
    @rule(name=st.sampled_from(("a", "b")), status=st.sampled_from(["online", "online", "stalled", "offline"]))
    def status(self, name: str, status: str) -> None:
        self.statuses[name] = status
        self.reader.status(name, status)

    @precondition(lambda self: self.reader.broker.up)
    @rule(name=st.sampled_from(("a", "b")))
    def forget(self, name: str) -> None:
        self.statuses.pop(name, None)
        self.reader.forget(name)

    @rule(seconds=st.sampled_from([0.5, 5, 31, 61, 650]), ticks=st.integers(1, 5))
    def wait(self, seconds: float, ticks: int) -> None:
        for _ in range(ticks):
            self.reader.now += seconds
            self.reader.tick()

    @rule()
    def tick(self) -> None:
        self.reader.tick()

    @rule(broken=st.booleans())
    def disk(self, broken: bool) -> None:
        self.reader.disk.broken = broken

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        self.reader.restart(killed=killed)

    @precondition(lambda self: not self.reader.delivery.is_empty)
    @rule()
    def kill_while_spilling(self) -> None:
        self.reader.disk.killing = True
        self.reader.disk.broken = False
        with pytest.raises(Killed):
            self.reader.delivery.flush(self.reader.now + 10 * DISK_PAUSE)
        self.reader.restart(killed=True)

    @invariant()
    def each_frame_is_in_one_counter(self) -> None:
        self.reader.check()

    @invariant()
    def what_nobody_has_waits(self) -> None:
        unsafe = sum(item.kind is ItemKind.FRAME and not self.safe(item.payload) for item in self.items.values())
        assert self.reader["pending"] >= unsafe
        assert self.reader["discarded"] == 0

    @invariant()
    def nothing_old_is_live_and_nothing_is_sent_to_nobody(self) -> None:
        new = self.reader.broker.sent[self.looked_at :]
        self.looked_at = len(self.reader.broker.sent)
        assert FRAME not in {sent.topic for sent in new}
        if REPLAY in {sent.topic for sent in new} and not self.reader.storers.puback_suffices:
            assert self.reader.storers.online

    def teardown(self) -> None:
        if not hasattr(self, "reader"):
            return
        try:
            self.heal()
        finally:
            self.reader.kill()
            self.folder.cleanup()

    def heal(self) -> None:
        reader = self.reader
        reader.disk.broken = False
        if not reader.broker.up:
            reader.connect()
        reader.status(self.names[0])
        self.puback(reader.broker.sent)
        at = len(reader.broker.sent)
        for _ in range(400):
            if reader.delivery.is_empty and reader.on_disk == []:
                break
            reader.now += CONFIRM_TIMEOUT
            reader.tick()
            new, at = reader.broker.sent[at:], len(reader.broker.sent)
            self.puback(new)
            for name in self.names:
                self.store(new, name)
        assert reader.delivery.is_empty
        assert reader.on_disk == []
        assert reader["pending"] == 0
        assert all(self.safe(item.payload) for item in self.items.values() if item.kind is ItemKind.FRAME)
        reader.tick()
        reader.wait(MAX_BACKOFF, CONFIRM_TIMEOUT)
        assert reader.delivery.replaying == 0
        assert reader.in_journal == 0


class EverythingByTheBroker(EverythingThatHappens):
    wanted = "broker"


class EverythingWithoutBlocks(EverythingThatHappens):
    without_blocks = ("a", "b")


for _machine in (
    EverythingThatHappens,
    EverythingByTheBroker,
    EverythingWithoutBlocks,
):
    _machine.TestCase.settings = settings(max_examples=40, stateful_step_count=40)

TestAuto = EverythingThatHappens.TestCase
TestByTheBroker = EverythingByTheBroker.TestCase
TestWithoutBlocks = EverythingWithoutBlocks.TestCase
