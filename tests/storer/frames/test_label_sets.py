"""Differences between label sets: exact, to the byte."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from storer.frames.label_sets import LabelSetWriter, _kind, difference, merge
from storer.frames.rows import LabelSet, content_text, encode_row
from tests.support.frames import DAY, simulated, standard


def label_set(frame: Frame) -> LabelSet:
    return encode_row(frame).label_set


def content(frame: Frame) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(label_set(frame).content)
    return parsed


class FakeConnection:
    """Takes down the label sets that were added."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, bytes | None]] = []  # content, and the digest of the base

    def execute(self, sql: str, values: tuple[Any, ...]) -> int:
        base = values[10] if "base.id" in sql else None
        self.rows.append((values[9], base))
        return 1


def add(writer: LabelSetWriter, connection: FakeConnection, frame: Frame) -> int:
    return writer.add(connection, label_set(frame))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["standard-three-phase-producer", "historic-three-phase-tempo"])
def test_the_whole_content_comes_back_to_the_byte(kind: str) -> None:
    bases: dict[object, dict[str, Any]] = {}
    differences = 0
    for frame in simulated(kind, 400, every=timedelta(minutes=5)):
        text = label_set(frame).content
        parsed = json.loads(text)
        base = bases.setdefault(_kind(parsed), parsed)
        if base is not parsed:
            changes = json.loads(content_text(difference(parsed, base)))
            assert content_text(merge(base, changes)) == text
            differences += bool(changes)
    assert differences > 5


def with_maximum(value: int, *, meter: str = "031961123456", **more: Any) -> Frame:
    values = {"ADSC": meter, "EAST": 5, "SMAXSN": value, "UMOY1": 230, "MSG1": " " * 100, **more}
    stamps = {"SMAXSN": DAY + timedelta(seconds=value), "UMOY1": DAY}
    return dataclasses.replace(standard(**values), stamps=stamps)


def test_a_difference_has_only_what_differs() -> None:
    assert difference(content(with_maximum(2)), content(with_maximum(1))) == {
        "frame": {"SMAXSN": 2},
        "stamps": {"SMAXSN": "2026-11-24T00:00:02Z"},
    }


@pytest.mark.parametrize(
    "other",
    [
        with_maximum(2, meter="031961000000"),
        with_maximum(2, NTARF=1),  # another label
        dataclasses.replace(with_maximum(2), stamps={"SMAXSN": DAY}),  # a stamp less
        dataclasses.replace(with_maximum(2), stamps=None),
        dataclasses.replace(with_maximum(2), stamps={}),
        dataclasses.replace(with_maximum(2), host_clock="unsynchronised"),
        dataclasses.replace(with_maximum(2), source="zigbee2mqtt"),
        dataclasses.replace(with_maximum(2), interval=60),
        dataclasses.replace(
            with_maximum(2), values=dict(reversed(list(with_maximum(2).values.items())))
        ),  # another order
        with_maximum(2, MSG1="x" * 300),  # too much of it differs
    ],
)
def test_what_is_not_alike_is_stored_whole(other: Frame) -> None:
    writer, connection = LabelSetWriter(), FakeConnection()
    add(writer, connection, with_maximum(1))
    add(writer, connection, other)
    assert connection.rows[1] == (label_set(other).content, None)


def test_no_stamps_and_no_stamp_are_not_the_same() -> None:
    writer, connection = LabelSetWriter(), FakeConnection()
    frames = [dataclasses.replace(with_maximum(value), stamps=stamps) for value, stamps in ((1, None), (2, {}))]
    for frame in frames:
        add(writer, connection, frame)
    assert connection.rows == [(label_set(frame).content, None) for frame in frames]


def test_the_number_of_bases_in_memory_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storer.frames.label_sets._MOST_BASES", 2)
    writer, connection = LabelSetWriter(), FakeConnection()
    for value in range(1, 40):
        for meter in ("a", "b", "c"):
            add(writer, connection, with_maximum(value, meter=meter))
    whole = sum(base is None for _, base in connection.rows)
    assert 39 <= whole < 39 * 3  # with room for one more it would be 3
