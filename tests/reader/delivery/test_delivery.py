"""The delivery: a frame is here until somebody has it, whatever the broker, the storers, the disk and kills do."""

import errno
import itertools
import json
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.frame import format_time
from common.mqtt.events import NOBODY_SUBSCRIBED, PublishToken
from common.topics import Topics
from reader.buffer.item import HOUR, Item, Kind, from_micros
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from reader.buffer.spool_block import LONGEST_BLOCK
from reader.buffer.spool_index import Block
from reader.delivery.delivery import (
    DISK_PAUSE,
    JOURNAL_SIZE,
    KEPT_AGE,
    MEMORY_SIZE,
    SPILL_AGE,
    Delivery,
)
from reader.delivery.in_flight import ANSWER_TIMEOUT, MAX_IN_FLIGHT, MOST_UNANSWERED
from reader.delivery.replay import CONFIRM_TIMEOUT, MAX_BACKOFF, REPLAY_WINDOW
from reader.delivery.storers import STORERS, Storers

METER = "031961123456"
NOON = 1_790_000_000_000_000 // HOUR * HOUR
SECOND = 1_000_000
FRAME, REPLAY, TALLY = (f"teleinfo/{METER}/{name}" for name in ("frame", "replay", "tally"))
FULLEST = (
    REPLAY_WINDOW - 1 + LONGEST_BLOCK
)  # items being sent again: the window is looked at before a whole block is sent
REFUSED = 0x87  # not authorised


@dataclass(frozen=True)
class Sent:
    """A message that the broker was handed."""

    handed: PublishToken
    topic: str
    payload: bytes | str


class Broker:
    """Writes down what it is handed; what it answers, and when, is the test's business."""

    def __init__(self) -> None:
        self.there = False
        self.connection = 0
        self.reconnects = 0
        self.sent: list[Sent] = []

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        assert not retain
        if not self.there:
            return None
        handed = PublishToken(self.connection, len(self.sent) + 1)
        self.sent.append(Sent(handed, topic, payload))
        return handed

    def reconnect(self) -> None:
        self.reconnects += 1


class Killed(BaseException):
    """The program is no more."""


class Disk(Spool):
    """A spool on a disk that can fail, and during whose work the program can be killed."""

    broken = killing = False
    unreadable: Callable[[Block], bool] = staticmethod(lambda block: False)
    tries = 0

    def append(self, items: Sequence[Item]) -> None:
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


