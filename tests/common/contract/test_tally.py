import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import LONGEST_MESSAGE
from common.contract.tally import Tally
from common.errors import MessageError
from common.settings.config import client_name

HOUR = datetime(2026, 11, 24, 22, tzinfo=UTC)
TALLY = Tally("031961123456", HOUR, "pi-cellar", 3312)
MESSAGE = {"meter": "031961123456", "hour": "2026-11-24T22:00:00Z", "reader": "pi-cellar", "frames": 3312}

names = st.text("abcXYZ019_.-", min_size=1, max_size=32)
tallies = st.builds(
    Tally,
    meter=names,
    hour=st.integers(0, 24 * 365 * 100).map(lambda hours: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    reader=names,
    frames=st.integers(0, 2**40),
)


def message(**changes: Any) -> bytes:
    """Return the message with changes; None removes a key."""
    return json.dumps({key: value for key, value in (MESSAGE | changes).items() if value is not None}).encode()


def test_a_tally_is_written_as_in_the_design() -> None:
    assert json.loads(TALLY.to_json()) == MESSAGE
    assert list(json.loads(TALLY.to_json())) == list(MESSAGE)


@given(tallies)
def test_a_tally_is_the_same_after_writing_and_reading(tally: Tally) -> None:
    assert Tally.from_json(tally.to_json()) == tally


def test_unknown_keys_are_ignored() -> None:
    assert Tally.from_json(message(colour="blue", extra=[1])) == TALLY


@pytest.mark.parametrize(
    "hour", ["2026-11-24T23:00:00+01:00", "2026-11-24T22:00:00.000000Z", "2026-11-25T03:30:00+05:30"]
)
def test_the_hour_is_converted_to_utc(hour: str) -> None:
    tally = Tally.from_json(message(hour=hour))
    assert tally == TALLY
    assert tally.hour.utcoffset() == timedelta(0)


def test_zero_frames_are_valid() -> None:
    assert Tally.from_json(message(frames=0)).frames == 0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"3312", "a JSON object is expected"),
        (b"null", "a JSON object is expected"),
        (b"[]", "a JSON object is expected"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (json.dumps(MESSAGE).encode("utf-16"), "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b'{"frames": ' + b"9" * 5000 + b"}", "not JSON"),
        (message(padding="x" * LONGEST_MESSAGE), "too large"),
        *((message(**{key: None}), f"'{key}' is missing") for key in MESSAGE),
        (message().replace(b"3312", b"null"), "'frames' is missing"),
        (message(frames=True), "'frames' is bool, not int"),
        (message(frames=3312.0), "'frames' is float, not int"),
        (message(frames="3312"), "'frames' is str, not int"),
        (message().replace(b"3312", b"NaN"), "'frames' is float, not int"),
        (message(frames=-1), "'frames' is negative"),
        (message(meter=31961123456), "'meter' is int, not str"),
        (message(meter=""), "'meter' is not an address"),
        (message(meter="0319/1"), "'meter' is not an address"),
        (message(meter="0" * 33), "'meter' is not an address"),
        (message(meter="031961123456\n"), "'meter' is not an address"),
        (message(reader=1), "'reader' is int, not str"),
        (message(reader="\ud800"), "not JSON"),
        (message(reader="é"), "'reader' is not a name"),
        (message(hour=1795557600), "'hour' is int, not str"),
        (message(hour="2026-11-24T22"), "not an instant"),
        (message(hour="2026-11-24T22:00:00"), "not an instant"),
        (message(hour="2026-11-31T22:00:00Z"), "not an instant"),
        (message(hour="0001-01-01T00:00:00+01:00"), "not an instant"),
        (message(hour="2026-11-24T22:30:00Z"), "2026-11-24T22:30:00Z is not a whole hour"),
        (message(hour="2026-11-24T22:00:01Z"), "is not a whole hour"),
        (message(hour="2026-11-24T22:00:00.000001Z"), "is not a whole hour"),
        (message(hour="2026-11-24T22:00:00+05:30"), "is not a whole hour"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_invalid_tally_is_refused_with_the_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(MessageError) as caught:
        Tally.from_json(payload)
    assert reason in str(caught.value)
    str(caught.value).encode()  # for the database and for the log


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_noise_raises_nothing_but_message_errors(payload: bytes) -> None:
    with pytest.raises(MessageError):
        Tally.from_json(payload)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(MESSAGE)), anything)
def test_any_value_of_a_key_is_accepted_or_refused(key: str, value: Any) -> None:
    try:
        tally = Tally.from_json(json.dumps(MESSAGE | {key: value}).encode())
    except MessageError:
        return
    assert Tally.from_json(tally.to_json()) == tally


@given(st.one_of(names, st.text(max_size=70), st.from_regex(r"[0-9A-Za-z_.-]{60,70}", fullmatch=True)))
def test_every_reader_name_that_the_configuration_allows_is_valid(name: str) -> None:
    try:
        client_name(name)
    except ValueError:
        with pytest.raises(MessageError, match="'reader'"):
            Tally.from_json(message(reader=name))
    else:
        assert Tally.from_json(message(reader=name)).reader == name
