"""A block: several frames in one message, as a JSON array. It travels on the same topics as a single frame.

The elements of an array are the messages that the frames would have alone, so each of them is valid or not by itself.
"""

import re
from collections.abc import Iterable
from typing import Any

from common.contract.frame import read_json
from common.errors import MessageError

LONGEST_BLOCK = 262_144  # bytes; mosquitto.conf allows as much for a whole packet
MOST_FRAMES = 1000

_SPACE = b" \t\r\n"  # the white space of JSON
# Strings as a whole, because they may contain the others. Possessive: nothing is tried twice, and no stack is needed.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


def write_block(messages: Iterable[bytes]) -> bytes:
    """Join the messages of frames; a reader keeps to LONGEST_BLOCK and MOST_FRAMES.

    >>> write_block([b'{"meter": "1"}', b'{"meter": "2"}'])
    b'[{"meter": "1"},{"meter": "2"}]'
    """
    return b"[" + b",".join(messages) + b"]"


def is_block(payload: bytes) -> bool:
    """Return whether a message is an array, valid or not."""
    return payload.lstrip(_SPACE).startswith(b"[")


def read_block(payload: bytes) -> list[Any]:
    """Read all elements at once.

    Raises:
        MessageError: at least one element is not JSON, or the array is not one that `split_block` accepts.
    """
    _check_size(payload)
    elements = read_json(payload)
    if not isinstance(elements, list) or not 0 < len(elements) <= MOST_FRAMES:
        raise MessageError("not a block")
    return elements


def split_block(payload: bytes) -> list[bytes]:
    """Return the text of each element. An element may be anything: only its strings and brackets are looked at.

    Raises:
        MessageError: the array is too large, has no elements or too many, or does not end where the message ends.

    >>> split_block(b'[{"a": "]"}, {"b": 1 2}, nul]')
    [b'{"a": "]"}', b'{"b": 1 2}', b'nul']
    """
    _check_size(payload)
    begin = payload.index(b"[") + 1
    elements: list[bytes] = []
    depth = 0
    for token in _TOKEN.finditer(payload, begin):
        mark = token[0]
        if depth == 0 and mark in b",]":
            elements.append(payload[begin : token.start()].strip(_SPACE))
            begin = token.end()
            if mark == b"]":
                break
            if len(elements) >= MOST_FRAMES:
                raise MessageError(f"not a block: more than {MOST_FRAMES} frames")
        elif mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
    else:
        raise MessageError("not JSON: the array has no end")
    if payload[begin:].strip(_SPACE):
        raise MessageError("not JSON: there is more after the end of the array")
    if elements == [b""]:
        raise MessageError("not a block: the array is empty")
    return elements


def _check_size(payload: bytes) -> None:
    if len(payload) > LONGEST_BLOCK:
        raise MessageError(f"too large: {len(payload)} bytes, a block has at most {LONGEST_BLOCK}")
