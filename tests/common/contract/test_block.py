import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.block import LONGEST_BLOCK, MOST_FRAMES, is_block, read_block, split_block, write_block
from common.errors import MessageError
from tests.common.contract.test_frame import JSON
from tests.support.frames import frames


def refusal(payload: bytes) -> str:
    with pytest.raises(MessageError) as caught:
        split_block(payload)
    with pytest.raises(MessageError):
        read_block(payload)
    return str(caught.value)


@given(st.lists(frames(), min_size=1, max_size=4))
def test_a_block_gives_its_messages_back(some: list[Any]) -> None:
    messages = [frame.to_json() for frame in some]
    block = write_block(messages)
    assert is_block(block)
    assert split_block(block) == messages
    assert read_block(block) == [json.loads(message) for message in messages]


@given(st.lists(JSON, min_size=1), st.sampled_from([None, 0, 3]), st.booleans())
def test_any_array_is_split_as_json_has_it(elements: list[Any], indent: int | None, escaped: bool) -> None:
    payload = b" \r\n" + json.dumps(elements, indent=indent, ensure_ascii=escaped).encode("utf-8", "replace") + b"\t"
    assert is_block(payload)
    texts = [json.dumps(json.loads(element)) for element in split_block(payload)]
    assert texts == [json.dumps(element) for element in json.loads(payload)]


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"a": [1]}', b'"["', b" ", b"1", b"\xff[", b"\x0b[]"])
def test_anything_else_is_no_block(payload: bytes) -> None:
    assert not is_block(payload)


@pytest.mark.parametrize(
    ("element", "neighbours"),
    [
        (b'{"a": 1 2}', [b"1", b"{}"]),
        (b'{"a": "\xff"}', [b"1", b"{}"]),
        (b'{"a": ]', [b"1", b"{}"]),  # each bracket counts, whatever its shape
        (b'"\\", ["', [b"1", b"{}"]),
        (b"9" * 5000, [b"1", b"{}"]),
        (b"[" * 30_000 + b"]" * 30_000, [b"1", b"{}"]),
        (b"", [b"1", b"{}"]),
    ],
)
def test_a_damaged_element_leaves_its_neighbours(element: bytes, neighbours: list[bytes]) -> None:
    assert split_block(b"[1, " + element + b" ,{}]") == [neighbours[0], element, neighbours[1]]


@pytest.mark.parametrize("payload", [b"[", b"[1", b"[1,", b'["]', b'["\\"]', b"[[1]", b"[{]", b"[" * 60_000])
def test_an_array_without_an_end_is_refused(payload: bytes) -> None:
    assert refusal(payload).startswith("not JSON: ")
    assert "no end" in refusal(payload)


@pytest.mark.parametrize("payload", [b"[1] 2", b"[1]]", b"[1],", b"[1]\x00", b"[]["])
def test_more_after_the_array_is_refused(payload: bytes) -> None:
    assert refusal(payload).startswith("not JSON: ")
    assert "after the end" in refusal(payload)


@pytest.mark.parametrize("payload", [b"[]", b" [ \n] "])
def test_an_empty_array_is_refused(payload: bytes) -> None:
    assert refusal(payload).startswith("not a block: ")
    assert "empty" in refusal(payload)


def test_the_number_of_frames_is_bounded() -> None:
    assert len(split_block(write_block([b"1"] * MOST_FRAMES))) == MOST_FRAMES
    assert len(read_block(write_block([b"1"] * MOST_FRAMES))) == MOST_FRAMES
    assert refusal(write_block([b"1"] * (MOST_FRAMES + 1))) == f"not a block: more than {MOST_FRAMES} frames"


def test_the_length_is_bounded() -> None:
    fitting = b'["' + b"x" * (LONGEST_BLOCK - 4) + b'"]'
    assert len(split_block(fitting)) == len(read_block(fitting)) == 1
    assert refusal(fitting + b" ") == f"too large: {LONGEST_BLOCK + 1} bytes, a block has at most {LONGEST_BLOCK}"


@given(st.binary(max_size=60), st.integers(0, 60))
def test_any_bytes_are_split_or_refused(noise: bytes, place: int) -> None:
    block = b'[{"a": "b,]"}, {"c": [1, {"d": 2}]}, "\\"[", 5]'
    payload = b"[" + block[1:place] + noise + block[place + len(noise) :]
    try:
        elements = split_block(payload)
    except MessageError:
        return
    assert 0 < len(elements) <= MOST_FRAMES
    assert all(element in payload for element in elements)
