"""How many frames go into a message, and how many messages may be under way; figures by hand."""

import math
from array import array
from typing import cast

import pytest

from common.contract.block import MOST_FRAMES
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Block
from reader.delivery.in_flight import MAX_IN_FLIGHT, MAX_UNACKNOWLEDGED, BlockPart, InFlight, Publisher


class Broker:
    def __init__(self, largest: float = math.inf) -> None:
        self.max_packet_size = largest
        self.sent: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> PublishToken:
        self.sent.append((topic, payload))
        return PublishToken(1, len(self.sent))


def send(broker: Broker, frames: list[Item]) -> None:
    """Send a block of the spool that has these frames."""
    bits = (1 << len(frames)) - 1
    block = Block(1, ItemKind.FRAME, "1", 0, array("I", range(len(frames))), bits)
    InFlight(cast("Publisher", broker), Topics("teleinfo")).send_block(BlockPart(block, bits), frames)


def items(count: int, size: int = 10) -> list[Item]:
    return [Item(ItemKind.FRAME, "1", number, b"x" * size) for number in range(count)]


def test_a_message_is_filled_up_to_what_the_broker_takes() -> None:
    # A packet of 1,000 bytes less the topic (17) and 100 has 883: 80 frames of 10 bytes, each with a separator, are
    # 880 and the next one does not fit.
    assert MOST_FRAMES > 80
    broker = Broker(1000)
    send(broker, items(200))
    assert {topic for topic, _ in broker.sent} == {"teleinfo/1/replay"}
    assert [payload.count(b"x") // 10 for _, payload in broker.sent] == [80, 80, 40]
    assert all(len(payload) <= 883 for _, payload in broker.sent)


@pytest.mark.parametrize(("size", "counts"), [(440, [2, 1]), (441, [2, 1]), (442, [1, 1, 1]), (5000, [1, 1, 1])])
def test_two_frames_share_a_message_as_long_as_both_fit(size: int, counts: list[int]) -> None:
    # There is room for less than 1,001 - 117 = 884: 441 + 1 + 441 are 883, 442 + 1 + 442 are 885. One that is too
    # large goes alone.
    broker = Broker(1001)
    send(broker, items(3, size))
    assert [payload.count(b"x") // size for _, payload in broker.sent] == counts


def test_a_frame_alone_goes_as_it_is_and_several_as_a_block() -> None:
    broker = Broker()
    for count in (1, 2):
        send(broker, items(count))
    assert broker.sent[0] == ("teleinfo/1/replay", b"x" * 10)
    assert broker.sent[1][1] != b"x" * 10


def test_what_a_storer_confirmed_takes_no_room_and_its_late_answer_gives_none() -> None:
    broker = Broker()
    found = InFlight(cast("Publisher", broker), Topics("teleinfo"))
    for item in items(MAX_IN_FLIGHT):
        assert not found.full
        assert found.send_live(item)
    assert (found.full, found.crowded) == (True, True)
    found.forget((ItemKind.FRAME, "1", 0))
    assert (found.full, found.crowded) == (False, True)
    assert found.on_puback(PublishToken(1, 1)) is None
    assert not found.full  # 999 are under way
    found.send_live(Item(ItemKind.FRAME, "1", -1, b"x"))
    assert found.full


def test_nothing_is_replayed_from_half_of_the_room_on() -> None:
    found = InFlight(cast("Publisher", Broker()), Topics("teleinfo"))
    for item in items(MAX_IN_FLIGHT // 2):
        assert not found.crowded
        found.send_live(item)
    assert (found.full, found.crowded) == (False, True)


def test_ten_thousand_messages_without_an_answer_are_too_many_even_if_storers_have_them() -> None:
    found = InFlight(cast("Publisher", Broker()), Topics("teleinfo"))
    for item in items(MAX_UNACKNOWLEDGED):
        assert not found.full
        found.send_live(item)
        found.forget(item.identity)
    assert (found.full, found.crowded) == (True, True)
    found.on_puback(PublishToken(1, 1))
    assert (found.full, found.crowded) == (False, False)
