"""A fast reader of many messages: what it returns is what a plain one returns, which remembers nothing."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.block import read_block, write_block
from common.errors import MessageError
from common.frame import Frame, check_size, read_json
from reader.simulator.meter import KINDS
from storer.batch import frame_reader
from storer.batch.frame_reader import FrameReader, Published
from tests.common.test_frame import JSON
from tests.support.frames import ADDRESS, TEXT, VALUE, frames, historic, simulated, standard


def plain(payload: bytes) -> Published | str:
    try:
        check_size(payload)
        content = read_json(payload)
        return Published(Frame.from_message(content), content["timestamp"])
    except MessageError as error:
        return str(error)


def fast(reader: FrameReader, payload: bytes) -> Published | str:
    try:
        return reader.read(payload)
    except MessageError as error:
        return str(error)


def parts(published: Published | str) -> object:
    """All of it, with the order of labels, and whether a value is an integer or a text."""
    if isinstance(published, str):
        return published
    frame, timestamp = published
    return frame, timestamp, list(frame.values), list(map(type, frame.values.values())), list(frame.stamps or ())


def assert_read_alike(payloads: Iterable[bytes], reader: FrameReader | None = None) -> None:
    reader = reader or FrameReader()
    for payload in payloads:
        assert parts(fast(reader, payload)) == parts(plain(payload)), payload
        elements = [payload] * 2
        block = reader.read_block(write_block(elements))
        if block is not None:
            assert list(map(parts, block)) == [
                parts(Published(Frame.from_message(content), content["timestamp"]))
                for content in read_block(write_block(elements))
            ]


def edited(payload: bytes, chance: Random) -> bytes:
    """A message that differs in some characters: they are taken out, doubled, or others put in."""
    text = payload.decode()
    pieces = ['"', "\\", ",", ", ", "{", "}", ":", "0", "00", "-", "1.5", "e5"]
    pieces += ["é", "\u00b2", "\u0663", " ", "\t", "\x7f", "\x85"]
    pieces += ["null", "true", '"a"', "},{", "},{" + text[1:20], '", "X": "', text[20:60], "\\u00e9", "\\ud800", "\n"]
    for _ in range(chance.choice([1, 1, 2])):
        begin = chance.randrange(len(text))
        end = begin + chance.choice([0, 0, 1, 2, 9])
        text = text[:begin] + chance.choice(["", *pieces]) + text[end:]
    return text.encode("utf-8", "replace")


@pytest.mark.parametrize("kind", KINDS)
def test_an_hour_of_a_simulated_meter(kind: str) -> None:
    assert_read_alike(frame.to_json() for frame in simulated(kind, 60, every=timedelta(minutes=1)))


@pytest.mark.parametrize("kind", KINDS)
def test_messages_that_are_damaged_anywhere(kind: str) -> None:
    chance = Random(kind)

    def damaged() -> Iterator[bytes]:
        for frame in simulated(kind, 30, every=timedelta(seconds=1)):
            payload = frame.to_json()
            yield payload
            for _ in range(15):
                yield edited(payload, chance)

    assert_read_alike(damaged())


@given(st.lists(frames(), min_size=1, max_size=3), st.data())
def test_any_frames_in_any_order(some: list[Frame], data: st.DataObject) -> None:
    one_meter = [dataclasses.replace(frame, meter=ADDRESS) for frame in some]
    assert_read_alike(frame.to_json() for frame in data.draw(st.lists(st.sampled_from(some + one_meter), max_size=10)))


@given(st.lists(st.tuples(VALUE | TEXT, VALUE | TEXT, VALUE | TEXT), min_size=2, max_size=6))
def test_values_of_any_kind_take_turns(rows: list[tuple[int | str, int | str, int | str]]) -> None:
    assert_read_alike(standard(A=one, B=two, C=three).to_json() for one, two, three in rows)


KEYS = st.sampled_from(["meter", "timestamp", "mode", "frame", "stamps", "dropped"])


@given(st.lists(JSON, min_size=1, max_size=5), KEYS)
def test_a_member_may_become_anything(others: list[object], key: str) -> None:
    message = json.loads(next(simulated("standard-single-phase-base", 1, every=timedelta(seconds=1))).to_json())
    messages = [message, *[{**message, key: other} for other in others]]
    assert_read_alike(json.dumps(one, ensure_ascii=False).encode("utf-8", "replace") for one in messages)


def test_only_what_differs_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = simulated("standard-three-phase-producer", 20, every=timedelta(seconds=1))
    reader = FrameReader()
    reader.read(first.to_json())
    monkeypatch.setattr(frame_reader, "read_json", None)
    for frame in others:
        assert reader.read(frame.to_json()).frame == frame
    (block,) = [reader.read_block(write_block(frame.to_json() for frame in others))]
    assert block is not None
    assert [published.frame for published in block] == others


def test_what_looks_like_the_next_frame_of_a_block_may_be_a_text() -> None:
    """A block is cut where one frame ends and the next begins; here that is in the midst of a frame."""
    frame = historic(BASE=1, MSG=f"}},{{{historic(BASE=1).to_json().decode()[1:-1]}")
    assert FrameReader().read_block(write_block([frame.to_json()])) is None


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_reader, "_MOST_METERS", 3)
    monkeypatch.setattr(frame_reader, "_MOST_LAYOUTS", 2)
    reader = FrameReader()
    assert_read_alike(
        (
            dataclasses.replace(standard(**{f"L{number % 5}": number}), meter=f"{number % 7}").to_json()
            for number in range(100)
        ),
        reader,
    )
    assert len(reader._latest) == 3
    assert len(reader._layouts) <= 2
