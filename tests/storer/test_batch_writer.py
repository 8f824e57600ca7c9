"""What becomes of a batch whose parts the tables take or refuse; tests/services shows the same with a database."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from common.frame import Frame
from common.mqtt.events import Message
from common.runtime.logs import RateLimiter
from common.tally import Tally
from storer.batch.decode import decode_batch
from storer.batch_writer import BatchWriter
from storer.database.frame_store import FrameStore
from storer.database.frame_writer import WriteResult
from storer.database.rejected import Rejection
from storer.health import Counters
from tests.support.frames import ADDRESS, DAY, historic

FRAME = historic(ADCO=ADDRESS, BASE=1, PAPP=390)
TOPIC = f"teleinfo/{ADDRESS}/frame"


class Tables(FrameStore):
    """Tables that hold the first frame already, refuse the second, and have room for so many rejected messages."""

    def __init__(self, room: int = 100) -> None:
        self.rejected: list[Rejection] = []
        self._room = room

    def write(self, frames: Sequence[Frame]) -> WriteResult:
        return WriteResult(len(frames) - 2, [None, "refused", *[None] * (len(frames) - 2)])

    def write_tallies(self, tallies: Sequence[Tally]) -> list[str | None]:
        assert not tallies
        return []

    def record_rejections(self, rejections: Sequence[Rejection]) -> int:
        self.rejected += rejections
        return max(0, len(rejections) - self._room)


def written(tables: Tables, counters: Counters, times: int = 1) -> list[str | None]:
    """Write a batch of four frames and a message that is none; return the reasons."""
    payloads = [FRAME.to_json()] * 4 + [b"?"]
    messages = [Message(TOPIC, one, retained=False, mid=1, qos=1, connection=1) for one in payloads]
    writer = BatchWriter(tables, counters, RateLimiter())
    for _ in range(times):
        envelopes = decode_batch(messages, DAY + timedelta(days=1))
        for step in writer.steps:
            step(envelopes)
    return [envelope.reason for envelope in envelopes]


def test_each_message_ends_in_one_counter_and_what_is_refused_is_recorded() -> None:
    tables, counters = Tables(), Counters()
    reasons = written(tables, counters)
    assert (reasons[0], reasons[1], reasons[2:4]) == (None, "refused", [None, None])
    assert (counters.stored, counters.duplicate, counters.rejected, counters.rejected_not_kept) == (2, 1, 2, 0)
    assert [(one.reason, one.payload) for one in tables.rejected] == [("refused", FRAME.to_json()), (reasons[4], b"?")]


def test_a_full_table_and_a_topic_are_logged_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    counters = Counters()
    written(Tables(room=1), counters, times=3)
    assert counters.rejected_not_kept == 3
    assert caplog.text.count("rejected_messages is full") == caplog.text.count("Rejected 2 messages") == 1
