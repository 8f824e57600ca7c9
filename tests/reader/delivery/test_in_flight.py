"""Items in flight: bounded, whatever the broker acknowledges."""

import pytest

from common.mqtt.events import PublishToken
from reader.delivery.in_flight import ACK_TIMEOUT, MAX_IN_FLIGHT
from tests.reader.delivery.deliveries import Reader, logged


def test_after_a_minute_without_pubacks_the_connection_is_replaced_and_that_is_logged_once(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    for reconnects in range(3):
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
