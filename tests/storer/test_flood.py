"""Messages that come faster than they are stored: those that the broker does not hold back are not kept without end."""

from typing import Any

import pytest

from common.mqtt.events import Connected, Message
from common.runtime.shutdown import Shutdown
from storer.config import StorerConfig, StorerMqtt
from storer.service import Storer


def message(qos: int) -> Message:
    return Message("teleinfo/031961123456/frame", b"{}", False, 0, qos, 1)


@pytest.fixture
def storer() -> Storer:
    return Storer(StorerConfig(mqtt=StorerMqtt(host="localhost")), Shutdown())


def waiting(storer: Storer) -> list[Any]:
    return [storer._events.get_nowait() for _ in range(storer._events.qsize())]


def test_messages_of_qos_0_are_dropped_beyond_ten_thousand(storer: Storer, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(12_000):
        storer._session._emit(message(0))
    assert len(waiting(storer)) == 10_000
    assert [record.message for record in caplog.records] == [
        "More messages of QoS 0 come than can be stored: dropping some; publish them with QoS 1"
    ]


def test_all_else_is_taken(storer: Storer) -> None:
    """The broker limits the messages of QoS 1 that are not acknowledged, and sends them again."""
    for _ in range(12_000):
        storer._session._emit(message(1))
    storer._session._emit(Connected(session_present=True))
    assert len(waiting(storer)) == 12_001
