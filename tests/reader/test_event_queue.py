"""The event queue: all events in order, and a limit on the bytes of messages."""

import queue
import threading
import time

import pytest

from common.mqtt.events import Connected, Event, Message, Published, PublishToken
from reader.event_queue import MAX_BYTES, EventQueue

CONNECTED = Connected(session_present=False)


def message(number: int, size: int = 0) -> Message:
    return Message("teleinfo/x/stored", bytes(size), False, number, 1, 1)


@pytest.fixture
def event_queue() -> EventQueue[Event]:
    return EventQueue()


def test_events_come_in_order_and_an_empty_queue_raises(event_queue: EventQueue[Event]) -> None:
    events: list[Event] = [message(1), CONNECTED, message(2, 1000)]
    for event in events:
        event_queue.put(event)
    assert event_queue.qsize() == 3
    assert [event_queue.get(0) for _ in events] == events
    with pytest.raises(queue.Empty):
        event_queue.get(0)


@pytest.mark.parametrize("size", [MAX_BYTES // 2, 0], ids=["large", "empty"])
def test_too_many_messages_block_and_other_events_never_do(event_queue: EventQueue[Event], size: int) -> None:
    """Frames and answers come through, and the broker queues or drops messages."""
    count = 10 if size else 100_000

    def pour() -> None:
        for number in range(count):
            event_queue.put(message(number, size))

    flood = threading.Thread(target=pour, daemon=True)
    flood.start()
    deadline = time.monotonic() + 20
    while not getattr(event_queue._room, "_waiters"):  # noqa: B009 - the type says nothing of them
        assert time.monotonic() < deadline
        flood.join(0.01)
    fit = event_queue.qsize()
    assert fit < count / 2
    event_queue.put(CONNECTED)
    events = [event_queue.get(20) for _ in range(count + 1)]
    assert events.index(CONNECTED) == fit
    assert [event.mid for event in events if isinstance(event, Message)] == list(range(count))
    flood.join(20)
    assert not flood.is_alive()


def test_a_message_larger_than_the_limit_is_accepted_alone(event_queue: EventQueue[Event]) -> None:
    for number in range(2):
        event_queue.put(message(number, 2 * MAX_BYTES))
        assert event_queue.get(0) == message(number, 2 * MAX_BYTES)


def test_an_answer_that_can_wait_wakes_nobody_and_comes_in_its_order(event_queue: EventQueue[Event]) -> None:
    answer = Published(PublishToken(1, 1), 0)
    with pytest.raises(queue.Empty):
        event_queue.get(0)
    event_queue.pubacks_can_wait = True
    event_queue.put(answer)
    assert event_queue._wake.locked()
    event_queue.put(CONNECTED)
    assert not event_queue._wake.locked()
    assert [event_queue.get(0), event_queue.get(0)] == [answer, CONNECTED]
    with pytest.raises(queue.Empty):
        event_queue.get(0)
