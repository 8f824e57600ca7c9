"""Writes JSON objects most members of which repeat those of the object before. Pure."""

import json
from collections.abc import Callable, Mapping
from itertools import compress, count
from operator import add, is_not
from typing import Generic, TypeVar

V = TypeVar("V")

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_value(value: object) -> str:
    """Write a value in JSON, as `json.dumps(value, ensure_ascii=False)` does."""
    return repr(value) if type(value) is int else _encode(value)  # `_encode` is slow with anything but text


class ObjectWriter(Generic[V]):
    """Writes an object member by member, and only those again that differ from the object before.

    The text is that of `json.dumps(object, ensure_ascii=False)`. Values that are equal must be written alike: no object
    may have 1 where another one has true or 1.0. Several threads may use it.
    """

    def __init__(self, write: Callable[[V], str] = write_value) -> None:
        """`write` returns a value in JSON."""
        self._write = write
        # Keys; keys in JSON, up to the value; values; members in JSON.
        self._before: tuple[list[str], list[str], list[V], list[str]] = [], [], [], []

    def write(self, members: Mapping[str, V]) -> str:
        """Return the object in JSON."""
        keys, values = list(members), list(members.values())
        keys_before, prefixes, values_before, texts = self._before
        if keys == keys_before:
            texts = texts.copy()
            for number in compress(count(), map(is_not, values, values_before)):
                texts[number] = prefixes[number] + self._write(values[number])
        else:
            prefixes = [f"{_encode(key)}: " for key in keys]
            texts = list(map(add, prefixes, map(self._write, values)))
        self._before = keys, prefixes, values, texts
        return "{" + ", ".join(texts) + "}"
