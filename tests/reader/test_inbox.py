"""The inbox: all events in order, and no more bytes of messages than it has room for."""

import queue
import threading
import time

import pytest

from common.mqtt.events import Connected, Event, Message
from reader.inbox import MOST_BYTES, Inbox

CONNECTED = Connected(session_present=False)


def message(number: int, size: int = 0) -> Message:
    return Message("teleinfo/x/stored", bytes(size), False, number, 1, 1)


@pytest.fixture
def inbox() -> Inbox[Event]:
    return Inbox()


def test_events_come_in_order_and_none_comes_when_there_is_none(inbox: Inbox[Event]) -> None:
    events: list[Event] = [message(1), CONNECTED, message(2, 1000)]
    for event in events:
        inbox.put(event)
    assert inbox.qsize() == 3
    assert [inbox.get(0) for _ in events] == events
    with pytest.raises(queue.Empty):
        inbox.get(0)


@pytest.mark.parametrize("size", [MOST_BYTES // 2, 0], ids=["large", "empty"])
def test_whoever_brings_messages_waits_for_room_and_nobody_else_does(inbox: Inbox[Event], size: int) -> None:
    """Frames come in meanwhile, and answers, and the broker keeps or drops what is not read."""
    count = 10 if size else 100_000

    def pour() -> None:
        for number in range(count):
            inbox.put(message(number, size))

    flood = threading.Thread(target=pour, daemon=True)
    flood.start()
    deadline = time.monotonic() + 20
    while not getattr(inbox._room, "_waiters"):  # noqa: B009 - the type says nothing of them
        assert time.monotonic() < deadline
        flood.join(0.01)
    fit = inbox.qsize()
    assert fit < count / 2
    inbox.put(CONNECTED)
    events = [inbox.get(20) for _ in range(count + 1)]
    assert events.index(CONNECTED) == fit
    assert [event.mid for event in events if isinstance(event, Message)] == list(range(count))
    flood.join(20)
    assert not flood.is_alive()


def test_a_message_that_is_larger_than_the_room_comes_in_alone(inbox: Inbox[Event]) -> None:
    for number in range(2):
        inbox.put(message(number, 2 * MOST_BYTES))
        assert inbox.get(0) == message(number, 2 * MOST_BYTES)
