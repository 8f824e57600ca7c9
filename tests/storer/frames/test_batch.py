"""What becomes of a batch whose parts the tables take or refuse; tests/services shows the same with a database."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from common.contract.frame import Frame, format_time
from common.contract.tally import Tally
from common.mqtt.events import Message
from common.runtime.logs import RateLimiter
from storer.frames.batch import BatchWriter
from storer.frames.confirmations import Confirmations
from storer.frames.decode import decode_batch
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore, WriteResult
from storer.health import Counters
from tests.support.frames import ADDRESS, DAY, historic

FRAME = historic(ADCO=ADDRESS, BASE=1, PAPP=390)
TOPIC = f"teleinfo/{ADDRESS}/frame"


class Tables(FrameStore):
    """Tables that refuse one frame of a batch and one tally, and hold another frame already."""

    def __init__(self, place: int) -> None:
        self.rejected: list[Rejection] = []
        self._place = place

    def write(self, frames: Sequence[Frame]) -> WriteResult:
        reasons: list[str | None] = [None] * len(frames)
        reasons[self._place] = "at fault"
        return WriteResult(len(frames) - 2, reasons)

    def write_tallies(self, tallies: Sequence[Tally]) -> list[str | None]:
        return [None, "no such hour"]

    def record_rejections(self, rejections: Sequence[Rejection]) -> int:
        self.rejected += rejections
        return 0


@pytest.mark.parametrize("place", range(4))
def test_a_frame_at_fault_alone_is_confirmed_as_rejected_and_its_neighbours_as_stored(place: int) -> None:
    stamps = [format_time(FRAME.timestamp + timedelta(seconds=second)) for second in range(4)]
    frames = [replace(FRAME, timestamp=FRAME.timestamp + timedelta(seconds=second)).to_json() for second in range(4)]
    hours = [DAY - timedelta(hours=n) for n in range(2)]
    tallies = [Tally(meter=ADDRESS, hour=hour, reader="pi", frames=5).to_json() for hour in hours]
    # What is no frame and the tallies stand between the frames: reasons are by place among frames.
    payloads = [(TOPIC, b"?"), (TOPIC, frames[0]), (f"teleinfo/{ADDRESS}/tally", tallies[0]), (TOPIC, frames[1])]
    payloads += [(TOPIC, b"{}"), (TOPIC, frames[2]), (f"teleinfo/{ADDRESS}/tally", tallies[1]), (TOPIC, frames[3])]
    envelopes = decode_batch(
        [Message(topic, one, retained=False, mid=1, qos=1, connection=1) for topic, one in payloads],
        DAY + timedelta(days=1),
    )
    tables, counters = Tables(place), Counters()
    for step in BatchWriter(tables, counters, RateLimiter()).steps(envelopes):
        step()
    confirmations = Confirmations("main")
    confirmations.add(envelopes)
    ((base, meter, text),) = confirmations.take(math.inf)
    found = json.loads(text)
    assert (base, meter) == ("teleinfo", ADDRESS)
    assert found["rejected"] == [stamps[place]]
    assert found["timestamps"] == [stamp for stamp in stamps if stamp != stamps[place]]
    assert len(found["tallies"]) == 2  # a tally that can never be stored would be sent for ever, too
    assert [one.payload for one in tables.rejected] == [
        payload for _, payload in payloads if payload in (b"?", b"{}", frames[place], tallies[1])
    ]
    assert (counters.stored, counters.duplicate, counters.rejected, counters.tallies) == (2, 1, 3, 2)
