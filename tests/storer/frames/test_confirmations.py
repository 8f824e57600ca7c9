import json
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from common.contract.block import write_block
from common.contract.frame import format_time
from common.contract.tally import Tally
from common.mqtt.events import Message
from storer.frames.confirmations import Confirmations, Pace
from storer.frames.decode import Envelope, decode_batch
from tests.support.frames import ADDRESS, DAY, historic

NOW = DAY + timedelta(hours=12)
FRAME = historic(ADCO=ADDRESS, BASE=1, PAPP=390)
STAMPS = [format_time(FRAME.timestamp + timedelta(seconds=seconds)) for seconds in range(4)]


def message(payload: bytes, topic: str = f"teleinfo/{ADDRESS}/frame") -> Message:
    return Message(topic, payload, retained=False, mid=1, qos=1, connection=1)


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(FRAME.to_json()) | changes).encode()


def confirmed(*batches: Sequence[Envelope], max_packet: float = math.inf) -> list[tuple[str, str, str]]:
    """Base topic, meter and text of each message that confirms these batches together."""
    pending = Confirmations("main")
    for envelopes in batches:
        pending.add(envelopes)
    taken = list(pending.take(max_packet))
    assert not pending
    return taken


def by_meter(*batches: Sequence[Envelope]) -> dict[str, Any]:
    return {meter: json.loads(text) for _, meter, text in confirmed(*batches)}


def confirmations_of(*payloads: bytes) -> dict[str, Any]:
    """The confirmations by meter, when every frame was stored."""
    return by_meter(decode_batch(map(message, payloads), NOW))


def test_confirms_the_identities_as_they_were_published() -> None:
    paris = STAMPS[1].replace("T00", "T01").replace("Z", "+01:00")
    assert confirmations_of(FRAME.to_json(), changed(timestamp=paris)) == {
        ADDRESS: {"storer": "main", "timestamps": [STAMPS[0], paris], "rejected": []}
    }


def test_confirms_each_meter_separately() -> None:
    found = confirmations_of(FRAME.to_json(), changed(meter="other"), b"?")
    assert list(found) == [ADDRESS, "other"]
    assert found["other"]["timestamps"] == [STAMPS[0]]


def test_one_message_confirms_several_batches_of_a_meter() -> None:
    batches = [decode_batch([message(changed(timestamp=stamp))], NOW) for stamp in STAMPS]
    batches[2][0].reason = "no"
    assert by_meter(*batches) == {
        ADDRESS: {"storer": "main", "timestamps": [STAMPS[0], STAMPS[1], STAMPS[3]], "rejected": [STAMPS[2]]}
    }


def test_confirms_below_the_base_topic_that_the_frame_came_on() -> None:
    topics = ("teleinfo/1/frame", "teleinfo/b/1/replay", "teleinfo/b/1/frame", "teleinfo/1/frame")
    envelopes = decode_batch(
        [message(changed(timestamp=stamp), topic) for stamp, topic in zip(STAMPS, topics, strict=True)], NOW
    )
    found = {base: json.loads(text)["timestamps"] for base, _, text in confirmed(envelopes)}
    assert found == {"teleinfo": [STAMPS[0], STAMPS[3]], "teleinfo/b": [STAMPS[1], STAMPS[2]]}


@pytest.mark.parametrize(
    "payload",
    [changed(frame={"BASE": 1.5}), changed(mode="pmepmi"), changed(dropped=-1), changed(frame={"A": "x" * 70_000})],
)
def test_an_invalid_message_with_an_identity_is_confirmed_as_rejected(payload: bytes) -> None:
    """Otherwise its reader would send it again for ever."""
    assert confirmations_of(payload) == {ADDRESS: {"storer": "main", "timestamps": [], "rejected": [STAMPS[0]]}}


@pytest.mark.parametrize("payload", [b"?", b"{}", changed(meter="a/b"), changed(meter="#"), changed(timestamp="now")])
def test_a_message_without_an_identity_is_not_confirmed(payload: bytes) -> None:
    assert confirmations_of(payload) == {}


def test_the_frames_of_a_block_are_confirmed_one_by_one() -> None:
    elements = [changed(timestamp=stamp) for stamp in STAMPS]
    elements[2] = changed(timestamp=STAMPS[2], mode="pmepmi")
    envelopes = decode_batch([message(write_block(elements), f"teleinfo/{ADDRESS}/replay")], NOW)
    envelopes[1].reason = "another frame is stored under the same meter and timestamp"
    assert by_meter(envelopes) == {
        ADDRESS: {"storer": "main", "timestamps": [STAMPS[0], STAMPS[3]], "rejected": [STAMPS[1], STAMPS[2]]}
    }


@pytest.mark.parametrize("largest", [500, 1000, 2000, 100_000])
def test_a_confirmation_fits_into_what_the_broker_takes(largest: int) -> None:
    stamps = [format_time(FRAME.timestamp + n * timedelta(microseconds=7)) for n in range(100)]
    envelopes = decode_batch([message(changed(timestamp=stamp)) for stamp in stamps], NOW)
    for envelope in envelopes[::2]:
        envelope.reason = "no"
    hours = [DAY - timedelta(hours=n) for n in range(30)]
    tallies = [Tally(meter=ADDRESS, hour=hour, reader="pi", frames=5).to_json() for hour in hours]
    envelopes += decode_batch([message(tally, f"teleinfo/{ADDRESS}/tally") for tally in tallies], NOW)
    pending = Confirmations("n" * 64)
    pending.add(envelopes)
    texts = [text for _, _, text in pending.take(largest)]
    assert max(map(len, texts)) <= largest - 100  # topic and header of the packet
    found = [json.loads(text) for text in texts]
    # Each in its own list, also where one message is not enough for all.
    assert [stamp for one in found for stamp in one["rejected"]] == stamps[::2]
    assert [stamp for one in found for stamp in one["timestamps"]] == stamps[1::2]
    assert sum(len(one.get("tallies", [])) for one in found) == len(hours)


def test_a_meter_without_a_limit_has_one_message() -> None:
    ((_, _, text),) = confirmed(decode_batch([message(changed())] * 600, NOW))
    assert len(json.loads(text)["timestamps"]) == 600
    assert confirmed([]) == []


def test_the_pace_lets_a_burst_pass_and_then_limits_the_rate() -> None:
    pace = Pace(10, burst=3)
    now, times = 100.0, []
    for _ in range(8):
        now = max(now, pace.ready_at)
        pace.done(now)
        times.append(round(now - 100, 6))
    assert times == [0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4]


def test_what_is_seldom_done_never_waits() -> None:
    pace = Pace(10, burst=1)
    for now in range(100, 110):
        assert pace.ready_at <= now
        pace.done(now)


def test_a_pause_follows_what_was_done_and_has_an_end() -> None:
    pace = Pace(200, burst=0, longest=5)
    pace.done(100, 200)
    assert pace.ready_at == 101
    pace.done(101, 100_000)
    assert pace.ready_at == 106


@pytest.mark.parametrize("largest", [1, 399, 440, 479])
def test_a_broker_that_takes_hardly_anything_gets_one_frame_a_message(largest: int) -> None:
    envelopes = decode_batch([message(changed(timestamp=stamp)) for stamp in STAMPS], NOW)
    found = [json.loads(text)["timestamps"] for _, _, text in confirmed(envelopes, max_packet=largest)]
    assert found == [[stamp] for stamp in STAMPS]
