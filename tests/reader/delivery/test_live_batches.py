"""Live frames that travel together: fewer messages, for installations of many meters."""

from pathlib import Path

import pytest

from common.mqtt.events import TOO_LARGE
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.replay import CONFIRM_TIMEOUT
from tests.reader.delivery.deliveries import REFUSED, REPLAY, TALLY, Reader, is_block, of, payloads

BATCH = 20.0


@pytest.fixture
def batching(tmp_path: Path) -> Reader:
    reader = Reader(tmp_path, batch=BATCH)
    reader.status("main")
    return reader


def test_frames_wait_and_are_one_message_for_storers(batching: Reader) -> None:
    items = batching.frames(10)
    assert batching.wait(BATCH - 1) == []
    later = batching.frames(5)
    (message,) = batching.wait(2)
    assert is_block(message)
    assert message.topic == REPLAY
    assert payloads([message]) == of(items + later)
    batching.answer([message])
    batching.confirm(items + later)
    assert batching["confirmed"] == 15
    assert batching.wait(CONFIRM_TIMEOUT + BATCH) == []


def test_a_single_frame_is_a_message_of_its_own(batching: Reader) -> None:
    item = batching.frame()
    (message,) = batching.wait(BATCH)
    assert not is_block(message)
    assert payloads([message]) == [item.payload]


def test_a_tally_does_not_wait(batching: Reader) -> None:
    batching.tally(5)
    assert [message.topic for message in batching.broker.sent] == [TALLY]


def test_a_batch_in_flight_is_not_moved_to_the_disk(batching: Reader) -> None:
    batching.frames(3)
    batching.wait(SPILL_AGE)
    assert batching.frames_on_disk == 0
    batching.wait(BATCH + 1)
    assert batching.frames_on_disk == 3


@pytest.mark.parametrize("code", [REFUSED, TOO_LARGE])
def test_a_batch_that_the_broker_refuses_is_sent_frame_by_frame(batching: Reader, code: int) -> None:
    items = batching.frames(3)
    batching.answer(batching.wait(BATCH), code)
    again = batching.wait(CONFIRM_TIMEOUT + BATCH)
    assert payloads(again) == of(items)
    assert not any(map(is_block, again))


def test_without_a_storer_the_broker_answers_for_a_whole_batch(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker", batch=BATCH)
    reader.frames(4)
    reader.answer(reader.wait(BATCH))
    assert reader["accepted_by_broker"] == 4
