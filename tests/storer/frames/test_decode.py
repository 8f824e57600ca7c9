import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.block import is_block
from common.contract.frame import Frame, format_time
from common.contract.tally import Tally
from common.mqtt.events import Message
from storer.frames.decode import Envelope, decode_batch, rejection_payload
from tests.storer.frames.test_confirmations import FRAME, NOW, changed, confirmed, message
from tests.support.frames import ADDRESS, DAY, frames


def test_an_invalid_message_does_not_affect_its_neighbours() -> None:
    good, bad, other = decode_batch([message(FRAME.to_json()), message(b"?"), message(FRAME.to_json())], NOW)
    assert good.frame == other.frame == FRAME
    assert good.reason is None
    assert other.reason is None
    assert bad.frame is None
    assert bad.reason == "not JSON: Expecting value: line 1 column 1 (char 0)"
    assert decode_batch([], NOW) == []


def test_a_rejection_report_has_topic_reason_and_payload() -> None:
    (envelope,) = decode_batch([message("é?\udcff".encode("utf-8", "surrogateescape"))], NOW)
    assert json.loads(rejection_payload("main", envelope)) == {
        "storer": "main",
        "topic": f"teleinfo/{ADDRESS}/frame",
        "reason": "not JSON: 'utf-8' codec can't decode byte 0xff in position 3: invalid start byte",
        "payload": "é?\ufffd",
    }


@pytest.mark.parametrize(
    "payload", [b"\x00" * 100_000, "é".encode() * 50_000, b"\xff" * 100_000, b"\xf0\x9f\x98" * 9999]
)
def test_a_rejection_report_is_short_whatever_the_payload(payload: bytes) -> None:
    (envelope,) = decode_batch([message(payload)], NOW)
    text = rejection_payload("main", envelope)
    assert len(json.loads(text)["payload"]) == 2000
    text.encode()  # paho does


AHEAD = (
    (timedelta(0), True),
    (timedelta(days=1), True),
    (timedelta(days=1, microseconds=1), False),
    (timedelta(days=80 * 365), False),
    (timedelta(days=-80 * 365), True),
)


@pytest.mark.parametrize(("ahead", "accepted"), AHEAD)
def test_a_frame_too_far_ahead_is_rejected_with_a_reason_and_an_identity(ahead: timedelta, accepted: bool) -> None:
    timestamp = format_time(NOW + ahead)
    (envelope,) = decode_batch([message(changed(timestamp=timestamp))], NOW)
    assert (envelope.frame is not None) == (envelope.reason is None) == accepted
    assert envelope.identity == (ADDRESS, timestamp)
    if not accepted:
        assert "more than a day ahead of the storer's clock (2026-11-24T12:00:00Z)" in (envelope.reason or "")


def test_without_a_reliable_clock_no_frame_is_too_far_ahead() -> None:
    (envelope,) = decode_batch([message(changed(timestamp="2106-01-01T00:00:00.000000Z"))], None)
    assert envelope.reason is None


def test_a_tally_too_far_ahead_is_rejected_and_confirmed() -> None:
    tally = Tally(meter=ADDRESS, hour=DAY + timedelta(days=3), reader="pi", frames=5)
    envelopes = decode_batch([message(tally.to_json(), f"teleinfo/{ADDRESS}/tally")], NOW)
    assert "more than a day ahead" in (envelopes[0].reason or "")
    ((_, _, text),) = confirmed(envelopes)
    assert json.loads(text)["tallies"] == ["2026-11-27T00:00:00Z"]


# Blocks: several frames in one message.


def block(*elements: bytes) -> Message:
    return message(b"[" + b",".join(elements) + b"]", f"teleinfo/{ADDRESS}/replay")


def later(seconds: int) -> bytes:
    return changed(timestamp=format_time(FRAME.timestamp + timedelta(seconds=seconds)))


def what(envelope: Envelope) -> tuple[object, ...]:
    return envelope.frame, envelope.reason, envelope.identity, envelope.payload


DAMAGED = (
    b"?",
    b"",
    b"null",
    b"5",
    b"[]",
    b"{}",
    b'{"meter": "1" 2}',
    changed(frame={}),
    changed(frame={"BASE": 1.5}),
    changed(frame={"BASE": float("nan")}),
    changed(meter="a/b"),
    changed(mode="pmepmi"),
    changed(timestamp="now"),
    changed(timestamp="2026-12-24T22:20:20.123456Z"),
    changed(clock="\udc80"),
    changed(clock="?").replace(b"?", b"\xff"),
    changed(frame={"BASE": 7}).replace(b"7", b"9" * 5000),
    changed(more=1).replace(b'"more": 1', b'"more": ' + b"[" * 30_000 + b"]" * 30_000),
)


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_frame_of_a_block_is_rejected_by_itself(damaged: bytes) -> None:
    envelopes = decode_batch([message(FRAME.to_json()), block(later(1), damaged, later(2)), message(later(3))], NOW)
    assert [envelope.reason is None for envelope in envelopes] == [True, True, False, True, True]
    alone = decode_batch([message(damaged)], NOW) if not is_block(damaged) else [envelopes[2]]
    assert what(envelopes[2]) == what(alone[0])
    assert [what(envelopes[1]), what(envelopes[3])] == [
        what(one) for one in decode_batch([block(later(1), later(2))], NOW)
    ]


@pytest.mark.parametrize("payload", [b"[]", b"[ ]", b"[", b"[1", b"[" * 60_000, b"[1]]", b"[" + b"1," * 1000 + b"1]"])
def test_an_array_that_is_no_block_is_rejected_as_one_message(payload: bytes) -> None:
    (envelope,) = decode_batch([message(payload)], NOW)
    assert (envelope.frame, envelope.identity, envelope.payload) == (None, None, payload)
    assert envelope.reason


def test_a_report_on_a_frame_of_a_block_shows_that_frame() -> None:
    envelopes = decode_batch([block(later(1), later(2))], NOW)
    envelopes[1].reason = "no"
    assert json.loads(rejection_payload("main", envelopes[1]))["payload"] == later(2).decode()


@given(
    st.lists(frames().map(Frame.to_json) | st.sampled_from(DAMAGED) | st.binary(max_size=30), min_size=1, max_size=5)
)
def test_each_frame_of_any_block_fares_as_it_would_alone(elements: list[bytes]) -> None:
    envelopes = decode_batch([block(*elements)], NOW)
    if envelopes[0].place is None:
        assert len(envelopes) == 1
        assert envelopes[0].reason
        return
    for envelope in envelopes:
        if not is_block(envelope.payload):
            assert what(envelope) == what(decode_batch([message(envelope.payload)], NOW)[0])
    if all(envelope.reason is None for envelope in envelopes):
        assert [envelope.payload for envelope in envelopes] == elements


@given(st.binary(max_size=40), st.integers(0, 400))
def test_any_bytes_in_a_block_are_survived(noise: bytes, place: int) -> None:
    whole = block(later(1), later(2), later(3)).payload
    payload = whole[:place] + noise + whole[place + len(noise) :]
    envelopes = decode_batch([message(payload), message(FRAME.to_json())], NOW)
    assert envelopes[-1].frame == FRAME
    assert all((envelope.frame is None) == (envelope.reason is not None) for envelope in envelopes)
    confirmed(envelopes)
