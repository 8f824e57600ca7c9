"""The newest message of each topic waits, and no more topics than a port can have."""

import threading
import time

from common.runtime.shutdown import StopEvent
from reader.line.inbox import MOST_TOPICS, Inbox, Received


def received(topic: str, payload: bytes = b"1") -> Received:
    return Received(topic, payload, retained=False, at=0.0)


def test_the_newest_message_of_a_topic_is_kept_in_the_order_of_arrival() -> None:
    inbox = Inbox()
    for topic, payload in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        inbox.put(received(topic, payload))
    assert inbox.take() == [received("b", b"2"), received("a", b"3")]
    assert inbox.overwritten == 1
    assert inbox.take() == []


def test_a_flood_of_topics_pushes_out_the_oldest() -> None:
    inbox = Inbox()
    for number in range(MOST_TOPICS + 5):
        inbox.put(received(str(number)))
    assert [message.topic for message in inbox.take()] == [str(number) for number in range(5, MOST_TOPICS + 5)]
    assert inbox.overwritten == 5


def test_waiting_ends_with_a_message_or_with_the_stop() -> None:
    inbox, stop = Inbox(), StopEvent()
    inbox.wait(stop, 0.01)
    for act in (lambda: inbox.put(received("a")), stop.set):
        threading.Timer(0.05, act).start()
        began = time.monotonic()
        inbox.wait(stop, 30)
        assert time.monotonic() - began < 10
    inbox.take()
    assert stop.is_set()
