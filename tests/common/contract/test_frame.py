import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import LONGEST_MESSAGE, Frame, format_time, parse_time, peek_id, write_stamp
from common.contract.labels import Mode
from common.errors import MessageError
from tests.support.frames import INSTANT, frames
from tests.support.wording import says

# The example of docs/design.md, with its time in UTC.
EXAMPLE = {
    "meter": "031961123456",
    "timestamp": "2026-11-24T22:20:20.123456Z",
    "mode": "standard",
    "frame": {"ADSC": "031961123456", "VTIC": "02", "DATE": "", "EAST": 8735124, "SINSTS": 1230, "STGE": "003A0001"},
    "stamps": {"DATE": "2026-11-24T22:20:19Z", "SMAXSN": "2026-11-24T06:05:31Z"},
    "dropped": 1,
}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in EXAMPLE.items() if name != key}


def message(**changes: Any) -> bytes:
    return json.dumps(EXAMPLE | changes).encode()


def refusal(payload: bytes) -> str:
    with pytest.raises(MessageError) as caught:
        Frame.from_json(payload)
    text = str(caught.value)
    assert "\n" not in text
    text.encode()  # it goes to the log, to MQTT and to the database
    return text


def test_reads_the_example_of_the_design() -> None:
    frame = Frame.from_json(message())
    assert frame == Frame(
        meter="031961123456",
        timestamp=datetime(2026, 11, 24, 22, 20, 20, 123456, tzinfo=UTC),
        mode=Mode.STANDARD,
        values=EXAMPLE["frame"],  # type: ignore[arg-type]
        stamps={
            "DATE": datetime(2026, 11, 24, 22, 20, 19, tzinfo=UTC),
            "SMAXSN": datetime(2026, 11, 24, 6, 5, 31, tzinfo=UTC),
        },
        dropped=1,
    )
    assert list(frame.values) == list(EXAMPLE["frame"])  # type: ignore[call-overload]
    assert frame.timestamp.tzinfo is UTC


def test_writes_the_example_of_the_design_key_by_key() -> None:
    assert Frame.from_json(message()).to_json() == json.dumps(EXAMPLE).encode()


def test_the_order_of_the_keys_is_fixed() -> None:
    everything = EXAMPLE | {"clock": "degraded", "host_clock": "unsynchronised", "source": "tasmota", "interval": 60}
    backwards = json.dumps(dict(reversed(everything.items()))).encode()
    written = json.loads(Frame.from_json(backwards).to_json())
    assert list(written) == [
        "meter",
        "timestamp",
        "mode",
        "frame",
        "stamps",
        "clock",
        "host_clock",
        "dropped",
        "source",
        "interval",
    ]
    assert written == everything


@given(frames())
def test_a_frame_is_the_same_after_writing_and_reading(frame: Frame) -> None:
    again = Frame.from_json(frame.to_json())
    assert again == frame
    assert list(again.values.items()) == list(frame.values.items())
    assert again.stamps is None or frame.stamps is None or list(again.stamps) == list(frame.stamps)
    assert again.to_json() == frame.to_json()


def test_accents_are_not_escaped() -> None:
    frame = Frame.from_json(message(frame={"MSG1": "été €"}))
    assert '"MSG1": "été €"'.encode() in frame.to_json()


def test_white_space_around_it_is_ignored() -> None:
    assert Frame.from_json(b" \t\r\n" + message() + b"\n\r\t ") == Frame.from_json(message())


def test_unknown_keys_are_ignored() -> None:
    assert Frame.from_json(message(sequence=7, extra={"a": [1.5, None]})) == Frame.from_json(message())


@pytest.mark.parametrize("key", ["stamps", "clock", "host_clock", "dropped", "source", "interval"])
def test_a_missing_key_stays_missing(key: str) -> None:
    frame = Frame.from_json(json.dumps(without(key)).encode())
    assert getattr(frame, key) is None
    assert key not in json.loads(frame.to_json())


