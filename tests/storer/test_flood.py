"""Messages that come faster than they are stored: those that the broker does not hold back are not kept without end."""

import pytest

from common.mqtt.events import Connected, Message
from common.runtime.shutdown import Shutdown
from storer.config.options import StorerConfig, StorerMqtt
from storer.service import Storer


def message(qos: int, size: int = 2) -> Message:
    return Message("teleinfo/031961123456/frame", bytes(size), False, 0, qos, 1)


@pytest.fixture
def storer() -> Storer:
    return Storer(StorerConfig(mqtt=StorerMqtt(host="localhost")), Shutdown())


def test_messages_of_qos_0_are_dropped_beyond_32_megabytes(storer: Storer, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        storer._session._emit(message(0, 99_000))  # and 1,000 bytes each that they take besides
    assert storer._events.qsize() == 320
    assert [record.message for record in caplog.records] == [
        "More messages of QoS 0 come than can be stored: dropping some; publish with QoS 1"
    ]


def test_more_is_taken_when_some_was_read(storer: Storer) -> None:
    for _ in range(2):
        for _ in range(1000):
            storer._session._emit(message(0, 99_000))
        for _ in range(120):
            storer._next_event(0)
        storer._drain_events()
        assert storer._events.qsize() == 0
        storer._deferred.clear()
    for _ in range(319):
        storer._session._emit(message(0, 99_000))
    assert storer._events.qsize() == 319


def test_all_else_is_taken(storer: Storer) -> None:
    """The broker limits the messages of QoS 1 that are not acknowledged, and sends them again."""
    for _ in range(1000):
        storer._session._emit(message(1, 99_000))
    storer._session._emit(Connected(session_present=True))
    assert storer._events.qsize() == 1001
