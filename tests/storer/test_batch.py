import json
import math
from datetime import timedelta
from typing import Any

import pytest

from common.frame import format_time
from common.mqtt.events import Message
from common.tally import Tally
from storer.batch import confirmations, decode_batch, parts, rejection_payload
from tests.support.frames import ADDRESS, DAY, historic

NOW = DAY + timedelta(hours=12)
FRAME = historic(ADCO=ADDRESS, BASE=1, PAPP=390)


def message(payload: bytes, topic: str = f"teleinfo/{ADDRESS}/frame") -> Message:
    return Message(topic, payload, retained=False, mid=1, qos=1, connection=1)


def confirmed(*payloads: bytes) -> dict[str, Any]:
    """What is told, by meter, when the store took everything that is a frame."""
    return {meter: json.loads(text) for meter, text in confirmations("main", decode_batch(map(message, payloads), NOW))}


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(FRAME.to_json()) | changes).encode()


def test_what_is_no_frame_does_not_disturb_its_neighbours() -> None:
    good, bad, other = decode_batch([message(FRAME.to_json()), message(b"?"), message(FRAME.to_json())], NOW)
    assert good.frame == other.frame == FRAME
    assert good.reason is None
    assert other.reason is None
    assert bad.frame is None
    assert bad.reason == "not JSON: Expecting value: line 1 column 1 (char 0)"
    assert decode_batch([], NOW) == []


def test_confirms_the_identities_as_they_were_published() -> None:
    later = format_time(FRAME.timestamp + timedelta(seconds=1))
    assert confirmed(FRAME.to_json(), changed(timestamp=later)) == {
        ADDRESS: {"storer": "main", "timestamps": [format_time(FRAME.timestamp), later], "rejected": []}
    }


def test_confirms_to_each_meter_what_is_its_own() -> None:
    told = confirmed(FRAME.to_json(), changed(meter="other"), b"?")
    assert list(told) == [ADDRESS, "other"]
    assert told["other"]["timestamps"] == [format_time(DAY.replace(microsecond=123_456))]


def test_what_the_store_rejected_is_confirmed_as_rejected() -> None:
    parcels = decode_batch([message(FRAME.to_json()), message(changed(meter="other"))], NOW)
    parcels[0].reason = "another frame is stored under the same meter and timestamp"
    told = {meter: json.loads(text) for meter, text in confirmations("main", parcels)}
    assert told[ADDRESS] == {"storer": "main", "timestamps": [], "rejected": [format_time(FRAME.timestamp)]}
    assert told["other"]["rejected"] == []


@pytest.mark.parametrize(
    "payload",
    [changed(frame={"BASE": 1.5}), changed(mode="pmepmi"), changed(dropped=-1), changed(frame={"A": "x" * 70_000})],
)
def test_what_is_no_frame_but_has_an_identity_is_confirmed_as_rejected(payload: bytes) -> None:
    """Or its reader would send it again for ever."""
    assert confirmed(payload) == {
        ADDRESS: {"storer": "main", "timestamps": [], "rejected": [format_time(FRAME.timestamp)]}
    }


@pytest.mark.parametrize("payload", [b"?", b"{}", changed(meter="a/b"), changed(meter="#"), changed(timestamp="now")])
def test_what_has_no_identity_is_confirmed_to_nobody(payload: bytes) -> None:
    assert confirmed(payload) == {}


@pytest.mark.parametrize("largest", [500, 1000, 2000, 100_000])
def test_a_confirmation_fits_into_what_the_broker_takes(largest: int) -> None:
    instants = [format_time(FRAME.timestamp + n * timedelta(microseconds=7)) for n in range(100)]
    parcels = decode_batch([message(changed(timestamp=instant)) for instant in instants], NOW)
    for parcel in parcels[::2]:
        parcel.reason = "no"
    told = [text for part in parts(parcels, largest) for _, text in confirmations("n" * 64, part)]
    assert max(map(len, told)) <= largest - 100  # topic and head of the packet
    words = [json.loads(text) for text in told]
    assert sorted(instant for word in words for instant in word["timestamps"] + word["rejected"]) == instants


def test_a_batch_without_a_limit_is_one_part() -> None:
    parcels = decode_batch([message(changed())] * 600, NOW)
    assert [len(part) for part in parts(parcels, math.inf)] == [600]
    assert list(parts([], math.inf)) == []


def test_a_complaint_says_what_and_why() -> None:
    (parcel,) = decode_batch([message("é?\udcff".encode("utf-8", "surrogateescape"))], NOW)
    assert json.loads(rejection_payload("main", parcel)) == {
        "storer": "main",
        "topic": f"teleinfo/{ADDRESS}/frame",
        "reason": "not JSON: 'utf-8' codec can't decode byte 0xff in position 3: invalid start byte",
        "payload": "é?\ufffd",
    }


@pytest.mark.parametrize(
    "payload", [b"\x00" * 100_000, "é".encode() * 50_000, b"\xff" * 100_000, b"\xf0\x9f\x98" * 9999]
)
def test_a_complaint_is_short_whatever_came(payload: bytes) -> None:
    (parcel,) = decode_batch([message(payload)], NOW)
    text = rejection_payload("main", parcel)
    assert len(json.loads(text)["payload"]) == 2000
    text.encode()  # paho does


AHEAD = (
    (timedelta(0), True),
    (timedelta(days=1), True),
    (timedelta(days=1, microseconds=1), False),
    (timedelta(days=80 * 365), False),
    (timedelta(days=-80 * 365), True),
)


@pytest.mark.parametrize(("ahead", "taken"), AHEAD)
def test_a_frame_of_the_future_is_rejected_with_a_reason_and_an_identity(ahead: timedelta, taken: bool) -> None:
    timestamp = format_time(NOW + ahead)
    (parcel,) = decode_batch([message(changed(timestamp=timestamp))], NOW)
    assert (parcel.frame is not None) == (parcel.reason is None) == taken
    assert parcel.identity == (ADDRESS, timestamp)
    if not taken:
        assert "more than a day ahead of the storer's clock (2026-11-24T12:00:00Z)" in (parcel.reason or "")


def test_without_a_clock_to_judge_by_no_frame_is_of_the_future() -> None:
    (parcel,) = decode_batch([message(changed(timestamp="2106-01-01T00:00:00.000000Z"))], None)
    assert parcel.reason is None


def test_a_tally_of_the_future_is_rejected_and_ends_there() -> None:
    tally = Tally(meter=ADDRESS, hour=DAY + timedelta(days=3), reader="pi", frames=5)
    parcels = decode_batch([message(tally.to_json(), f"teleinfo/{ADDRESS}/tally")], NOW)
    assert "more than a day ahead" in (parcels[0].reason or "")
    ((_, text),) = confirmations("main", parcels)
    assert json.loads(text)["tallies"] == ["2026-11-27T00:00:00Z"]
