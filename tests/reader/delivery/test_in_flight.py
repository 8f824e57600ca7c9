"""Items in flight: bounded, whatever the broker acknowledges."""

from pathlib import Path

import pytest

from common.contract.block import MOST_FRAMES
from common.mqtt.events import PublishToken
from reader.delivery.in_flight import ACK_TIMEOUT, MAX_IN_FLIGHT
from tests.reader.delivery.deliveries import Reader, logged, of, payloads


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


def test_a_message_has_no_more_frames_than_a_storer_takes(tmp_path: Path) -> None:
    """Of the smallest frames, more would fit into its bytes; a storer rejects all of such a message."""
    reader = Reader(tmp_path, batch=20.0)
    reader.status("main")
    frames = reader.frames(2 * MOST_FRAMES + 1)
    sent = reader.wait(20)
    assert [len(payloads([message])) for message in sent] == [MOST_FRAMES, MOST_FRAMES, 1]
    assert payloads(sent) == of(frames)
