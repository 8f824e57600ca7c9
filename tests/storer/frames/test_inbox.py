"""Messages that come faster than they are stored: those that the broker does not hold back are not kept without end."""

import pytest

from common.mqtt.events import Connected, Message
from common.runtime.logs import RateLimiter
from storer.frames.inbox import Inbox


def message(qos: int, size: int = 2) -> Message:
    return Message("teleinfo/031961123456/frame", bytes(size), False, 0, qos, 1)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(1000, RateLimiter())


def test_messages_of_qos_0_are_dropped_beyond_32_megabytes(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        inbox.put(message(0, 99_000))  # and 1,000 bytes each that they take besides
    assert len(inbox) == 320
    assert [record.message for record in caplog.records] == [
        "More messages of QoS 0 come than can be stored: dropping some; publish with QoS 1"
    ]


def test_more_is_taken_when_some_was_read(inbox: Inbox) -> None:
    for _ in range(2):
        for _ in range(1000):
            inbox.put(message(0, 99_000))
        for _ in range(120):
            inbox.next(0)
        assert list(inbox.defer_messages()) == []
        assert len(inbox) == 200
        inbox.drop_deferred()
    for _ in range(319):
        inbox.put(message(0, 99_000))
    assert len(inbox) == 319


def test_all_else_is_taken(inbox: Inbox) -> None:
    """The broker limits the messages of QoS 1 that are not acknowledged, and sends them again."""
    for _ in range(1000):
        inbox.put(message(1, 99_000))
    inbox.put(Connected(session_present=True))
    assert len(inbox) == 1001
    assert list(inbox.defer_messages()) == [Connected(session_present=True)]
    assert len(inbox) == 1000
