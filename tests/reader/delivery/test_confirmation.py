"""Confirmations of storers: any legal form of a time is understood, and anything else is one kind of error."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from common.errors import MessageError
from reader.buffer.item import to_micros
from reader.delivery.confirmation import Confirmation

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "2026-11-24T12:00:00Z"),
        (0, "2026-11-24T12:00:00.0Z"),
        (0, "2026-11-24T12:00:00.000000+00:00"),
        (0, "2026-11-24T13:00:00+01:00"),
        (0, "2026-11-24T07:30:00-04:30"),
        (0, "2026-11-25T00:00:00+12:00"),
        (120_000, "2026-11-24T12:00:00.12Z"),
        (123_456, "2026-11-24T13:00:00.123456+01:00"),
        (1, "2026-11-24T12:00:00.000001-00:00"),
    ],
)
@pytest.mark.parametrize("name", ["timestamps", "rejected", "tallies"])
def test_a_time_is_understood_in_any_legal_form(microseconds: int, text: str, name: str) -> None:
    confirmation = Confirmation.from_json(json.dumps({"storer": "main", name: [text]}).encode())
    assert getattr(confirmation, name) == [to_micros(NOON + timedelta(microseconds=microseconds))]


def test_missing_lists_are_empty_and_unknown_keys_are_ignored() -> None:
    assert Confirmation.from_json(b'{"storer": "main", "new": 5}') == Confirmation("main", [], [], [])


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"stored",
        b"[]",
        b"5",
        b"null",
        b"[" * 100_000,
        b"{}",
        {"timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": None, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": 5, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": ["main"], "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": "main", "timestamps": None},
        {"storer": "main", "timestamps": 5},
        {"storer": "main", "timestamps": "2026-11-24T12:00:00Z"},
        {"storer": "main", "timestamps": [5]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00"]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00Z", "2026-13-24T12:00:00Z"]},
        {"storer": "main", "timestamps": ["0001-01-01T00:00:00+14:00"]},
    ],
)
def test_anything_else_is_a_message_error(message: object) -> None:
    with pytest.raises(MessageError):
        Confirmation.from_json(message if isinstance(message, bytes) else json.dumps(message).encode())