class Reader:
    """A delivery over folders, its clock, and its broker; after each step every frame is in exactly one counter."""

    def __init__(
        self,
        folder: Path,
        *,
        confirmed_by: str | tuple[str, ...] = "auto",
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
        self.left: list[Item] = []
        self.start()
        if connected:
            self.connect()

    def start(self) -> None:
        self.confirmers = Storers(self.wanted, self.folder / "spool" / STORERS)
        self.journal = Journal(self.folder / "journal", "pi")
        self.left = self.journal.open()
        self.disk = Disk(self.folder / "spool", max_size=self.max_size)
        self.disk.open()
        spool = self.disk if self.with_disk else None
        self.delivery = Delivery(self.broker, Topics("teleinfo"), self.confirmers, self.journal, spool)
        self.delivery.recover(self.left, self.now)
        self.check()

    def stop(self) -> None:
        self.delivery.close(self.now)
        self.broker.there = False

    def kill(self) -> None:
        """Let go of the files as the kernel does; nothing is brought anywhere."""
        self.journal.close()
        self.disk.close()
        self.broker.there = False

    def restart(self, *, killed: bool = False) -> None:
        if killed:
            self.kill()
        else:
            self.stop()
        self.start()

    def check(self) -> None:
        counts = self.delivery.report()
        ends = ("confirmed", "rejected", "thinned", "handed_over", "waiting")
        assert counts["decoded"] == sum(counts[end] for end in ends), counts
        assert all(counts[end] >= 0 for end in ends), counts
        assert 0 <= self.delivery.in_flight <= FULLEST

    # What happens.

    def connect(self) -> None:
        self.broker.there = True
        self.broker.connection += 1
        self.delivery.connected()
        self.check()

    def disconnect(self) -> None:
        self.broker.there = False
        self.delivery.disconnected()
        self.check()

    def accept(self, item: Item) -> Item:
        if item.kind is Kind.FRAME:
            self.accepted[item.time_us] = self.now
        self.delivery.enqueue(item, self.now)
        self.check()
        return item

    def frame(self, size: int = 0) -> Item:
        number = next(self.numbers)
        text = os.urandom(size // 2).hex()
        return self.accept(
            Item(Kind.FRAME, METER, NOON + number * SECOND, b'{"n": %d, "x": "%b"}' % (number, text.encode()))
        )

    def frames(self, count: int, size: int = 0) -> list[Item]:
        return [self.frame(size) for _ in range(count)]

    def tally(self, frames: int, hour: int = NOON) -> Item:
        return self.accept(Item(Kind.TALLY, METER, hour, b'{"frames": %d}' % frames))

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
            self.delivery.on_puback(message.handed, code, self.now)
            self.check()

    def pump(self) -> list[Sent]:
        """Return what was sent by it."""
        before = len(self.broker.sent)
        self.delivery.tick(self.now)
        self.check()
        return self.broker.sent[before:]

    def wait(self, seconds: float, step: float = 0.5) -> list[Sent]:
        """Let time pass, pumping; return what was sent meanwhile."""
        before, until = len(self.broker.sent), self.now + seconds
        while self.now < until:
            self.now = min(self.now + step, until)
            self.pump()
        return self.broker.sent[before:]

    # What there is.

    def __getitem__(self, name: str) -> int:
        count = self.delivery.report()[name]
        assert isinstance(count, int)
        return count

    @property
    def cold(self) -> int:
        return self.disk.pending

    @property
    def on_disk(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "spool").iterdir() if path.is_file())

    @property
    def in_journal(self) -> int:
        return sum(path.stat().st_size for path in (self.folder / "journal").glob("*.journal"))


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader with a broker and no storer yet."""
    return Reader(tmp_path)


@pytest.fixture
def served(reader: Reader) -> Reader:
    """A reader whose storer is online."""
    reader.status("main")
    return reader


def payloads(messages: Iterable[Sent], topic: str | None = None) -> list[bytes | str]:
    return [message.payload for message in messages if topic in (None, message.topic)]


def of(items: Iterable[Item]) -> list[bytes | str]:
    return [item.payload for item in items]


def said(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


# --- while all is well -----------------------------------------------------------------------------------------------


def test_a_frame_is_published_at_once_on_frame_as_it_is(served: Reader) -> None:
    frame = served.frame()
    assert [(sent.topic, sent.payload) for sent in served.broker.sent] == [(FRAME, frame.payload)]


def test_what_is_confirmed_leaves_nothing_behind(served: Reader) -> None:
    written = os.stat(served.folder / "spool").st_mtime_ns
    for _ in range(300):
        frame = served.frame()
        served.answer(served.broker.sent[-1:])
        served.confirm([frame])
        assert served.delivery.is_empty
        assert served.in_journal == 0
        served.wait(1)
    assert (served["decoded"], served["confirmed"], served["waiting"]) == (300, 300, 0)
    assert len(served.broker.sent) == 300
    assert served.on_disk == []
    assert served.disk.tries == 0
    assert os.stat(served.folder / "spool").st_mtime_ns == written


def test_the_brokers_answer_is_not_a_confirmation_where_there_is_a_storer(served: Reader) -> None:
    served.frame()
    served.answer(served.broker.sent)
    assert not served.delivery.is_empty
    assert (served["waiting"], served["handed_over"]) == (1, 0)


def test_a_confirmation_counts_once_and_an_unknown_one_not_at_all(served: Reader) -> None:
    frame = served.frame()
    served.confirm([frame, frame])
    served.confirm([frame], rejected=True)
    served.confirm([Item(Kind.FRAME, METER, 5, b""), Item(Kind.TALLY, METER, 10**30, b"")])
    assert (served["confirmed"], served["rejected"]) == (1, 0)


def test_a_rejected_frame_ends_the_duty(served: Reader) -> None:
    hot, cold = served.frame(), served.frame()
    served.confirm([hot], rejected=True)
    served.wait(SPILL_AGE + 1)
    assert served.cold == 1
    served.confirm([cold], rejected=True)
    assert (served["rejected"], served["confirmed"], served["waiting"]) == (2, 0, 0)
    assert served.wait(2000, 10) == []
    assert served.on_disk == []


def test_a_frame_is_not_sent_live_when_the_broker_comes_later(reader: Reader) -> None:
    reader.status("main")
    reader.disconnect()
    frame = reader.frame()
    reader.connect()
    reader.status("main")
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload)]


def test_a_connection_that_answers_nothing_is_given_a_bounded_number(served: Reader) -> None:
    served.frames(MAX_IN_FLIGHT + 50)
    assert len(served.broker.sent) == MAX_IN_FLIGHT
    served.wait(SPILL_AGE + 2000, 10)
    assert len(served.broker.sent) == MAX_IN_FLIGHT
    served.answer(served.broker.sent)
    frame = served.frame()
    assert served.broker.sent[-1].payload == frame.payload


def test_a_storers_confirmation_frees_the_slot_that_the_brokers_answer_would(served: Reader) -> None:
    for _ in range(2 * MAX_IN_FLIGHT):
        frame = served.frame()
        assert served.broker.sent[-1].payload == frame.payload
        served.confirm([frame])
    served.frames(MAX_IN_FLIGHT)
    assert len(served.broker.sent) == 3 * MAX_IN_FLIGHT
    served.answer(served.broker.sent)  # late, and about nothing any more
    assert (served["confirmed"], served["handed_over"], served["waiting"]) == (2 * MAX_IN_FLIGHT, 0, MAX_IN_FLIGHT)


def test_a_broker_that_acknowledges_nothing_is_connected_to_afresh_after_a_minute_and_that_is_said_once(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    for reconnects in range(3):
        served.frames(MAX_IN_FLIGHT)
        served.pump()
        served.wait(ANSWER_TIMEOUT - 1)
        assert served.broker.reconnects == reconnects
        served.wait(1)
        assert served.broker.reconnects == reconnects + 1
        assert said(caplog, "acknowledge") == 1
        served.disconnect()
        served.connect()
        frame = served.frame()
        assert served.broker.sent[-1].payload == frame.payload  # live again


def test_what_a_broker_never_acknowledges_is_bounded_though_storers_confirm_it(served: Reader) -> None:
    """The client keeps each message in memory until the broker answers, and has numbers for 65,535."""
    for _ in range(MOST_UNANSWERED + 10):
        served.confirm([served.frame()])
    assert len(served.broker.sent) == MOST_UNANSWERED
    served.pump()
    served.wait(ANSWER_TIMEOUT)
    assert served.broker.reconnects == 1


def test_a_broker_that_is_only_slow_is_left_alone(served: Reader) -> None:
    served.frames(MAX_IN_FLIGHT)
    for number in range(20):
        served.wait(ANSWER_TIMEOUT - 1, 5)
        served.answer(served.broker.sent[number : number + 1])
        served.frame()
    assert served.broker.reconnects == 0
    for _ in range(2):  # but an answer about another message is no answer about these
        served.wait(ANSWER_TIMEOUT / 2 + 5, 5)
        served.delivery.on_puback(PublishToken(1, 1_000_000), 0, served.now)
    assert served.broker.reconnects == 1


def test_a_broker_that_is_away_is_not_called_slow(served: Reader) -> None:
    served.frames(MAX_IN_FLIGHT)
    served.pump()
    served.disconnect()
    served.wait(2 * ANSWER_TIMEOUT, 5)
    assert served.broker.reconnects == 0


# --- to the disk -----------------------------------------------------------------------------------------------------


def test_nothing_is_spilled_while_it_is_young(served: Reader) -> None:
    served.frame()
    served.wait(SPILL_AGE - 1)
    assert served.on_disk == []
    served.wait(1)
    assert len(served.on_disk) == 1
    assert (served.cold, served.in_journal, served["waiting"]) == (1, 0, 1)


def test_all_that_is_hot_is_spilled_with_the_oldest(served: Reader) -> None:
    served.frame()
    served.wait(SPILL_AGE - 1)
    served.frames(5)
    served.wait(1)
    assert served.cold == 6
    assert served.delivery.is_empty


def test_frames_may_wait_longer_for_a_storer_that_is_online_and_announces_it(served: Reader) -> None:
    served.confirm([served.frame()])
    served.status("main", wait=60.0)
    served.frame()
    served.wait(SPILL_AGE + 59)
    assert served.on_disk == []
    served.wait(1)
    assert served.cold == 1


@pytest.mark.parametrize("status", ["stalled", "offline"])
def test_the_announced_wait_of_a_storer_that_is_not_online_does_not_count(served: Reader, status: str) -> None:
    served.confirm([served.frame()])
    served.status("main", status, wait=60.0)
    served.frame()
    served.wait(SPILL_AGE)
    assert served.cold == 1


def test_the_announced_wait_of_a_storer_that_is_not_named_does_not_count(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by=("main",))
    reader.status("other", wait=600.0)
    reader.frame()
    reader.wait(SPILL_AGE)
    assert reader.cold == 1


def test_a_full_journal_is_spilled(served: Reader) -> None:
    served.status("main", wait=3600.0)
    while served.journal.size <= JOURNAL_SIZE:
        served.pump()
        assert served.cold == 0
        served.frame(200_000)
    served.pump()
    assert served.cold == len(served.accepted)
    assert served.in_journal == 0


def test_a_journal_that_cannot_be_written_is_full(served: Reader, caplog: pytest.LogCaptureFixture) -> None:
    append = served.journal.append

    def fail(item: Item) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    served.journal.append = fail  # type: ignore[method-assign]
    served.frames(3)
    assert payloads(served.broker.sent, FRAME)  # the live stream goes on
    assert said(caplog, "The journal cannot be written") == 1
    served.pump()
    assert served.cold == 3  # what is in memory only would not survive a kill
    served.journal.append = append  # type: ignore[method-assign]
    served.frame()
    served.pump()
    assert served.cold == 3


def test_a_journal_that_fails_now_and_then_is_said_once_and_its_recovery_once_it_lasts(
    served: Reader, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where others fill the memory it has room after each spill, for a second."""
    caplog.set_level(logging.INFO)
    append = served.journal.append

    def fail(item: Item) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for _ in range(2):
        caplog.clear()
        for number in range(600):
            monkeypatch.setattr(served.journal, "append", append if number % 2 else fail)
            served.confirm([served.frame()])
            served.wait(1)
        assert said(caplog, "The journal cannot be written") == 1
        assert said(caplog, "The journal can be written again") == 0
        for _ in range(700):
            served.confirm([served.frame()])
            served.wait(1)
        assert said(caplog, "The journal can be written again") == 1
    assert served.delivery.report()["journal"]["errors"] == 600


def test_a_broker_that_refuses_one_meter_and_takes_another_is_said_once(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        served.frame()
        served.answer(served.broker.sent[-1:], REFUSED if number % 2 else 0)
        served.wait(1)
    assert said(caplog, "The broker refuses frames") == 1


def test_what_is_hot_goes_to_the_disk_at_the_end(served: Reader) -> None:
    served.frames(3)
    served.stop()
    assert len(served.on_disk) == 1
    assert served.in_journal == 0
    served.start()
    assert (served.left, served.cold, served["recovered"]) == ([], 3, 3)


def test_at_the_end_the_disk_is_tried_even_if_it_failed_just_now(served: Reader) -> None:
    served.disk.broken = True
    served.frames(3)
    served.wait(SPILL_AGE)
    assert served.disk.tries == 1
    served.disk.broken = False
    served.restart()
    assert (served.left, served.cold) == ([], 3)


def test_what_the_disk_does_not_take_at_the_end_stays_in_the_journal(served: Reader) -> None:
    served.disk.broken = True
    frames = served.frames(3)
    served.restart()
    assert of(served.left) == of(frames)
    assert served["waiting"] == 3


def test_a_disk_that_fails_is_said_once_and_tried_again_after_a_pause(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    served.status("main", "stalled")
    served.disk.broken = True
    frames = served.frames(3)
    served.wait(SPILL_AGE + 4 * DISK_PAUSE)
    assert served.disk.tries == 5
    assert said(caplog, "The spool cannot be used: No space left on device") == 1
    assert (served["waiting"], served.cold) == (3, 0)
    assert served.delivery.report()["spool"]["errors"] == 5
    live = served.frame()
    assert served.broker.sent[-1].payload == live.payload
    served.disk.broken = False
    with caplog.at_level(logging.INFO):
        served.wait(DISK_PAUSE)
    assert said(caplog, "The spool can be used again") == 1
    assert served.cold == 4
    served.status("main")
    assert payloads(served.wait(CONFIRM_TIMEOUT), REPLAY) == of([*frames, live])


def test_without_a_working_disk_frames_are_replayed_from_memory(served: Reader) -> None:
    served.disk.broken = True
    frames = served.frames(3)
    served.wait(SPILL_AGE)
    served.confirm(frames[:2])
    assert set(payloads(served.wait(MAX_BACKOFF), REPLAY)) == {frames[2].payload}


@pytest.mark.parametrize("disk", [False, True])
@pytest.mark.parametrize("in_journal", [False, True])
def test_without_a_disk_memory_is_thinned_and_never_cut(
    tmp_path: Path, disk: bool, in_journal: bool, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(tmp_path, disk=disk)
    reader.status("main", "stalled")
    reader.disk.broken = True
    if not in_journal:

        def fail(item: Item) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        reader.journal.append = fail  # type: ignore[method-assign]
    size, fullest = 20_000, 0
    room = MEMORY_SIZE // size
    for _ in range(4 * room):
        reader.frame(size)
        reader.wait(3, 3)
        fullest = max(fullest, reader["waiting"])
        assert reader.in_journal <= 4 * JOURNAL_SIZE  # what was given up leaves holes
    assert fullest <= room + 1
    assert reader["waiting"] >= room // 2
    assert reader["thinned"] > 0
    assert said(caplog, "every other of the oldest is given up") == 1
    # What is left reaches back to the first, and is thinner the older it is.
    reader.status("main")
    numbers: list[int] = []
    while reader["waiting"]:
        messages = reader.wait(5, 1)
        came = [json.loads(message.payload)["n"] for message in messages]
        reader.answer(messages)
        reader.confirm([Item(Kind.FRAME, METER, NOON + number * SECOND, b"") for number in came])
        numbers += came
    assert min(numbers) == 0
    older, newer = (sum(low * room <= number < (low + 1) * room for number in numbers) for low in (2, 3))
    assert 0 < older < newer < room


def test_of_two_meters_each_is_thinned(tmp_path: Path) -> None:
    reader = Reader(tmp_path, disk=False)
    reader.status("main", "stalled")
    meters = ("A", "B")
    for number in range(2 * MEMORY_SIZE // 20_000):
        reader.accept(Item(Kind.FRAME, meters[number % 2], NOON + number * SECOND, b"%20000d" % number))
        reader.wait(3, 3)
    assert reader["thinned"] > 0
    reader.status("main")
    messages = reader.wait(CONFIRM_TIMEOUT)
    while reader.delivery.in_flight < reader["waiting"]:
        messages += reader.wait(1)
        for meter in meters:
            numbers = [int(message.payload) for message in messages if f"/{meter}/" in message.topic]
            reader.delivery.confirm("main", Kind.FRAME, meter, [NOON + number * SECOND for number in numbers])
    shares = [sum(f"/{meter}/" in message.topic for message in messages) for meter in meters]
    assert abs(shares[0] - shares[1]) < 5, shares


# --- again -----------------------------------------------------------------------------------------------------------


def test_what_is_overdue_is_sent_again_on_replay_and_not_before(served: Reader) -> None:
    frame = served.frame()
    served.answer(served.broker.sent)
    assert served.wait(CONFIRM_TIMEOUT - 0.5) == []
    assert [(sent.topic, sent.payload) for sent in served.wait(0.5)] == [(REPLAY, frame.payload)]


def test_the_announced_wait_is_granted_before_a_replay(served: Reader) -> None:
    served.confirm([served.frame()])
    served.status("main", wait=60.0)
    frame = served.frame()
    assert served.wait(CONFIRM_TIMEOUT + 59.5) == []
    assert payloads(served.wait(0.5)) == [frame.payload]


def test_the_wait_is_granted_to_what_was_spilled_too(served: Reader) -> None:
    served.confirm([served.frame()])
    served.status("main", wait=60.0)
    while served.journal.size <= JOURNAL_SIZE:
        served.frame(200_000)
    served.pump()
    assert served.cold
    assert served.wait(CONFIRM_TIMEOUT + 59.5) == []
    assert served.wait(1) != []


def test_two_spills_shortly_one_after_the_other_do_not_hasten_a_replay(served: Reader) -> None:
    served.frames(25, 200_000)
    served.pump()
    assert served.cold == 25
    served.wait(5)
    served.frames(25, 200_000)
    served.pump()
    assert served.cold == 50
    served.wait(CONFIRM_TIMEOUT - 5.5)
    assert payloads(served.broker.sent, REPLAY) == []


def test_replay_is_oldest_first_and_cold_before_hot(served: Reader) -> None:
    served.status("main", "stalled")
    first = served.frames(150)
    served.wait(SPILL_AGE)
    second = served.frames(30)
    served.wait(CONFIRM_TIMEOUT + 1)
    assert (served.cold, served.delivery.is_empty) == (150, False)
    served.status("main")
    assert payloads(served.pump()) == of([*first, *second])


def test_replay_keeps_a_window(served: Reader) -> None:
    served.disconnect()
    cold = served.frames(900)
    served.wait(SPILL_AGE)
    hot = served.frames(250)
    served.wait(CONFIRM_TIMEOUT)
    served.connect()
    served.status("main")
    outstanding: list[Item] = []
    by_payload: dict[bytes | str, Item] = {item.payload: item for item in [*cold, *hot]}
    seen: list[bytes | str] = []
    while len(seen) < 1150:
        messages = served.pump()
        assert {message.topic for message in messages} == {REPLAY}
        seen += payloads(messages)
        outstanding += [by_payload[message.payload] for message in messages]
        assert REPLAY_WINDOW <= len(outstanding) <= FULLEST or len(seen) == 1150
        served.answer(messages)
        assert served.pump() == []
        served.confirm(outstanding[:110])
        del outstanding[:110]
    assert seen == of([*cold, *hot])


@pytest.mark.parametrize("disk", [False, True])
def test_without_confirmations_it_backs_off_to_ten_minutes(tmp_path: Path, disk: bool) -> None:
    """A broker that takes everything, and loses everything."""
    reader = Reader(tmp_path, disk=disk)
    reader.status("main", "stalled")
    frames = reader.frames(1000)
    reader.answer(reader.broker.sent)
    reader.wait(SPILL_AGE + CONFIRM_TIMEOUT)
    reader.status("main")
    tries: list[float] = []
    until = reader.now + 5000
    while reader.now < until:
        messages = reader.pump()
        if messages:
            tries.append(reader.now)
            assert payloads(messages)[:REPLAY_WINDOW] == of(
                frames[:REPLAY_WINDOW]
            )  # each time the whole window, no more
            assert len(messages) <= FULLEST
        reader.answer(messages)
        reader.now += 2
    assert [round(after - before) for before, after in itertools.pairwise(tries)] == [30, 60, 120, 240, 480, *[600] * 6]
    # A new `online` starts afresh ...
    before = reader.now
    reader.status("main", "offline")
    reader.status("main")
    reader.answer(reader.wait(CONFIRM_TIMEOUT))
    assert reader.wait(CONFIRM_TIMEOUT) != []
    # ... and so does each confirmation.
    reader.answer(reader.broker.sent)
    reader.answer(reader.wait(2000))
    reader.confirm(frames[:1])
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert frames[1].payload in payloads(messages)
    assert before < reader.now


@pytest.mark.parametrize("status", ["stalled", "offline", None])
def test_nothing_is_replayed_to_a_storer_that_is_not_online(reader: Reader, status: str | None) -> None:
    reader.status("main")
    reader.disconnect()
    frames = reader.frames(3)
    reader.connect()  # until it has told, nobody knows
    if status:
        reader.status("main", status)
    assert reader.wait(3000, 5) == []
    live = reader.frame()
    assert reader.broker.sent[-1].topic == FRAME
    reader.status("main")
    assert payloads(reader.wait(CONFIRM_TIMEOUT), REPLAY) == of([*frames, live])


def test_a_storer_whose_status_nobody_hears_is_replayed_to_once_it_confirms(reader: Reader) -> None:
    reader.status("main")
    reader.disconnect()
    frames = reader.frames(3)
    reader.connect()
    assert reader.wait(3000, 5) == []
    reader.confirm([reader.frame()])
    assert payloads(reader.wait(CONFIRM_TIMEOUT), REPLAY) == of(frames)


def test_a_storer_that_stalls_in_the_middle_of_a_replay_is_left_alone(served: Reader) -> None:
    served.disconnect()
    frames = served.frames(500)
    served.wait(SPILL_AGE)
    served.connect()
    served.status("main")
    served.answer(served.pump())
    served.confirm(frames[:150])
    served.status("main", "stalled")
    assert served.wait(3000, 5) == []
    served.status("main")
    assert payloads(served.pump())[:1] == [frames[150].payload]


def test_a_connection_lost_in_the_middle_of_a_replay_loses_nothing(served: Reader) -> None:
    served.disconnect()
    frames = served.frames(500)
    served.wait(SPILL_AGE)
    for taken in range(0, 500, 100):
        served.connect()
        served.status("main")
        messages = served.pump()
        assert payloads(messages)[:100] == of(frames[taken : taken + 100])
        served.confirm(frames[taken : taken + 100])
        served.disconnect()
        assert served.delivery.in_flight == 0
    assert served["waiting"] == 0
    assert served.on_disk == []


def test_the_connection_can_be_lost_before_anybody_told(served: Reader) -> None:
    served.disconnect()
    frames = served.frames(300)
    served.wait(SPILL_AGE)
    served.connect()
    served.status("main")
    served.broker.there = False
    assert served.pump() == []
    served.disconnect()
    served.connect()
    served.status("main")
    assert payloads(served.pump())[:REPLAY_WINDOW] == of(frames[:REPLAY_WINDOW])


def test_an_answer_of_a_former_connection_answers_nothing(reader: Reader) -> None:
    frame = reader.frame()
    reader.disconnect()
    reader.connect()
    reader.answer(reader.broker.sent)
    assert reader["handed_over"] == 0
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert payloads(messages) == [frame.payload]
    reader.answer(messages)
    assert reader["handed_over"] == 1


def test_live_frames_are_published_while_a_long_absence_is_made_up_for(served: Reader) -> None:
    served.disconnect()
    served.frames(2000)
    served.wait(SPILL_AGE)
    served.connect()
    served.status("main")
    unanswered = served.pump()
    assert len(unanswered) >= REPLAY_WINDOW
    live = served.frame()
    assert (served.broker.sent[-1].topic, served.broker.sent[-1].payload) == (FRAME, live.payload)


def test_one_block_that_cannot_be_read_does_not_hold_up_the_others(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    served.disconnect()
    lost = served.frames(LONGEST_BLOCK)
    served.wait(SPILL_AGE)
    behind = served.frames(LONGEST_BLOCK)
    served.wait(SPILL_AGE)
    served.disk.unreadable = lambda block: block.first == lost[0].time_us
    served.connect()
    served.status("main")
    assert set(payloads(served.wait(5), REPLAY)) == {*of(behind)}
    served.confirm(behind)
    assert served["waiting"] == LONGEST_BLOCK
    served.wait(3600)
    assert said(caplog, "The spool cannot be used") == 1
    assert served.delivery.report()["spool"]["errors"] < 200
    served.disk.unreadable = lambda block: False
    assert set(payloads(served.wait(MAX_BACKOFF), REPLAY)) == {*of(lost)}


def test_what_is_thinned_on_disk_is_counted_and_does_not_stay_in_the_window(tmp_path: Path) -> None:
    reader = Reader(tmp_path, max_size=500_000)
    reader.status("main")
    reader.disconnect()
    reader.frames(240, 1500)
    reader.wait(SPILL_AGE)
    reader.connect()
    reader.status("main")
    assert len(reader.pump()) == 240
    while not reader["thinned"]:
        assert len(reader.accepted) < 5000
        reader.frames(120, 1500)
        reader.wait(SPILL_AGE, 5)
    reader.answer(reader.broker.sent)
    items = {sent.payload: number for number, sent in enumerate(reader.broker.sent)}
    assert items
    for _ in range(100):
        messages = reader.wait(CONFIRM_TIMEOUT, 1)
        reader.answer(messages)
        numbers = [json.loads(message.payload)["n"] for message in messages]
        reader.confirm([Item(Kind.FRAME, METER, NOON + number * SECOND, b"") for number in numbers])
        if not reader["waiting"]:
            break
    assert reader["waiting"] == 0
    assert reader.delivery.in_flight == 0
    assert reader.on_disk == []
    assert reader.wait(2000, 5) == []


# --- who confirms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, NOBODY_SUBSCRIBED])
def test_without_a_storer_the_broker_confirms(reader: Reader, code: int) -> None:
    reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["handed_over"], reader["waiting"], reader["confirmed"]) == (3, 0, 0)
    assert reader.delivery.is_empty
    assert reader.delivery.report()["confirmed_by"] == "broker"
    assert reader.wait(KEPT_AGE + 1, 5) == []
    assert reader.on_disk == []
    assert reader.in_journal == 0


@pytest.mark.parametrize("code", [0x80, 0x87, 0x97, 0x99])
def test_a_broker_that_refuses_does_not_confirm(reader: Reader, code: int, caplog: pytest.LogCaptureFixture) -> None:
    frames = reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["handed_over"], reader["waiting"]) == (0, 3)
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload) for frame in frames]
    reader.answer(messages, code)
    assert said(caplog, "The broker refuses frames") == 1
    reader.wait(SPILL_AGE)
    messages = reader.wait(MAX_BACKOFF)
    reader.answer(messages)
    assert (reader["handed_over"], reader["waiting"]) == (3, 0)
    assert reader.on_disk == []


def test_without_a_storer_frames_are_kept_ten_minutes_for_one_that_appears(reader: Reader) -> None:
    old = reader.frame()
    reader.now += KEPT_AGE / 2
    young = reader.frame()
    reader.answer(reader.broker.sent)
    reader.wait(KEPT_AGE / 2 - 1)
    assert reader.in_journal > 0
    reader.wait(1)
    reader.status("main")
    assert (reader["handed_over"], reader["waiting"]) == (1, 1)
    assert payloads(reader.wait(1), REPLAY) == [young.payload]
    reader.confirm([young, old])
    assert (reader["handed_over"], reader["confirmed"], reader["waiting"]) == (1, 1, 0)
    reader.wait(KEPT_AGE)
    assert reader.in_journal == 0


def test_a_storer_that_appears_gets_what_was_kept_oldest_first(reader: Reader) -> None:
    frames = []
    for _ in range(10):
        reader.now += 1
        frames.append(reader.frame())
    reader.answer(reader.broker.sent[5:])
    reader.now += 20
    reader.answer(reader.broker.sent[:3])  # in any order, and two not at all
    reader.now += 20
    reader.status("main")
    assert payloads(reader.pump(), REPLAY) == of(frames)


def test_what_is_kept_is_bounded(reader: Reader) -> None:
    for _ in range(60):
        reader.frame(200_000)
        reader.answer(reader.broker.sent[-1:])
        reader.wait(1)
        assert reader.journal.size <= JOURNAL_SIZE
    assert reader["handed_over"] == 60
    assert reader.on_disk == []
    reader.status("main")
    assert 10 <= reader["waiting"] <= 20


def test_a_confirmation_of_nothing_that_is_here_makes_no_storer(reader: Reader) -> None:
    frames = reader.frames(2)
    reader.answer(reader.broker.sent[:1])
    reader.confirm([], "forged")
    reader.confirm([Item(Kind.FRAME, METER, NOON - SECOND, b"")], "forged")
    reader.confirm([Item(Kind.TALLY, METER, frames[0].time_us, b"")], "forged")
    assert reader.confirmers.puback_suffices
    assert (reader["handed_over"], reader["waiting"]) == (1, 1)


def test_what_is_no_status_leaves_the_brokers_word_enough(reader: Reader) -> None:
    reader.frame()
    reader.delivery.on_storer_status("forged", b"online")
    reader.answer(reader.broker.sent)
    assert (reader["handed_over"], reader["waiting"]) == (1, 0)


@pytest.mark.parametrize("name", ["forged", "main"])
def test_a_forged_wait_delays_neither_the_disk_nor_a_replay_by_more_than_two_minutes(served: Reader, name: str) -> None:
    served.confirm([served.frame()])
    served.status(name, wait=3600)
    believed = 120 if name == "main" else 0
    frame = served.frame()
    messages = served.wait(CONFIRM_TIMEOUT + believed)
    assert payloads(messages, REPLAY) == [frame.payload]
    assert served.cold == 0
    served.wait(SPILL_AGE - CONFIRM_TIMEOUT)
    assert served.cold == 1


def test_a_storer_that_only_ever_confirmed_is_seen_too(reader: Reader) -> None:
    frames = reader.frames(2)
    reader.answer(reader.broker.sent)
    reader.confirm(frames[:1])
    assert (reader["handed_over"], reader["confirmed"], reader["waiting"]) == (0, 1, 1)


def test_without_a_storer_a_day_without_a_broker_is_waited_for_on_disk_in_bounds(tmp_path: Path) -> None:
    reader = Reader(tmp_path, max_size=100_000)
    reader.disconnect()
    for _ in range(100):
        reader.frames(60, 100)
        reader.wait(864, 54)
    assert reader.disk.size <= 100_000
    assert reader["waiting"] > 0
    reader.connect()
    for _ in range(300):
        reader.answer(reader.pump())
    assert reader["waiting"] == 0
    assert reader["handed_over"] + reader["thinned"] == 6000
    assert reader.on_disk == []
    # And what the broker takes at once never goes there.
    for _ in range(100):
        reader.frame()
        reader.answer(reader.broker.sent[-1:])
        reader.wait(10)
    assert reader.on_disk == []


def test_any_storer_is_enough_for_auto(served: Reader) -> None:
    served.status("other")
    frame = served.frame()
    served.confirm([frame], "other")
    assert (served["confirmed"], served["waiting"]) == (1, 0)


def test_a_storer_under_another_name_takes_over(served: Reader) -> None:
    served.status("main", "offline")
    frames = served.frames(5)
    served.wait(1000, 5)
    served.status("renamed")
    assert payloads(served.wait(1), REPLAY) == of(frames)
    served.confirm(frames, "renamed")
    assert (served["confirmed"], served["waiting"]) == (5, 0)


def test_a_storer_that_is_no_more_and_whose_online_is_retained_disturbs_nobody(served: Reader) -> None:
    served.status("ghost", wait=0.0)
    for _ in range(100):
        served.confirm([served.frame()])
        served.wait(1)
    assert payloads(served.broker.sent, REPLAY) == []
    assert served.on_disk == []


def test_a_storer_that_is_forgotten_is_not_waited_for(served: Reader) -> None:
    frames = served.frames(2)
    served.wait(SPILL_AGE)
    frames += served.frames(2)
    served.forget("main")
    messages = served.wait(CONFIRM_TIMEOUT + SPILL_AGE)
    assert set(payloads(messages, REPLAY)) == {*of(frames)}
    served.answer(messages)
    assert (served["handed_over"], served["waiting"]) == (4, 0)
    assert served.on_disk == []


def test_a_storer_whose_file_was_taken_away_is_not_waited_for(served: Reader) -> None:
    served.frame()
    (served.folder / "spool" / STORERS / "main").unlink()
    served.confirmers.reload()
    served.answer(served.wait(CONFIRM_TIMEOUT))
    assert served["handed_over"] == 1


def test_confirmed_by_broker_waits_for_no_storer(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker")
    reader.status("main")
    reader.frame()
    reader.answer(reader.broker.sent)
    assert (reader["handed_over"], reader["waiting"], reader.in_journal) == (1, 0, 0)
    reader.restart()
    assert reader.confirmers.puback_suffices
    reader.connect()
    reader.frame()
    reader.answer(reader.broker.sent[-1:], NOBODY_SUBSCRIBED)
    assert (reader["handed_over"], reader["waiting"]) == (1, 0)


@pytest.fixture
def pair(tmp_path: Path) -> Reader:
    """A reader that needs the word of two storers, of which one is online."""
    reader = Reader(tmp_path, confirmed_by=("a", "b"))
    reader.status("a")
    reader.status("b", "offline")
    return reader


def test_each_that_is_named_must_confirm(pair: Reader) -> None:
    hot, cold = pair.frame(), pair.frame()
    pair.answer(pair.broker.sent)
    pair.confirm([hot, cold], "a")
    assert pair["waiting"] == 2
    pair.confirm([hot], "b")
    assert (pair["waiting"], pair["confirmed"]) == (1, 1)
    pair.wait(SPILL_AGE)
    assert pair.cold == 1
    pair.confirm([cold], "b")  # that `a` has it survived the spill
    assert (pair["waiting"], pair["confirmed"]) == (0, 2)


def test_who_is_not_named_does_not_count(pair: Reader) -> None:
    frame = pair.frame()
    pair.status("c")
    pair.confirm([frame], "a")
    pair.confirm([frame], "c")
    assert pair["waiting"] == 1
    pair.wait(SPILL_AGE)
    pair.confirm([frame], "c", rejected=True)
    assert pair["waiting"] == 1
    assert not (pair.folder / "spool" / STORERS).exists()


def test_who_is_not_named_does_not_hasten_a_replay(pair: Reader) -> None:
    frame = pair.frame()
    pair.answer(pair.broker.sent)
    tries = 0
    for _ in range(100):
        messages = pair.wait(CONFIRM_TIMEOUT, 1)
        pair.answer(messages)
        tries += len(messages)
        pair.confirm([frame], "c")
    assert 6 <= tries <= 10


def test_what_only_an_absent_storer_lacks_is_not_replayed(pair: Reader) -> None:
    hot = pair.frames(5)
    pair.confirm(hot, "a")
    assert pair.wait(SPILL_AGE - 1) == []
    pair.wait(1)
    assert pair.cold == 5
    assert pair.wait(2000, 5) == []
    pair.status("b")
    assert set(payloads(pair.wait(CONFIRM_TIMEOUT), REPLAY)) == {*of(hot)}


def test_one_storer_catches_up_while_the_other_is_away_for_long(pair: Reader) -> None:
    """What waits for the absent one does not fill the window, and a part of a confirmation is one."""
    old = pair.frames(1000)
    pair.answer(pair.broker.sent)
    pair.confirm(old, "a")
    pair.wait(SPILL_AGE)
    pair.disconnect()
    new = pair.frames(2000)
    pair.wait(SPILL_AGE)
    pair.connect()
    pair.status("a")
    sent: set[bytes | str] = set()
    for _ in range(20):
        messages = pair.wait(1)
        sent |= {*payloads(messages)}
        pair.answer(messages)
        pair.confirm([item for item in new if item.payload in {*payloads(messages)}], "a")
    assert sent == {*of(new)}
    assert pair["waiting"] == 3000
    assert pair.delivery.in_flight == 0
    pair.status("b")
    for _ in range(30):
        messages = pair.wait(1)
        pair.answer(messages)
        pair.confirm([item for item in [*old, *new] if item.payload in {*payloads(messages)}], "b")
    assert pair["waiting"] == 0
    assert pair.on_disk == []


@pytest.mark.parametrize("disk", [False, True])
def test_a_storer_that_goes_away_leaves_the_window_to_the_other(tmp_path: Path, disk: bool) -> None:
    reader = Reader(tmp_path, confirmed_by=("a", "b"), disk=disk)
    reader.status("b")
    old = reader.frames(1000)
    reader.confirm(old, "a")
    reader.answer(reader.broker.sent)
    reader.answer(reader.wait(SPILL_AGE + CONFIRM_TIMEOUT))
    assert reader.delivery.in_flight >= REPLAY_WINDOW
    reader.status("b", "offline")
    reader.status("a")
    new = reader.frames(5)
    messages = reader.wait(SPILL_AGE + 2 * CONFIRM_TIMEOUT)
    assert {*of(new)} <= {*payloads(messages, REPLAY)}


def test_one_is_named_and_rejects_what_the_other_has(pair: Reader) -> None:
    frame = pair.frame()
    pair.confirm([frame], "b")
    pair.confirm([frame], "a", rejected=True)
    assert (pair["rejected"], pair["confirmed"], pair["waiting"]) == (1, 0, 0)


# --- a new start -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("killed", [False, True])
def test_after_a_restart_everything_is_replayed_at_once(served: Reader, killed: bool) -> None:
    frames = served.frames(100)
    served.wait(SPILL_AGE)
    frames += served.frames(50)
    served.restart(killed=killed)
    assert (served["recovered"], served["decoded"], served["waiting"]) == (150, 150, 150)
    served.connect()
    assert served.pump() == []  # nobody knows yet how the storer is
    served.status("main")
    messages = served.pump()
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload) for frame in frames]
    served.confirm(frames)
    assert (served["confirmed"], served["waiting"]) == (150, 0)
    assert served.on_disk == []


def test_the_storer_is_remembered_while_broker_and_storer_are_away(served: Reader) -> None:
    frames = served.frames(3)
    served.disconnect()
    served.restart()
    frames += served.frames(3)
    served.wait(7200, 30)
    served.connect()
    messages = served.wait(100)
    served.answer(messages)
    assert messages == []
    assert (served["waiting"], served["handed_over"]) == (6, 0)
    served.status("main")
    assert payloads(served.wait(1), REPLAY) == of(frames)


def test_the_storers_first_start_after_the_readers(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    frames = []
    for _ in range(5):
        frames.append(reader.frame())
        reader.answer(reader.broker.sent[-1:])
        assert reader.wait(20) == []
    assert reader["handed_over"] == 5
    reader.restart(killed=True)  # what was kept survives that, too
    reader.connect()
    frames += reader.frames(1)
    reader.status("main")
    reader.answer(reader.broker.sent)
    messages = reader.wait(CONFIRM_TIMEOUT + 1)
    assert {*payloads(messages, REPLAY)} == {*of(frames)}
    reader.confirm(frames)
    assert (reader["confirmed"], reader["waiting"]) == (6, 0)


def test_a_kill_between_disk_and_journal_doubles_nothing(served: Reader) -> None:
    frames = served.frames(10)
    tally = served.tally(10)
    served.now += SPILL_AGE
    served.disk.killing = True
    with pytest.raises(Killed):
        served.delivery.tick(served.now)
    served.restart(killed=True)
    assert len(served.left) == 11
    assert served.cold == 10
    assert (served["recovered"], served["waiting"]) == (10, 10)
    served.wait(SPILL_AGE)
    assert (served["decoded"], served["waiting"], served.cold) == (10, 10, 10)
    served.connect()
    served.status("main")
    messages = served.wait(1)
    assert payloads(messages, REPLAY) == of(frames)
    served.confirm([*frames, tally])
    served.confirm([tally])
    assert (served["confirmed"], served["waiting"]) == (10, 0)
    assert served.on_disk == []
    assert served.in_journal == 0


def test_what_an_earlier_run_left_in_the_journal_goes_to_the_disk_soon(served: Reader) -> None:
    served.frames(3)
    served.restart(killed=True)
    assert served.cold == 0
    served.wait(SPILL_AGE)
    assert served.cold == 3


# --- tallies ---------------------------------------------------------------------------------------------------------


def test_a_tally_goes_to_its_topic_the_second_time_too(served: Reader) -> None:
    tally = served.tally(3600)
    served.wait(SPILL_AGE + CONFIRM_TIMEOUT)
    assert {(sent.topic, sent.payload) for sent in served.broker.sent} == {(TALLY, tally.payload)}
    assert len(served.broker.sent) >= 2
    served.confirm([tally])
    assert served.wait(2000, 5) == []
    assert served.on_disk == []


def test_tallies_are_not_counted_among_the_frames(served: Reader) -> None:
    served.confirm([served.tally(3600)])
    counts = served.delivery.report()
    assert [counts[name] for name in ("decoded", "confirmed", "waiting", "handed_over")] == [0, 0, 0, 0]


def test_a_tally_that_was_counted_further_replaces_the_one_that_waits(served: Reader) -> None:
    served.tally(3599)
    after = served.tally(3600)
    assert set(payloads(served.wait(CONFIRM_TIMEOUT + 1)[1:])) <= {after.payload}
    served.wait(SPILL_AGE)
    last = served.tally(3601)
    served.wait(SPILL_AGE)
    served.restart()
    served.connect()
    served.status("main")
    assert payloads(served.wait(1)) == [last.payload]
    served.confirm([last])
    assert served.on_disk == []


def test_a_tally_that_is_replaced_while_it_is_on_its_way_frees_the_window(served: Reader) -> None:
    for hour in range(3):
        served.tally(1, NOON + hour * HOUR)
    served.wait(CONFIRM_TIMEOUT)
    assert served.delivery.in_flight == 3
    tallies = [served.tally(2, NOON + hour * HOUR) for hour in range(3)]
    served.confirm(tallies)
    assert served.delivery.in_flight == 0


def test_the_brokers_answer_to_an_older_tally_is_none_to_the_newer(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker")
    reader.tally(3599)
    reader.broker.there = False
    reader.tally(3600)
    reader.answer(reader.broker.sent)
    assert not reader.delivery.is_empty


# --- in health -------------------------------------------------------------------------------------------------------


def test_health_says_what_is_where(served: Reader) -> None:
    first = served.frame()
    served.wait(SPILL_AGE)
    served.frame()
    report = json.loads(json.dumps(served.delivery.report()))
    assert report["confirmed_by"] == ["main"]
    assert report["journal"]["items"] == 1
    assert report["journal"]["bytes"] == served.in_journal > 0
    assert report["spool"]["frames"] == 1
    assert report["spool"]["oldest"] == format_time(from_micros(first.time_us))
    assert report["replayed"] == 2


# --- everything at once ----------------------------------------------------------------------------------------------


class EverythingThatHappens(RuleBasedStateMachine):
    """What a storer holds it got by a message; so a frame that reaches none was lost here."""

    wanted: ClassVar[str | tuple[str, ...]] = "auto"
    names: ClassVar[tuple[str, ...]] = ("a", "b")

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
        holders = [name for name in self.names if payload in self.held[name]]
        return len(holders) == len(self.wanted) if isinstance(self.wanted, tuple) else bool(holders)

    def take(self, item: Item) -> None:
        self.items[item.payload] = item

    @rule(count=st.sampled_from([1, 1, 2, 5, 150]), seconds=st.sampled_from([0, 1, 1.5]))
    def accept(self, count: int, seconds: float) -> None:
        for _ in range(count):
            before = len(self.reader.broker.sent)
            item = self.reader.frame()
            self.take(item)
            live = self.reader.broker.sent[before:]
            assert all((sent.topic, sent.payload) == (FRAME, item.payload) for sent in live)
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
        self.held[name] |= {*payloads(messages)}
        self.reader.confirm((self.items[message.payload] for message in messages), name, rejected=rejected)

    @rule(name=st.sampled_from(("a", "b", "nobody")), key=st.integers(-(2**70), 2**70))
    def confirm_unknown(self, name: str, key: int) -> None:
        if name in self.names or isinstance(self.wanted, tuple):
            self.reader.confirm([Item(Kind.FRAME, METER, key, b"")], name)

    @precondition(lambda self: self.reader.broker.sent)
    @rule(data=st.data(), count=st.integers(1, 300), code=st.sampled_from([0, 0, NOBODY_SUBSCRIBED, 0x80, REFUSED]))
    def answer(self, data: st.DataObject, count: int, code: int) -> None:
        start = data.draw(st.integers(0, len(self.reader.broker.sent) - 1))
        self.puback(self.reader.broker.sent[start : start + count], code)

    def puback(self, messages: list[Sent], code: int = 0) -> None:
        if self.reader.confirmers.puback_suffices and code < 0x80:
            current = self.reader.broker.connection if self.reader.broker.there else -1
            self.taken |= {message.payload for message in messages if message.handed.connection == current}
        self.reader.answer(messages, code)

    @precondition(lambda self: not self.reader.broker.there)
    @rule()
    def connect(self) -> None:
        self.reader.connect()
        for name, status in self.statuses.items():  # they are retained
            self.reader.status(name, status)

    @precondition(lambda self: self.reader.broker.there)
    @rule(tell=st.booleans())
    def disconnect(self, tell: bool) -> None:
        self.reader.broker.there = False
        self.reader.pump()  # before it is told
        self.reader.disconnect()

    @precondition(lambda self: self.reader.broker.there)
    @rule(name=st.sampled_from(("a", "b")), status=st.sampled_from(["online", "online", "stalled", "offline"]))
    def status(self, name: str, status: str) -> None:
        self.statuses[name] = status
        self.reader.status(name, status)

    @precondition(lambda self: self.reader.broker.there)
    @rule(name=st.sampled_from(("a", "b")))
    def forget(self, name: str) -> None:
        self.statuses.pop(name, None)
        self.reader.forget(name)

    @rule(name=st.sampled_from(("a", "b")))
    def forget_by_file(self, name: str) -> None:
        (self.reader.folder / "spool" / STORERS / name).unlink(missing_ok=True)
        self.reader.confirmers.reload()

    @rule(seconds=st.sampled_from([0.5, 5, 31, 61, 650]), pumps=st.integers(1, 5))
    def wait(self, seconds: float, pumps: int) -> None:
        for _ in range(pumps):
            self.reader.now += seconds
            self.reader.pump()

    @rule()
    def pump(self) -> None:
        self.reader.pump()

    @rule(broken=st.booleans())
    def disk(self, broken: bool) -> None:
        self.reader.disk.broken = broken

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        self.reader.restart(killed=killed)

    @precondition(lambda self: not self.reader.delivery.idle)
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
        unsafe = sum(item.kind is Kind.FRAME and not self.safe(item.payload) for item in self.items.values())
        assert self.reader["waiting"] >= unsafe
        assert self.reader["thinned"] == 0

    @invariant()
    def nothing_old_is_live_and_nothing_is_sent_to_nobody(self) -> None:
        new = self.reader.broker.sent[self.looked_at :]
        self.looked_at = len(self.reader.broker.sent)
        assert FRAME not in {sent.topic for sent in new}
        if REPLAY in {sent.topic for sent in new} and not self.reader.confirmers.puback_suffices:
            assert self.reader.confirmers.online

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
        if not reader.broker.there:
            reader.connect()
        for name in self.names if isinstance(self.wanted, tuple) else self.names[:1]:
            reader.status(name)
        self.puback(reader.broker.sent)
        at = len(reader.broker.sent)
        for _ in range(400):
            if reader.delivery.is_empty and reader.on_disk == []:
                break
            reader.now += CONFIRM_TIMEOUT
            reader.pump()
            new, at = reader.broker.sent[at:], len(reader.broker.sent)
            self.puback(new)
            for name in self.names:
                self.store(new, name)
        assert reader.delivery.is_empty
        assert reader.on_disk == []
        assert reader["waiting"] == 0
        assert all(self.safe(item.payload) for item in self.items.values() if item.kind is Kind.FRAME)
        reader.pump()
        reader.wait(MAX_BACKOFF, CONFIRM_TIMEOUT)
        assert reader.delivery.in_flight == 0
        assert reader.in_journal == 0


class EverythingWithTwoNames(EverythingThatHappens):
    wanted = ("a", "b")


class EverythingByTheBroker(EverythingThatHappens):
    wanted = "broker"


for _machine in (EverythingThatHappens, EverythingWithTwoNames, EverythingByTheBroker):
    _machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)

TestAuto = EverythingThatHappens.TestCase
TestTwoNames = EverythingWithTwoNames.TestCase
TestByTheBroker = EverythingByTheBroker.TestCase