def test_an_empty_value_differs_from_a_missing_one() -> None:
    frame = Frame.from_json(message(stamps={}, dropped=0))
    assert frame.stamps == {}
    assert frame.dropped == 0
    assert json.loads(frame.to_json()) == EXAMPLE | {"stamps": {}, "dropped": 0}


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        (b"", "not JSON: ...char 0..."),
        (b"online", "not JSON: ...char 0..."),
        (message()[:-1], "not JSON: ...','...char 294..."),
        (message() + b"}", "not JSON: Extra...char 295..."),
        (b"\xff" + message(), "not JSON: ...utf-8...0xff...position 0..."),
        (b"[]", "not a frame: ...object..."),
        (b'"frame"', "not a frame: ...object..."),
        (b"null", "not a frame: ...object..."),
        (b"{}", "not a frame: 'mode' is missing"),
        (message(mode="pmepmi"), "not a frame: 'mode' is 'pmepmi'...historic...standard"),
        (message(mode="Standard"), "not a frame: 'mode' is 'Standard'...historic...standard"),
        (message(mode=1), "not a frame: 'mode' is int...str"),
        (message(mode=["standard"]), "not a frame: 'mode' is list...str"),
        (message(meter=31961123456), "not a frame: 'meter' is int...str"),
        (message(meter=None), "not a frame: 'meter' is missing"),
        (message(timestamp=1795000000), "not a frame: 'timestamp' is int...str"),
        (message(frame=[]), "not a frame: 'frame' is list...dict"),
        (message(frame={}), "not a frame: 'frame' is empty"),
        (message(frame={"EAST": 8735124.0}), "not a frame: EAST is float...integer...string"),
        (message(frame={"EAST": True}), "not a frame: EAST is bool...integer...string"),
        (message(frame={"EAST": None}), "not a frame: EAST is NoneType...integer...string"),
        (message(frame={"EAST": [1]}), "not a frame: EAST is list...integer...string"),
        (message(frame={"EAST": float("nan")}), "not a frame: EAST is float...integer...string"),
        (message(frame={"EAST": float("inf")}), "not a frame: EAST is float...integer...string"),
        (message(dropped=1.0), "not a frame: 'dropped' is float...int"),
        (message(dropped=True), "not a frame: 'dropped' is bool...int"),
        (message(dropped=-1), "not a frame: 'dropped' is negative"),
        (message(stamps=[]), "not a frame: 'stamps' is list...dict"),
        (message(stamps={"DATE": 5}), "not a frame: ...DATE is int...string"),
        (message(stamps={"DATE": None}), "not a frame: ...DATE is NoneType...string"),
        (message(clock=True), "not a frame: 'clock' is bool...str"),
        (message(host_clock=0), "not a frame: 'host_clock' is int...str"),
        (message(source=[]), "not a frame: 'source' is list...str"),
        (message(interval="60"), "not a frame: 'interval' is str...int"),
        (message(interval=True), "not a frame: 'interval' is bool...int"),
        (message(interval=9), "not a frame: 'interval' is not from 10 to 900"),
        (message(interval=901), "not a frame: 'interval' is not from 10 to 900"),
    ],
)
def test_an_invalid_frame_is_refused_with_the_reason(payload: bytes, facts: str) -> None:
    assert says(refusal(payload), facts)


@pytest.mark.parametrize("key", ["meter", "timestamp", "mode", "frame"])
def test_a_missing_key_is_named(key: str) -> None:
    assert refusal(json.dumps(without(key)).encode()) == f"not a frame: '{key}' is missing"


@pytest.mark.parametrize("label", ["", "A B", "É", "SEVENTEEN-LETTERS", "A\tB", "A\n", "A\x00", "\x7f"])
def test_refuses_invalid_labels(label: str) -> None:
    facts = f"not a frame: {label[:40]!r} ...label...16..."
    assert says(refusal(message(frame={label: 1})), facts)
    assert says(refusal(message(stamps={label: "2026-11-24T22:20:19Z"})), facts)


@pytest.mark.parametrize("label", ["!", "~~~~~~~~~~~~~~~~", "SMAXSN1-1", "NJOURF+1", "mode", "#/+"])
def test_accepts_every_valid_label(label: str) -> None:
    assert Frame.from_json(message(frame={label: "x"})).values == {label: "x"}


