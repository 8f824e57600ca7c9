"""Frames that are larger than the broker takes: they are held, and do not delay others."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from common.mqtt.events import TOO_LARGE
from reader.buffer.item import Item
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.replay import CONFIRM_TIMEOUT, REPLAY_WINDOW
from tests.reader.delivery.deliveries import FRAME, REPLAY, Reader, Sent, of, payloads

LIMIT = 1000  # bytes


@pytest.fixture
def served(tmp_path: Path) -> Reader:
    reader = Reader(tmp_path)
    reader.status("main")
    return reader


def answer(reader: Reader, messages: Iterable[Sent]) -> None:
    """Do as `Session` does: what is too large is answered for at once, and not sent."""
    for message in messages:
        reader.answer([message], TOO_LARGE if len(message.payload) > LIMIT else 0)


def wait(reader: Reader, seconds: float) -> list[Sent]:
    """Let time pass, and have everything answered; return what was tried meanwhile."""
    before, until = len(reader.broker.sent), reader.now + seconds
    while reader.now < until:
        reader.now += 0.5
        answer(reader, reader.tick())
    return reader.broker.sent[before:]


def confirm(reader: Reader, items: Iterable[Item], tried: Iterable[Sent]) -> None:
    arrived = {message.payload for message in tried if len(message.payload) <= LIMIT}
    reader.confirm([item for item in items if item.payload in arrived])


@pytest.mark.parametrize("age", [CONFIRM_TIMEOUT, SPILL_AGE + CONFIRM_TIMEOUT], ids=["in memory", "on disk"])
def test_frames_that_are_too_large_do_not_keep_the_others_from_being_replayed(served: Reader, age: float) -> None:
    served.disconnect()
    large, small = served.frames(2 * REPLAY_WINDOW, 2 * LIMIT), served.frames(2 * REPLAY_WINDOW)
    wait(served, age)
    assert bool(served.frames_on_disk) == (age > SPILL_AGE)
    served.connect()
    served.status("main")
    tried: list[Sent] = []
    for _ in range(20):
        more = wait(served, 10)
        confirm(served, small, more)
        tried += more
    assert set(payloads(tried, REPLAY)) >= set(of(small))
    assert served["confirmed"] == len(small)
    assert served["pending"] == len(large)


def test_a_frame_that_is_too_large_is_tried_once_a_connection_and_held(served: Reader) -> None:
    large = served.frame(2 * LIMIT)
    answer(served, served.broker.sent)
    small = served.frames(3)
    answer(served, served.broker.sent[1:])
    tried = [*served.broker.sent, *wait(served, 600)]
    assert of([large]) * 2 == [message.payload for message in tried if large.payload == message.payload]
    assert payloads(tried).count(large.payload) == 3, "live, alone from the disk, and before that in a block"
    served.confirm(small)
    assert served["pending"] == 1
    served.disconnect()
    served.connect()
    served.status("main")
    again = served.wait(CONFIRM_TIMEOUT + 1)
    assert large.payload in payloads(again, REPLAY)  # the new connection may allow more
    served.confirm([large])
    assert served["pending"] == 0


def test_neighbours_of_a_frame_that_is_too_large_are_sent_again_on_the_same_connection(served: Reader) -> None:
    items = [served.frame(), served.frame(2 * LIMIT), served.frame()]
    answer(served, served.broker.sent)
    assert payloads(served.broker.sent, FRAME) == of(items)
    wait(served, SPILL_AGE + 1)
    assert served.frames_on_disk == 3
    confirm(served, items, wait(served, 20 * CONFIRM_TIMEOUT))
    assert served["confirmed"] == 2
    assert served["pending"] == 1


def test_it_is_not_taken_for_a_refusal(served: Reader, caplog: pytest.LogCaptureFixture) -> None:
    served.frame(2 * LIMIT)
    answer(served, served.broker.sent)
    assert caplog.messages == []
