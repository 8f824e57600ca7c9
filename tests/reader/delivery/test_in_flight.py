"""Items in flight: how many go into a message, and how many may be under way, whatever the broker acknowledges."""

import math
from array import array
from typing import cast

import pytest

from common.contract.block import MOST_FRAMES
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Block
from reader.delivery.in_flight import ACK_TIMEOUT, MAX_IN_FLIGHT, MAX_UNACKNOWLEDGED, BlockPart, InFlight, Publisher
from tests.reader.delivery.deliveries import Reader, logged


def test_after_a_minute_without_pubacks_the_connection_is_replaced_and_that_is_logged_once(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    for reconnects in range(2):
        served.frames(MAX_IN_FLIGHT)
        served.tick()
        served.wait(ACK_TIMEOUT - 1)
        assert served.broker.reconnects == reconnects
        served.wait(1)
        assert served.broker.reconnects == reconnects + 1
        assert logged(caplog, "PUBACK") == 1
        served.disconnect()
        served.connect()
        frame = served.frame()
        assert served.broker.sent[-1].payload == frame.payload  # live again


def test_the_connection_to_a_slow_broker_is_kept(served: Reader) -> None:
    served.frames(MAX_IN_FLIGHT)
    for number in range(20):
        served.wait(ACK_TIMEOUT - 1, 5)
        served.answer(served.broker.sent[number : number + 1])
        served.frame()
    assert served.broker.reconnects == 0
    for _ in range(2):  # but an answer about another message is no answer about these
        served.wait(ACK_TIMEOUT / 2 + 5, 5)
        served.delivery.on_puback(PublishToken(1, 1_000_000), 0, served.now)
    assert served.broker.reconnects == 1


def test_time_without_a_connection_does_not_count_as_slow(served: Reader) -> None:
    served.frames(MAX_IN_FLIGHT)
    served.tick()
    served.disconnect()
    served.wait(2 * ACK_TIMEOUT, 5)
    assert served.broker.reconnects == 0


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