@pytest.mark.parametrize("meter", ["", " ", "0319 61", "03/61", "+", "#", "é", "0" * 33, "031961123456\n"])
def test_refuses_an_address_that_is_invalid_in_a_topic(meter: str) -> None:
    assert refusal(message(meter=meter)).startswith("not a frame: 'meter' is not an address")


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "now",
        "2026-11-24",
        "2026-11-24T22:20:20",  # of what place?
        "2026-11-24 22:20:20Z",
        "2026-11-24T22:20Z",
        "2026-11-24T22:20:20.1234567Z",
        "2026-11-24T22:20:20z",
        "2026-11-24T22:20:20Z\n",
        " 2026-11-24T22:20:20Z",
        "20261124T222020Z",
        "2026-W48-2T22:20:20Z",
        "2026-13-24T22:20:20Z",
        "2026-02-29T22:20:20Z",
        "2026-11-24T25:20:20Z",
        "2026-11-24T22:20:60Z",
        "2026-11-24T22:20:20+24:00",
        "2026-11-24T22:20:20+01:60",
        "2026-11-24T22:20:20+0100",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",  # before the first year, in UTC
        "9999-12-31T23:59:59-00:01",  # after the last one
        "٢٠٢٦-11-24T22:20:20Z",  # digits, but not ours
    ],
)
def test_refuses_invalid_times(timestamp: str) -> None:
    assert refusal(message(timestamp=timestamp)).startswith("not an instant: ")
    assert refusal(message(stamps={"DATE": timestamp})).startswith("not an instant: ")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T23:20:19+01:00", datetime(2026, 11, 24, 22, 20, 19, tzinfo=UTC)),
        ("2026-11-24T22:20:19.5Z", datetime(2026, 11, 24, 22, 20, 19, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T23:59:00+23:59", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T00:00:59-23:59", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_reads_every_offset_as_utc(text: str, instant: datetime) -> None:
    assert parse_time(text) == instant
    assert Frame.from_json(message(timestamp=text)).timestamp == instant


@given(INSTANT)
def test_a_time_is_the_same_after_writing_and_reading(instant: datetime) -> None:
    assert parse_time(format_time(instant)) == instant
    assert parse_time(write_stamp(instant)) == instant
    assert len(format_time(instant)) == len("2026-11-24T22:20:20.123456Z")


def test_times_of_other_zones_are_written_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    assert format_time(datetime(2026, 11, 25, 0, 20, 19, tzinfo=paris)) == "2026-11-24T23:20:19.000000Z"
    assert write_stamp(datetime(2026, 11, 25, 0, 20, 19, tzinfo=paris)) == "2026-11-24T23:20:19Z"


def test_refuses_large_messages_before_parsing_them() -> None:
    fitting = message(frame={"A": "x" * (LONGEST_MESSAGE - len(message(frame={"A": ""})))})
    assert len(fitting) == LONGEST_MESSAGE
    assert Frame.from_json(fitting).to_json() == fitting
    for payload in (fitting + b" ", b"{" * (LONGEST_MESSAGE + 1)):
        assert says(refusal(payload), f"too large: {LONGEST_MESSAGE + 1} bytes...{LONGEST_MESSAGE}")


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 60_000,
        b'{"a":' * 12_000,
        message()[:-1] + b', "extra": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    ],
)
def test_refuses_deep_nesting(payload: bytes) -> None:
    assert refusal(payload).startswith("not JSON: ")


def test_refuses_a_number_too_long_for_python() -> None:
    assert refusal(b'{"frame": {"EAST": ' + b"9" * 5000 + b"}}").startswith("not JSON: Exceeds the limit")
    frame = Frame.from_json(b'%b, "frame": {"EAST": %b}}' % (message()[:-1], b"9" * 4000))
    assert Frame.from_json(frame.to_json()) == frame


@pytest.mark.parametrize(
    "change",
    [
        {"frame": {"MSG1": "\ud800"}},
        {"frame": {"\udfff": "x"}},
        {"stamps": {"\udfff": "2026-11-24T22:20:19Z"}},
        {"clock": "\udc80"},
        {"mode": "\ud83d"},
        {"meter": "\ud83d"},
        {"extra": "\ud83d"},
    ],
)
def test_refuses_halves_of_surrogate_pairs(change: dict[str, Any]) -> None:
    assert refusal(message(**change)).startswith("not JSON: ")  # escaped
    unescaped = json.dumps(EXAMPLE | change, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert refusal(unescaped).startswith("not JSON: ")


def test_accepts_surrogate_pairs() -> None:
    assert Frame.from_json(rb'%b, "clock": "\ud83d\ude00"}' % message()[:-1]).clock == "😀"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_other_encodings_are_not_guessed(encoding: str) -> None:
    assert refusal(message().decode().encode(encoding)).startswith("not JSON: ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from([*EXAMPLE, "clock", "host_clock", "source", "interval"]), JSON)
def test_any_value_of_a_key_is_accepted_or_refused(key: str, anything: Any) -> None:
    holds_or_refuses(lambda: Frame.from_json(message(**{key: anything})))


@given(st.binary(max_size=200), st.integers(0, 320))
def test_any_bytes_are_accepted_or_refused(noise: bytes, place: int) -> None:
    holds_or_refuses(lambda: Frame.from_json(message()[:place] + noise + message()[place + len(noise) :]))
    holds_or_refuses(lambda: Frame.from_json(noise))
    peek_id(noise)


def holds_or_refuses(read: Callable[[], Frame]) -> None:
    try:
        frame = read()
    except MessageError:
        return
    assert Frame.from_json(frame.to_json()) == frame


@pytest.mark.parametrize(
    "payload",
    [
        message(frame={"EAST": 1.5}),
        message(mode="other"),
        json.dumps(without("frame")).encode(),
        message(frame={"A": "x" * LONGEST_MESSAGE}),
    ],
)
def test_an_invalid_frame_may_still_have_an_id(payload: bytes) -> None:
    refusal(payload)
    assert peek_id(payload) == ("031961123456", "2026-11-24T22:20:20.123456Z")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        message(meter="a/b"),
        message(meter=1),
        message(timestamp="now"),
        message(timestamp=None),
        json.dumps(without("meter")).encode(),
        message(extra="x" * 2_000_000),
    ],
)
def test_an_invalid_frame_without_an_id_has_none(payload: bytes) -> None:
    assert peek_id(payload) is None
