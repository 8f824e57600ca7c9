"""What comes from the broker faster than it is read: it is not kept without end."""

from collections.abc import Callable, Iterator

import pytest

from common.mqtt.events import Event, Message
from monitor.base.config import MonitorMqtt
from monitor.live import mqtt_listener as module
from monitor.live.mqtt_listener import MqttListener
from monitor.live.state import LiveState
from tests.support.programs import wait_until

HEALTH = "teleinfo/reader/attic/health"
LONGEST = 65_536


class FakeSession:
    """Connects to nobody."""

    emit: Callable[[Event], None]

    def __init__(self, *_: object, emit: Callable[[Event], None], **__: object) -> None:
        FakeSession.emit = emit

    def start(self) -> None: ...
    def close(self) -> None: ...
    def join(self, timeout: float) -> None: ...


def send(topic: str, payload: bytes) -> None:
    FakeSession.emit(Message(topic, payload, False, 0, 0, 1))


@pytest.fixture
def state() -> LiveState:
    return LiveState()


@pytest.fixture
def listener(state: LiveState, monkeypatch: pytest.MonkeyPatch) -> Iterator[MqttListener]:
    monkeypatch.setattr(module, "Session", FakeSession)
    listener = MqttListener(
        MonitorMqtt(),
        "main",
        state,
        changed=lambda _: None,
        tick=lambda: None,
        answered=lambda _: None,
    )
    yield listener
    listener.close()


def waiting(listener: MqttListener) -> list[Message]:
    found = [listener._events.get_nowait() for _ in range(listener._events.qsize())]
    return [event for event in found if isinstance(event, Message)]


@pytest.mark.parametrize("topic", [HEALTH, "teleinfo/031961123456/state", "teleinfo/031961123456/frame"])
def test_a_flood_is_dropped(listener: MqttListener, topic: str) -> None:
    for _ in range(2000):
        send(topic, b"x" * 60_000)  # 120 MB
    assert 200 < len(waiting(listener)) < 300  # of 16 MB


def test_no_more_is_kept_of_a_long_message_than_shows_that_it_is_too_long(listener: MqttListener) -> None:
    send(HEALTH, b"x" * 200_000)
    (message,) = waiting(listener)
    assert len(message.payload) == LONGEST + 1


def test_after_a_flood_all_goes_on(listener: MqttListener, state: LiveState) -> None:
    for _ in range(2000):
        send(HEALTH, b"x" * 60_000)
    listener.start()
    wait_until(lambda: listener._events.empty(), 30, "the flood to be read")
    send("teleinfo/reader/attic/status", b"online")
    wait_until(lambda: bool(state.programs("reader")), 30, "the status")
    assert state.programs("reader")[0].status == "online"
